import type { BinaryOperator } from './nodes.ts';
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
  strict,
  typeName,
  Undefined,
} from './values.ts';

/** Lists and strings made by an expression may not grow beyond these. */
export const MAX_ITEMS = 1_000_000;
export const MAX_TEXT = 16 * 1024 * 1024;

export type Num = number | bigint | Float;

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
export function asNumber(value: unknown): Num | undefined {
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

export function unsupported(operator: string, left: unknown, right: unknown): ValueFault {
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
