import type { CallContext, Environment, Scope } from './types.ts';
import { Undefined, ValueFault, type Place, typedNumber } from './values.ts';
import { nearest } from './suggest.ts';
import { MAX_TEXT } from './operators.ts';

export const MAX_ITERATIONS = 100_000;
const MAX_CALLS = 100;
/** Items and blocks of text that filters and operators may look at in one rendering: a few seconds of work. */
const MAX_WORK = 20_000_000;

/** What one rendering may spend. Mutable: it is the meter of that rendering. */
export class Budget {
  #iterations = 0;
  #calls = 0;
  #work = 0;

  spend(iterations: number): void {
    this.#iterations += iterations;
    if (this.#iterations > MAX_ITERATIONS)
      throw new ValueFault(`loops ran more than ${MAX_ITERATIONS} times in one rendering`);
  }

  /** Charges for looking at a value as a whole; numbers and short text are free. */
  work(value: unknown): void {
    if (Array.isArray(value)) this.#work += value.length;
    else if (typeof value === 'string') this.#work += value.length >> 6;
    if (this.#work > MAX_WORK) throw new ValueFault('one rendering looks at more than its share of items');
  }

  call<T>(run: () => T): T {
    if (++this.#calls > MAX_CALLS)
      throw new ValueFault(`macros and loops call themselves more than ${MAX_CALLS} levels deep`);
    try {
      return run();
    } finally {
      this.#calls--;
    }
  }
}

/** Text written so far. Mutable. */
export class Output {
  #text = '';
  #writes = 0;
  #value: unknown;

  /** @param value what the text was made from, where that is no text itself */
  write(text: string, value: unknown = text): void {
    if (text !== '' || value !== text) this.#writes += 1;
    this.#value = value;
    this.#text += text;
    if (this.#text.length > MAX_TEXT) throw new ValueFault(`output would grow beyond ${MAX_TEXT} characters`);
  }

  get text(): string {
    return this.#text;
  }

  /** What was written, if it was one value and nothing else; otherwise the text. */
  get native(): unknown {
    return this.#writes === 1 ? this.#value : this.#text;
  }
}

/** Variables that the template itself sets, innermost first. Mutable by `set`. */
export class Frame implements CallContext {
  readonly scope: Scope;
  readonly environment: Environment;
  readonly budget: Budget;
  readonly #parent: Frame | undefined;
  #locals: Map<string, unknown> | undefined;

  constructor(
    origin: { readonly scope: Scope; readonly environment: Environment; readonly budget: Budget },
    parent?: Frame,
  ) {
    this.scope = origin.scope;
    this.environment = origin.environment;
    this.budget = origin.budget;
    this.#parent = parent;
  }

  child(): Frame {
    return new Frame(this, this);
  }

  set(name: string, value: unknown): void {
    this.#locals ??= new Map();
    this.#locals.set(name, value);
  }

  /** A local variable; `undefined` when the template has not set it. */
  find(name: string): unknown {
    return this.#locals?.get(name) ?? (this.#locals?.has(name) ? null : this.#parent?.find(name));
  }
}

export function variable(scope: Scope, name: string, place: Place | undefined): unknown {
  const value = scope.lookup(name);
  if (typeof value === 'number') return typedNumber(value, scope.sourceText?.(name));
  return value === undefined ? missingVariable(scope, name, place) : value;
}

function missingVariable(scope: Scope, name: string, place: Place | undefined): Undefined {
  return new Undefined(name, `'${name}' is undefined`, place, () => nearest(name, scope.names?.() ?? []));
}
