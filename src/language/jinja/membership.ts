import { equals } from './comparison.ts';
import { Float, ValueFault } from './values.ts';

/** Comparing each with each costs the square of their number. */
const MAX_COMPOUND = 5_000;

/** A set of values by Python's equality: scalars are found at once, lists and dicts one by one. Mutable while it is filled. */
export class Membership {
  readonly #scalars = new Set<unknown>();
  readonly #others: unknown[] = [];

  constructor(values: Iterable<unknown> = []) {
    for (const value of values) this.add(value);
  }

  /** False when it was there already. */
  add(value: unknown): boolean {
    if (this.has(value)) return false;
    const scalar = scalarKey(value);
    if (scalar !== undefined) this.#scalars.add(scalar);
    else if (this.#others.push(value) > MAX_COMPOUND)
      throw new ValueFault(`more than ${MAX_COMPOUND} lists or dicts cannot be compared`);
    return true;
  }

  has(value: unknown): boolean {
    const scalar = scalarKey(value);
    return scalar === undefined ? this.#others.some((other) => equals(other, value)) : this.#scalars.has(scalar);
  }
}

/** True equals 1 and 1.0 in Python. */
function scalarKey(value: unknown): unknown {
  if (typeof value === 'boolean') return Number(value);
  if (value instanceof Float) return value.value;
  return typeof value === 'object' && value !== null ? undefined : (value ?? NONE);
}

const NONE = Symbol('None');
