import type { BinaryOperator, CompareOperator } from './nodes.ts';
import { percentFormat } from './percent-format.ts';
import { toText } from './python-repr.ts';
import {
  Float,
  Tuple,
  ValueFault,
  float,
  isFloat,
  isMapping,
  isNumber,
  mappingEntries,
  strict,
  typeName,
  Undefined,
} from './values.ts';

/** Lists and strings made by an expression may not grow beyond these. */
export const MAX_ITEMS = 1_000_000;
export const MAX_TEXT = 16 * 1024 * 1024;

type Num = number | bigint | Float;

export function isTruthy(value: unknown): boolean {
  switch (typeof value) {
    case 'boolean':
      return value;
    case 'object':
      return value !== null && isTruthyObject(value);
    default:
      return Boolean(value);
  }
}

function isTruthyObject(value: object): boolean {
  if (value instanceof Undefined) return strict(value) !== '';
  if (Array.isArray(value)) return value.length > 0;
  if (value instanceof Float) return value.value !== 0;
  if (value instanceof Map) return value.size > 0;
  return !isMapping(value) || Object.keys(value).length > 0;
}

/** Python's view of a bool as 0 or 1. */
function asNumber(value: unknown): Num | undefined {
  if (typeof value === 'boolean') return value ? 1 : 0;
  return isNumber(value) ? value : undefined;
}

export function toFloat(value: Num): number {
  return value instanceof Float ? value.value : Number(value);
}

export function binary(operator: BinaryOperator, left: unknown, right: unknown): unknown {
  if (operator === '~') return concatenate(left, right);
  if (operator === '%' && typeof left === 'string') return percentFormat(left, strict(right));
  const a = asNumber(strict(left));
  const b = asNumber(strict(right));
  if (a !== undefined && b !== undefined) return arithmetic(operator, a, b);
  return sequenceOperation(operator, left, right);
}

function concatenate(left: unknown, right: unknown): string {
  return capped(toText(strict(left)) + toText(strict(right)));
}

export function capped(text: string): string {
  if (text.length > MAX_TEXT) throw new ValueFault(`text would grow beyond ${MAX_TEXT} characters`);
  return text;
}

function sequenceOperation(operator: BinaryOperator, left: unknown, right: unknown): unknown {
  if (operator === '+') return add(left, right);
  if (operator === '*') {
    if (typeof right === 'number' || typeof right === 'boolean') return repeat(left, Number(right));
    if (typeof left === 'number' || typeof left === 'boolean') return repeat(right, Number(left));
  }
  throw unsupported(operator, left, right);
}

function unsupported(operator: string, left: unknown, right: unknown): ValueFault {
  return new ValueFault(`'${operator}' cannot be used between ${typeName(left)} and ${typeName(right)}`);
}

function add(left: unknown, right: unknown): unknown {
  if (typeof left === 'string' && typeof right === 'string') return capped(left + right);
  const areAlike = Array.isArray(left) && Array.isArray(right) && left instanceof Tuple === right instanceof Tuple;
  if (!areAlike) throw unsupported('+', left, right);
  if (left.length + right.length > MAX_ITEMS) throw new ValueFault(`a list would grow beyond ${MAX_ITEMS} items`);
  const joined = [...(left as readonly unknown[]), ...(right as readonly unknown[])];
  return left instanceof Tuple ? Tuple.from2(joined) : joined;
}

function repeat(value: unknown, count: number): unknown {
  const times = Math.max(0, count);
  if (!Number.isInteger(count)) throw unsupported('*', value, count);
  if (typeof value === 'string') {
    if (value.length * times > MAX_TEXT) throw new ValueFault(`text would grow beyond ${MAX_TEXT} characters`);
    return value.repeat(times);
  }
  if (!Array.isArray(value)) throw unsupported('*', value, count);
  if (value.length * times > MAX_ITEMS) throw new ValueFault(`a list would grow beyond ${MAX_ITEMS} items`);
  return Array.from({ length: times }, () => value as readonly unknown[]).flat();
}

function arithmetic(operator: BinaryOperator, a: Num, b: Num): unknown {
  if (typeof a === 'number' && typeof b === 'number' && Number.isInteger(a) && Number.isInteger(b)) {
    const result = integerOperation(operator, a, b);
    if (result !== undefined) return result;
  }
  if (isFloat(a) || isFloat(b) || operator === '/') return float(floatOperation(operator, toFloat(a), toFloat(b)));
  return bigOperation(operator, BigInt(toExact(a)), BigInt(toExact(b)));
}

function toExact(value: Num): number | bigint {
  return value instanceof Float ? value.value : value;
}

/** Undefined when the result is no integer or does not fit: then the slower paths decide. */
function integerOperation(operator: BinaryOperator, a: number, b: number): number | undefined {
  const result = smallOperation(operator, a, b);
  return result !== undefined && Number.isSafeInteger(result) ? result + 0 : undefined;
}

function smallOperation(operator: BinaryOperator, a: number, b: number): number | undefined {
  switch (operator) {
    case '+':
      return a + b;
    case '-':
      return a - b;
    case '*':
      return a * b;
    case '//':
      return b === 0 ? undefined : Math.floor(a / b);
    case '%':
      return b === 0 ? undefined : a - b * Math.floor(a / b);
    case '**':
      return b >= 0 ? a ** b : undefined;
    default:
      return undefined;
  }
}

function floatOperation(operator: BinaryOperator, a: number, b: number): number {
  if (b === 0 && (operator === '/' || operator === '//' || operator === '%')) throw new ValueFault('division by zero');
  switch (operator) {
    case '+':
      return a + b;
    case '-':
      return a - b;
    case '*':
      return a * b;
    case '/':
      return a / b;
    case '//':
      return Math.floor(a / b);
    case '%':
      return a - b * Math.floor(a / b);
    default:
      return a ** b;
  }
}

function bigOperation(operator: BinaryOperator, a: bigint, b: bigint): unknown {
  if (b === 0n && (operator === '//' || operator === '%')) throw new ValueFault('division by zero');
  switch (operator) {
    case '+':
      return normal(a + b);
    case '-':
      return normal(a - b);
    case '*':
      return normal(a * b);
    case '//':
      return normal((a - floorMod(a, b)) / b);
    case '%':
      return normal(floorMod(a, b));
    default:
      return bigPower(a, b);
  }
}

function floorMod(a: bigint, b: bigint): bigint {
  const rest = a % b;
  return rest !== 0n && rest < 0n !== b < 0n ? rest + b : rest;
}

function bigPower(a: bigint, b: bigint): unknown {
  if (b < 0n) return float(Number(a) ** Number(b));
  if (BigInt(a.toString(2).length) * b > 10_000n) throw new ValueFault('the power is too large to compute');
  return normal(a ** b);
}

export function normal(value: bigint): number | bigint {
  const small = Number(value);
  return Number.isSafeInteger(small) ? small : value;
}

export function negate(value: unknown): unknown {
  const number = asNumber(strict(value));
  if (number === undefined) throw new ValueFault(`'-' cannot be used on ${typeName(value)}`);
  if (number instanceof Float) return new Float(-number.value);
  return typeof number === 'bigint' ? normal(-number) : 0 - number;
}

/** Python's `==`: numbers by value (True equals 1), containers by content. */
export function equals(left: unknown, right: unknown, depth = 0): boolean {
  if (left === right) return true;
  if (depth > 200) throw new ValueFault('values are nested too deeply to compare');
  const a = asNumber(strict(left));
  const b = asNumber(strict(right));
  if (a !== undefined || b !== undefined) return a !== undefined && b !== undefined && numberOrder(a, b) === 0;
  if (Array.isArray(left) && Array.isArray(right)) return sameItems(left, right, depth);
  return isMapping(left) && isMapping(right) && sameEntries(left, right, depth);
}

function sameItems(left: readonly unknown[], right: readonly unknown[], depth: number): boolean {
  if (left.length !== right.length || left instanceof Tuple !== right instanceof Tuple) return false;
  return left.every((item, index) => equals(item, right[index], depth + 1));
}

function sameEntries(
  left: Parameters<typeof mappingEntries>[0],
  right: Parameters<typeof mappingEntries>[0],
  depth: number,
): boolean {
  const entries = mappingEntries(left);
  const others = new Map(mappingEntries(right));
  return (
    entries.length === others.size &&
    entries.every(([key, value]) => others.has(key) && equals(value, others.get(key), depth + 1))
  );
}

function numberOrder(a: Num, b: Num): number {
  if (typeof a === 'bigint' || typeof b === 'bigint') return bigOrder(a, b);
  const [x, y] = [toFloat(a), toFloat(b)];
  return x < y ? -1 : x > y ? 1 : x === y ? 0 : Number.NaN;
}

function bigOrder(a: Num, b: Num): number {
  const [x, y] = [a instanceof Float ? a.value : a, b instanceof Float ? b.value : b];
  return x < y ? -1 : x > y ? 1 : 0;
}

/** Python's `<`: negative, zero or positive; throws when the types have no order. */
export function order(left: unknown, right: unknown, operator = '<'): number {
  const a = asNumber(strict(left));
  const b = asNumber(strict(right));
  if (a !== undefined && b !== undefined) return numberOrder(a, b);
  if (typeof left === 'string' && typeof right === 'string') return textOrder(left, right);
  if (Array.isArray(left) && Array.isArray(right)) return listOrder(left, right, operator);
  throw unsupported(operator, left, right);
}

/** By code point as Python does, where `<` in JavaScript goes by UTF-16 unit. */
function textOrder(left: string, right: string): number {
  if (left === right) return 0;
  for (let index = 0; index < Math.min(left.length, right.length); index++) {
    if (left[index] !== right[index]) return (left.codePointAt(index) ?? 0) - (right.codePointAt(index) ?? 0);
  }
  return left.length - right.length;
}

function listOrder(left: readonly unknown[], right: readonly unknown[], operator: string): number {
  for (let index = 0; index < Math.min(left.length, right.length); index++) {
    if (!equals(left[index], right[index])) return order(left[index], right[index], operator);
  }
  return left.length - right.length;
}

export function contains(container: unknown, item: unknown): boolean {
  const place = strict(container);
  const value = strict(item);
  if (typeof place === 'string') {
    if (typeof value !== 'string')
      throw new ValueFault(`'in <string>' needs a string on its left, not ${typeName(value)}`);
    return place.includes(value);
  }
  if (Array.isArray(place)) return place.some((member) => equals(member, value));
  if (place instanceof Map) return place.has(value);
  if (isMapping(place)) return typeof value === 'string' && Object.hasOwn(place, value);
  throw new ValueFault(`'in' needs a list, dict or string on its right, not ${typeName(place)}`);
}

export function compare(operator: CompareOperator, left: unknown, right: unknown): boolean {
  switch (operator) {
    case '==':
      return equals(strict(left), strict(right));
    case '!=':
      return !equals(strict(left), strict(right));
    case '<':
      return order(left, right, '<') < 0;
    case '>':
      return order(left, right, '>') > 0;
    case '<=':
      return order(left, right, '<=') <= 0;
    case '>=':
      return order(left, right, '>=') >= 0;
    case 'in':
      return contains(right, left);
    default:
      return !contains(right, left);
  }
}
