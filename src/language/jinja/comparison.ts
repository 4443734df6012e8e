import type { CompareOperator } from './nodes.ts';
import { asNumber, toFloat, unsupported, type Num } from './operators.ts';
import { Float, Tuple, ValueFault, isMapping, mappingEntries, strict, typeName } from './values.ts';

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
