import { sourceTextOf } from '../yaml/positions.ts';
import { toText } from './python-repr.ts';
import { nearest } from './suggest.ts';
import {
  EngineObject,
  Float,
  Tuple,
  Undefined,
  ValueFault,
  isMapping,
  newDict,
  strict,
  typeName,
  typedNumber,
  type Dict,
  type Place,
} from './values.ts';

function suggestion(object: unknown, name: string): () => string | undefined {
  return () => {
    if (!isMapping(object)) return undefined;
    const keys =
      object instanceof Map ? [...object.keys()].filter((key) => typeof key === 'string') : Object.keys(object);
    return nearest(name, keys as readonly string[]);
  };
}

function missing(object: unknown, key: unknown, at: MemberPlace): Undefined {
  const shown = typeof key === 'string' ? `'${key}'` : toText(key);
  const path = typeof key === 'string' ? `${at.path}.${key}` : `${at.path}[${toText(key)}]`;
  const what =
    Array.isArray(object) && typeof key === 'number'
      ? `has ${object.length} items, no index ${shown}`
      : `has no attribute ${shown}`;
  return new Undefined(
    path,
    `'${path}' is undefined: the ${typeName(object)} ${what}`,
    at.place,
    suggestion(object, String(key)),
  );
}

export interface MemberPlace {
  /** How the object was written: `result.stdout`. */
  readonly path: string;
  readonly place: Place | undefined;
}

/** `object.name` and `object[key]`: own members of dicts, lists and text, and of the engine's own objects; nothing else. */
export function member(object: unknown, key: unknown, at: MemberPlace): unknown {
  // Ansible lets an undefined value be asked further, so that `a.b.c | default(…)` works when `a` is missing.
  if (object instanceof Undefined) return object;
  const name = strict(key);
  const found = lookUp(object, name instanceof Float ? name.value : name);
  return found === undefined ? missing(object, name, at) : found;
}

/** Undefined (of JavaScript) when there is no such member. */
export function lookUp(object: unknown, key: unknown): unknown {
  if (object instanceof Map) return object.get(key);
  if (isMapping(object)) return ownMember(object as Dict, key);
  if (Array.isArray(object)) return element(object, key);
  if (typeof object === 'string') return typeof key === 'number' ? character(object, key) : undefined;
  return object instanceof EngineObject && typeof key === 'string' ? object.attribute(key) : undefined;
}

function ownMember(object: Dict, key: unknown): unknown {
  const isKey = typeof key === 'string' || typeof key === 'number';
  return isKey && Object.hasOwn(object, key) ? typed(object, key, object[key]) : undefined;
}

function element(list: readonly unknown[], key: unknown): unknown {
  if (typeof key === 'boolean') return list[Number(key)];
  if (typeof key !== 'number' || !Number.isInteger(key)) return undefined;
  const index = key < 0 ? key + list.length : key;
  return typed(list, index, list[index]);
}

function typed(container: object, key: string | number, value: unknown): unknown {
  return typeof value === 'number' ? typedNumber(value, sourceTextOf(container, key)) : value;
}

const ONLY_ASCII = /^[\0-\x7f]*$/;

function characters(text: string): string | readonly string[] {
  return ONLY_ASCII.test(text) ? text : [...text];
}

function character(text: string, index: number): string | undefined {
  const all = characters(text);
  return all[index < 0 ? index + all.length : index];
}

/** Python's `object[start:stop:step]`. */
export function slice(object: unknown, bounds: readonly [unknown, unknown, unknown]): unknown {
  const sequence = strict(object);
  if (typeof sequence !== 'string' && !Array.isArray(sequence))
    throw new ValueFault(`${typeName(sequence)} cannot be sliced`);
  const all = typeof sequence === 'string' ? characters(sequence) : sequence;
  const picked = sliceIndexes(all.length, bounds).map((index) => all[index]);
  if (typeof sequence === 'string') return picked.join('');
  return sequence instanceof Tuple ? Tuple.from2(picked) : picked;
}

function sliceIndexes(length: number, bounds: readonly [unknown, unknown, unknown]): readonly number[] {
  const [start, stop, step = 1] = bounds.map(bound);
  if (step === 0) throw new ValueFault('slice step cannot be zero');
  const from = start === undefined ? (step > 0 ? 0 : length - 1) : clamped(start, length, step);
  const to = stop === undefined ? (step > 0 ? length : -1) : clamped(stop, length, step);
  const indexes: number[] = [];
  for (let index = from; step > 0 ? index < to : index > to; index += step) indexes.push(index);
  return indexes;
}

function clamped(bound: number, length: number, step: number): number {
  const index = bound < 0 ? bound + length : bound;
  return step > 0 ? Math.min(Math.max(index, 0), length) : Math.min(Math.max(index, -1), length - 1);
}

function bound(value: unknown): number | undefined {
  const given = strict(value);
  if (given === undefined || given === null) return undefined;
  if (typeof given !== 'number' || !Number.isInteger(given))
    throw new ValueFault(`slice bounds must be integers, not ${typeName(given)}`);
  return given;
}

/** What a `for` loop, a filter or `in` walks over: items of a list, keys of a dict, characters of text. */
export function iterate(value: unknown): readonly unknown[] {
  const iterable = strict(value);
  if (Array.isArray(iterable)) return iterable;
  if (typeof iterable === 'string') return [...iterable];
  if (iterable instanceof Map) return [...iterable.keys()];
  if (isMapping(iterable)) return Object.keys(iterable);
  throw new ValueFault(`${typeName(iterable)} is not iterable`);
}

export function dictFrom(entries: Iterable<readonly [string, unknown]>): Dict {
  const dict = newDict();
  for (const [key, value] of entries) dict[key] = value;
  return dict;
}
