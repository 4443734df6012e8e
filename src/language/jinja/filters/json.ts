import { floatText } from '../python-repr.ts';
import { isTruthy } from '../operators.ts';
import { toText } from '../python-repr.ts';
import type { Filter } from '../types.ts';
import {
  Float,
  ValueFault,
  isMapping,
  keyText,
  mappingEntries,
  newDict,
  strict,
  toInteger,
  typeName,
} from '../values.ts';
import { named, textArgument } from './arguments.ts';

interface Layout {
  readonly indent: string | undefined;
  readonly item: string;
  readonly key: string;
  readonly sorted: boolean;
  readonly ascii: boolean;
}

const MAX_DEPTH = 500;

/** Python's json.dumps. */
function encode(value: unknown, layout: Layout, depth: number): string {
  if (depth > MAX_DEPTH) throw new ValueFault('the value is nested too deeply for JSON');
  if (typeof value === 'string') return quoted(value, layout.ascii);
  if (value === null || value === undefined) return 'null';
  if (typeof value === 'boolean' || typeof value === 'bigint') return String(value);
  if (typeof value === 'number') return numeral(value);
  if (value instanceof Float) return floatText(value.value);
  if (Array.isArray(value))
    return wrapped(
      '[]',
      Array.from(value, (item) => encode(strict(item), layout, depth + 1)),
      { layout, depth },
    );
  if (!isMapping(value)) throw new ValueFault(`${typeName(strict(value))} cannot be written as JSON`);
  const entries = mappingEntries(value).map(([key, item]) => [jsonKey(key), item] as const);
  if (layout.sorted) entries.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  const members = entries.map(
    ([key, item]) => quoted(key, layout.ascii) + layout.key + encode(strict(item), layout, depth + 1),
  );
  return wrapped('{}', members, { layout, depth });
}

function jsonKey(key: unknown): string {
  return typeof key === 'boolean' ? String(key) : keyText(key);
}

function numeral(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? 'Infinity' : '-Infinity';
  return Number.isInteger(value) ? String(value) : floatText(value);
}

function quoted(text: string, ascii: boolean): string {
  const json = JSON.stringify(text);
  return ascii ? json.replace(/[^\0-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`) : json;
}

function wrapped(
  brackets: '[]' | '{}',
  members: readonly string[],
  { layout, depth }: { readonly layout: Layout; readonly depth: number },
): string {
  const [open, close] = brackets;
  if (members.length === 0) return brackets;
  if (layout.indent === undefined) return `${open}${members.join(layout.item)}${close}`;
  const [inner, outer] = [layout.indent.repeat(depth + 1), layout.indent.repeat(depth)];
  return `${open}\n${inner}${members.join(`${layout.item.trimEnd()}\n${inner}`)}\n${outer}${close}`;
}

const NAMES = ['indent', 'sort_keys', 'ensure_ascii', 'separators', 'vault_to_text', 'preprocess_unsafe'];

function dump(
  value: unknown,
  kwargs: Readonly<Record<string, unknown>>,
  defaults: { readonly indent?: number; readonly sorted?: boolean },
): string {
  const {
    indent = defaults.indent ?? null,
    sort_keys = defaults.sorted ?? false,
    ensure_ascii = true,
    separators,
  } = named([], kwargs, NAMES);
  const [item, key] = Array.isArray(separators) ? separators.map(toText) : [', ', ': '];
  const width =
    indent === null
      ? undefined
      : typeof indent === 'string'
        ? indent
        : ' '.repeat(Math.min(32, Math.max(0, Number(toInteger(indent) ?? 0))));
  return encode(
    value,
    { indent: width, item: item ?? ', ', key: key ?? ': ', sorted: isTruthy(sort_keys), ascii: isTruthy(ensure_ascii) },
    0,
  );
}

/** The text of the filter to_json. */
export function jsonText(value: unknown): string {
  return dump(value, {}, {});
}

const UNSAFE: Readonly<Record<string, string>> = { '<': '\\u003c', '>': '\\u003e', '&': '\\u0026', "'": '\\u0027' };

const tojson: Filter = (value, args, kwargs) => {
  const { indent } = named(args, kwargs, ['indent']);
  return dump(value, indent === undefined ? {} : { indent }, { sorted: true }).replace(
    /[<>&']/g,
    (character) => UNSAFE[character] ?? character,
  );
};

/** Integers beyond 2⁵³ are kept exactly, and `__proto__` is a key like any other. */
function fromJson(value: unknown): unknown {
  const text = textArgument(value);
  try {
    return JSON.parse(text, revive as (key: string, value: unknown) => unknown) as unknown;
  } catch (cause) {
    throw new ValueFault(`the text is not JSON: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}

function revive(_key: string, value: unknown, context?: { readonly source?: string }): unknown {
  if (typeof value === 'number' && context?.source !== undefined) return exactNumber(value, context.source);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.assign(newDict(), value);
}

function exactNumber(value: number, source: string): unknown {
  const isInteger = /^-?\d+$/.test(source);
  if (isInteger) return Number.isSafeInteger(value) ? value : BigInt(source);
  return Number.isInteger(value) ? new Float(value) : value;
}

export const jsonFilters: Readonly<Record<string, Filter>> = {
  to_json: (value, _args, kwargs) => dump(value, kwargs, {}),
  to_nice_json: (value, args, kwargs) =>
    dump(value, args.length > 0 ? { ...kwargs, indent: args[0] } : kwargs, { indent: 4, sorted: true }),
  tojson,
  from_json: fromJson,
};
