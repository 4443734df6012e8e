import { iterate, lookUp, member } from '../access.ts';
import { isTruthy } from '../operators.ts';
import { toText } from '../python-repr.ts';
import type { Filter } from '../types.ts';
import {
  EngineObject,
  Float,
  Undefined,
  ValueFault,
  float,
  isMapping,
  isNumber,
  mappingEntries,
  strict,
  toInteger,
  typeName,
  Tuple,
} from '../values.ts';
import { named, textArgument } from './arguments.ts';

const YES: ReadonlySet<unknown> = new Set(['yes', 'on', '1', 'true', 1]);

const fallback: Filter = (value, args, kwargs) => {
  const { default_value = '', boolean = false } = named(args, kwargs, ['default_value', 'boolean']);
  if (value instanceof Undefined) return default_value;
  return isTruthy(boolean) && !isTruthy(value) ? default_value : value;
};

const ternary: Filter = (value, args, kwargs) => {
  const { true_val, false_val, none_val = null } = named(args, kwargs, ['true_val', 'false_val', 'none_val']);
  const condition = strict(value);
  if (condition === null && none_val !== null) return none_val;
  return isTruthy(condition) ? true_val : false_val;
};

const mandatory: Filter = (value, args, kwargs) => {
  const { msg } = named(args, kwargs, ['msg']);
  if (value instanceof Undefined && msg !== undefined && msg !== null) throw new ValueFault(toText(msg));
  return strict(value);
};

const bool: Filter = (value) => {
  if (value === null || typeof value === 'boolean') return value;
  return YES.has(typeof value === 'string' ? value.toLowerCase() : value instanceof Float ? value.value : value);
};

const integer: Filter = (value, args, kwargs) => {
  const { default: otherwise = 0, base = 10 } = named(args, kwargs, ['default', 'base']);
  if (typeof value === 'string' && base !== 10) return basedInteger(value, Number(base)) ?? otherwise;
  return toInteger(value) ?? (typeof value === 'string' ? floatThenInteger(value) : undefined) ?? otherwise;
};

function floatThenInteger(text: string): number | bigint | undefined {
  const number = parseFloatText(text);
  return number === undefined ? undefined : toInteger(number);
}

function basedInteger(text: string, base: number): number | undefined {
  const digits = text
    .trim()
    .toLowerCase()
    .replace({ 16: /^0x/, 8: /^0o/, 2: /^0b/ }[base] ?? /^$/, '');
  const number = Number.parseInt(digits, base || 10);
  const allowed = [...digits.replace(/^[+-]/, '')].every((digit) => Number.parseInt(digit, 36) < base);
  return digits !== '' && allowed && !Number.isNaN(number) ? number : undefined;
}

export function parseFloatText(text: string): number | undefined {
  const trimmed = text.trim().replaceAll('_', '');
  if (/^[+-]?(inf|infinity)$/i.test(trimmed))
    return trimmed.startsWith('-') ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  if (/^[+-]?nan$/i.test(trimmed)) return Number.NaN;
  return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(trimmed) ? Number(trimmed) : undefined;
}

const toFloatFilter: Filter = (value, args, kwargs) => {
  const { default: otherwise = new Float(0) } = named(args, kwargs, ['default']);
  if (isNumber(value)) return value instanceof Float ? value : float(Number(value));
  if (typeof value === 'boolean') return new Float(Number(value));
  const number = typeof value === 'string' ? parseFloatText(value) : undefined;
  return number === undefined ? otherwise : float(number);
};

export function lengthOf(value: unknown): number {
  if (typeof value === 'string') return [...value].length;
  if (Array.isArray(value)) return value.length;
  if (isMapping(value)) return mappingEntries(value).length;
  throw new ValueFault(`${typeName(value)} has no length`);
}

/** `'a' | extract(dict)`, `1 | extract(list, 'key')` */
const extract: Filter = (value, [container, more]) => {
  const path = [value, ...(more === undefined || more === null ? [] : Array.isArray(more) ? more : [more])];
  return path.reduce((object, key) => member(object, key, { path: 'extract', place: undefined }), container);
};

const attribute: Filter = (value, [name]) =>
  lookUp(value, textArgument(name)) ?? new Undefined(toText(name), `'${toText(name)}' is undefined`);

const entries: Filter = (value) => {
  if (value instanceof EngineObject || !isMapping(value)) throw new ValueFault(`needs a dict, not ${typeName(value)}`);
  return mappingEntries(value).map((pair) => Tuple.from2(pair));
};

const typeDebug: Filter = (value) => typeName(value);

export const generalFilters: Readonly<Record<string, Filter>> = {
  default: fallback,
  d: fallback,
  ternary,
  mandatory,
  bool,
  int: integer,
  float: toFloatFilter,
  string: (value) => toText(value),
  list: (value) => [...iterate(value)],
  length: lengthOf,
  count: lengthOf,
  safe: (value) => value,
  type_debug: typeDebug,
  extract,
  attr: attribute,
  items: entries,
};
