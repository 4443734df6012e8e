import { createHash } from 'node:crypto';
import { iterate } from '../access.ts';
import { isTruthy, normal, toFloat } from '../operators.ts';
import { numberText } from '../percent-format.ts';
import { toText } from '../python-repr.ts';
import type { Filter } from '../types.ts';
import { Float, ValueFault, float, isInteger, isNumber, typeName } from '../values.ts';
import { integerArgument, named } from './arguments.ts';

type Num = number | bigint | Float;

function number(value: unknown): Num {
  if (typeof value === 'boolean') return Number(value);
  if (!isNumber(value)) throw new ValueFault(`needs a number, not ${typeName(value)}`);
  return value;
}

const round: Filter = (value, args, kwargs) => {
  const { precision = 0, method = 'common' } = named(args, kwargs, ['precision', 'method']);
  const [given, digits] = [number(value), integerArgument(precision)];
  if (method === 'common') return roundHalfEven(given, digits);
  if (method !== 'ceil' && method !== 'floor') throw new ValueFault("method must be 'common', 'ceil' or 'floor'");
  const scale = 10 ** digits;
  return float(Math[method](toFloat(given) * scale) / scale);
};

/** Python rounds the exact binary value, halves to the even neighbour; toFixed is exact, so only true halves need care. */
function roundHalfEven(value: Num, digits: number): unknown {
  if (isInteger(value)) return digits >= 0 ? value : normal(roundInteger(BigInt(value), 10n ** BigInt(-digits)));
  const given = toFloat(value);
  if (!Number.isFinite(given)) throw new ValueFault('cannot round this number');
  if (digits < 0) return float(Math.round(given / 10 ** -digits) * 10 ** -digits);
  const scaled = given * 10 ** digits;
  const isHalf = Math.abs(scaled % 1) === 0.5 && scaled / 10 ** digits === given;
  if (isHalf && digits === 0) return float(2 * Math.round(scaled / 2));
  return float(Number(given.toFixed(Math.min(100, digits))));
}

function roundInteger(value: bigint, unit: bigint): bigint {
  const rest = ((value % unit) + unit) % unit;
  const low = value - rest;
  if (rest * 2n === unit) return (low / unit) % 2n === 0n ? low : low + unit;
  return rest * 2n < unit ? low : low + unit;
}

const absolute: Filter = (value) => {
  const given = number(value);
  if (given instanceof Float) return new Float(Math.abs(given.value));
  return given < 0 ? -given : given;
};

const log: Filter = (value, [base]) => {
  const given = toFloat(number(value));
  if (base === undefined) return float(Math.log(given));
  return float(
    base === 10 ? Math.log10(given) : base === 2 ? Math.log2(given) : Math.log(given) / Math.log(toFloat(number(base))),
  );
};

const root: Filter = (value, [base = 2]) =>
  float(base === 2 ? Math.sqrt(toFloat(number(value))) : toFloat(number(value)) ** (1 / toFloat(number(base))));

/** A choice that depends on the seed alone, so that a second run agrees with the first. */
const random: Filter = (value, args, kwargs) => {
  const { start = 0, step = 1, seed } = named(args, kwargs, ['start', 'step', 'seed']);
  if (seed === undefined || seed === null)
    throw new ValueFault(
      'needs a seed, e.g. random(seed=inventory_hostname): without one every run would change the host',
    );
  const draw = createHash('sha256').update(toText(seed)).digest().readUIntBE(0, 6);
  if (!isNumber(value)) return iterate(value)[draw % Math.max(1, iterate(value).length)];
  const [low, every] = [integerArgument(start), integerArgument(step)];
  const choices = Math.ceil((integerArgument(value) - low) / every);
  if (choices < 1) throw new ValueFault('there is nothing to choose from');
  return low + every * (draw % choices);
};

const DECIMAL = ['kB', 'MB', 'GB', 'TB', 'PB', 'EB', 'ZB', 'YB'];
const BINARY = ['KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB', 'ZiB', 'YiB'];

const filesizeformat: Filter = (value, args, kwargs) => {
  const { binary = false } = named(args, kwargs, ['binary']);
  const bytes = typeof value === 'string' ? Number(value) : toFloat(number(value));
  const [base, units] = isTruthy(binary) ? [1024, BINARY] : [1000, DECIMAL];
  if (bytes === 1) return '1 Byte';
  if (bytes < base) return `${Math.trunc(bytes)} Bytes`;
  const step = Math.min(units.length, Math.floor(Math.log(bytes) / Math.log(base)));
  return `${numberText('f', bytes / base ** step, 1, false)} ${units[step - 1] ?? ''}`;
};

const SIZES: readonly (readonly [string, number])[] = [...'YZEPTGMK'].map((letter, index) => [
  letter,
  1024 ** (8 - index),
]);

const humanReadable: Filter = (value, args, kwargs) => {
  const { isbits = false, unit = null } = named(args, kwargs, ['isbits', 'unit']);
  const size = typeof value === 'string' ? Number(value) : toFloat(number(value));
  const base = isTruthy(isbits) ? 'b' : 'B';
  const asked = unit === null ? undefined : toText(unit).toUpperCase()[0];
  const [letter, factor] = SIZES.find(([name, limit]) => (asked === undefined ? size >= limit : name === asked)) ?? [
    '',
    1,
  ];
  const suffix = letter === '' ? (isTruthy(isbits) ? 'bits' : 'Bytes') : letter + base;
  return `${numberText('f', size / factor, 2, false)} ${suffix}`;
};

const humanToBytes: Filter = (value, args, kwargs) => {
  const { default_unit, isbits = false } = named(args, kwargs, ['default_unit', 'isbits']);
  const match = /^\s*(\d*\.?\d*)\s*([A-Za-z]+)?/.exec(toText(value));
  const amount = Number(match?.[1] || Number.NaN);
  const unit = match?.[2] ?? (default_unit === undefined || default_unit === null ? 'B' : toText(default_unit));
  if (Number.isNaN(amount)) throw new ValueFault(`'${toText(value)}' is not a size such as 10M`);
  return Math.round(amount * unitFactor(unit, isTruthy(isbits)));
};

function unitFactor(unit: string, isBits: boolean): number {
  const letter = unit[0]?.toUpperCase() ?? '';
  const rest = unit.slice(1);
  const word = isBits ? /^(b|bits?)?$/ : /^(B|bytes?)?$/i;
  if (letter === 'B' && (rest === '' || /^(its?|ytes?)$/i.test(rest))) return 1;
  const factor = SIZES.find(([name]) => name === letter)?.[1];
  if (factor === undefined || !word.test(rest)) throw new ValueFault(`'${unit}' is not a unit of size`);
  return factor;
}

export const numberFilters: Readonly<Record<string, Filter>> = {
  round,
  abs: absolute,
  log,
  pow: (value, [exponent]) => float(toFloat(number(value)) ** toFloat(number(exponent))),
  root,
  random,
  filesizeformat,
  human_readable: humanReadable,
  human_to_bytes: humanToBytes,
};
