import { UndefinedError } from './types.ts';

/** A mistake inside a filter, test or operator; the compiled node around it adds line and column. */
export class ValueFault extends Error {
  override name = 'ValueFault';
}

let exotics = 0;

/** Grows whenever a value is made that only the engine understands, so that results are cleaned only when needed. */
export function exoticCount(): number {
  return exotics;
}

/** A float whose value is integral: Python prints `1.0` where JavaScript would print `1`. */
export class Float {
  readonly value: number;

  constructor(value: number) {
    exotics++;
    this.value = value;
  }
}

/** An array that prints as `(1, 2)`. */
export class Tuple extends Array<unknown> {
  static override get [Symbol.species](): ArrayConstructor {
    return Array;
  }

  static from2(items: Iterable<unknown>): Tuple {
    exotics++;
    const tuple = new Tuple();
    for (const item of items) tuple.push(item);
    return tuple;
  }
}

/** Objects of the engine itself (loop, namespace, macro): they answer for their own attributes, nothing else is reachable. */
export abstract class EngineObject {
  abstract readonly typeName: string;

  constructor() {
    exotics++;
  }

  attribute(_name: string): unknown {
    return undefined;
  }

  /** Undefined when there is no such method. */
  method(_name: string): ((args: readonly unknown[], kwargs: Kwargs) => unknown) | undefined {
    return undefined;
  }

  call(_args: readonly unknown[], _kwargs: Kwargs): unknown {
    throw new ValueFault(`'${this.typeName}' is not callable`);
  }
}

export type Kwargs = Readonly<Record<string, unknown>>;

/** Where a value was asked for, turned into line and column only when an error needs it. */
export interface Place {
  readonly source: string;
  readonly offset: number;
}

export function lineAndColumn(place: Place): { readonly line: number; readonly column: number } {
  const before = place.source.slice(0, place.offset);
  const line = before.split('\n').length;
  return { line, column: place.offset - before.lastIndexOf('\n') };
}

/** What a missing variable or attribute evaluates to: harmless until it is used. */
export class Undefined {
  readonly path: string;
  readonly reason: string;
  readonly place: Place | undefined;
  readonly #suggest: () => string | undefined;

  constructor(path: string, reason: string, place?: Place, suggest: () => string | undefined = () => undefined) {
    exotics++;
    this.path = path;
    this.reason = reason;
    this.place = place;
    this.#suggest = suggest;
  }

  error(): UndefinedError {
    const where = this.place && lineAndColumn(this.place);
    const at = where ? ` at line ${where.line}, column ${where.column}` : '';
    const near = this.#suggest();
    const hint = near ? ` (did you mean '${near}'?)` : '';
    return new UndefinedError(`${this.reason}${at}${hint}`, { path: this.path, ...where });
  }
}

/** What `'a' if false` gives: Jinja2 prints nothing for it, however strict it is elsewhere. */
export class NoElse extends Undefined {}

/** The value, or an UndefinedError when it is missing. */
export function strict(value: unknown): unknown {
  if (!(value instanceof Undefined)) return value;
  if (value instanceof NoElse) return '';
  throw value.error();
}

const made = new WeakSet<object>();

/** Marks a list or dict as made by a template, which may therefore change it. */
export function own<T>(value: T): T {
  if (typeof value === 'object' && value !== null) made.add(value);
  return value;
}

/** The value leaves the rendering that made it. */
export function disown<T>(value: T): T {
  if (typeof value === 'object' && value !== null) made.delete(value);
  return value;
}

/** Variables are shared between hosts and tasks: changing one in place would reach them all. */
export function assertOwn(value: object): void {
  if (made.has(value)) return;
  throw new ValueFault('would change a variable in place; make a copy first, e.g. with + [] or combine({})');
}

export type Dict = Readonly<Record<string, unknown>>;

export function newDict(): Record<string, unknown> {
  return Object.create(null) as Record<string, unknown>;
}

/** Dicts are plain objects; everything with a class of its own is opaque. */
export function isDict(value: unknown): value is Dict {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
}

export function isMapping(value: unknown): value is Dict | ReadonlyMap<unknown, unknown> {
  return value instanceof Map || isDict(value);
}

export function isInteger(value: unknown): value is number | bigint {
  return typeof value === 'bigint' || (typeof value === 'number' && Number.isInteger(value));
}

export function isFloat(value: unknown): value is number | Float {
  return value instanceof Float || (typeof value === 'number' && !Number.isInteger(value));
}

export function isNumber(value: unknown): value is number | bigint | Float {
  return typeof value === 'number' || typeof value === 'bigint' || value instanceof Float;
}

/** PyYAML's floats have a point. */
const FLOAT_TEXT = /^[-+]?[\d_]*\.[\d_]*(?:[eE][-+]\d+)?$/;

/** JavaScript has one kind of number; what was typed tells which of Python's two it is. */
export function typedNumber(value: number, text: string | undefined): number | Float {
  return text !== undefined && Number.isInteger(value) && FLOAT_TEXT.test(text) ? new Float(value) : value;
}

/** A Python float: integral values are wrapped so that they keep printing as floats. */
export function float(value: number): number | Float {
  return Number.isInteger(value) ? new Float(value) : value;
}

export function mappingEntries(value: Dict | ReadonlyMap<unknown, unknown>): readonly (readonly [unknown, unknown])[] {
  return value instanceof Map ? [...value.entries()] : Object.entries(value);
}

export function mappingFrom(entries: Iterable<readonly [unknown, unknown]>): Dict | ReadonlyMap<unknown, unknown> {
  const pairs = [...entries];
  if (pairs.every(([key]) => typeof key === 'string' && !/^(0|[1-9]\d*)$/.test(key))) {
    const dict = newDict();
    for (const [key, value] of pairs) dict[key as string] = value;
    return dict;
  }
  // A Map keeps keys that are not strings, and the order of those that look like array indexes.
  exotics++;
  return new Map(pairs);
}

/** Python's class name of a value, for messages and `type_debug`. */
export function typeName(value: unknown): string {
  if (value === null) return 'NoneType';
  if (value instanceof Undefined) return 'AnsibleUndefined';
  if (typeof value === 'string') return 'str';
  if (typeof value === 'boolean') return 'bool';
  if (isInteger(value)) return 'int';
  if (isFloat(value)) return 'float';
  if (value instanceof Tuple) return 'tuple';
  if (Array.isArray(value)) return 'list';
  if (isMapping(value)) return 'dict';
  return value instanceof EngineObject ? value.typeName : 'object';
}

/** A copy without the engine's own kinds of values, or the same value when it holds none. */
export function plain(value: unknown): unknown {
  if (value instanceof Undefined) return strict(value);
  if (value instanceof Float) return value.value;
  if (Array.isArray(value)) return plainArray(value);
  if (value instanceof Map) return plainMap(value);
  return isDict(value) ? plainDict(value) : value;
}

function plainArray(items: readonly unknown[]): unknown {
  const copy = Array.from(items, plain);
  return items instanceof Tuple || copy.some((item, index) => item !== items[index]) ? copy : items;
}

function plainMap(map: ReadonlyMap<unknown, unknown>): Dict {
  const dict = newDict();
  for (const [key, value] of map) dict[keyText(key)] = plain(value);
  return dict;
}

function plainDict(dict: Dict): Dict {
  const keys = Object.keys(dict);
  const values = keys.map((key) => plain(dict[key]));
  if (values.every((value, index) => value === dict[keys[index] ?? ''])) return dict;
  const copy = newDict();
  for (const [index, key] of keys.entries()) copy[key] = values[index];
  return copy;
}

/** How a key of any type is written as a JSON key. */
export function keyText(key: unknown): string {
  if (key === null) return 'null';
  if (key instanceof Float) return `${key.value}.0`;
  return String(key);
}

/** Python's `int()`: truncates floats, reads decimal text; undefined when it cannot. */
export function toInteger(value: unknown): number | bigint | undefined {
  if (typeof value === 'boolean') return Number(value);
  if (typeof value === 'bigint') return value;
  if (value instanceof Float) return Number.isFinite(value.value) ? value.value : undefined;
  if (typeof value === 'number') return Number.isFinite(value) ? Math.trunc(value) : undefined;
  if (typeof value !== 'string' || !/^\s*[+-]?\d+(_\d+)*\s*$/.test(value)) return undefined;
  const digits = value.trim().replaceAll('_', '');
  const small = Number(digits);
  return Number.isSafeInteger(small) ? small : BigInt(digits.replace('+', ''));
}
