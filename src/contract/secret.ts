import { inspect } from 'node:util';

/**
 * A value that must never be printed, logged, or put into argv or an environment.
 *
 * Only code that feeds a program's standard input may call {@link Secret.reveal}.
 * @example new Secret('hunter2').toString() // '********'
 */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  reveal(): string {
    return this.#value;
  }

  toString(): string {
    return MASK;
  }

  toJSON(): string {
    return MASK;
  }

  [inspect.custom](): string {
    return MASK;
  }
}

export const MASK = '********';

/** Shorter values are not masked: hiding every "a" makes logs unreadable and tempts people to turn masking off. */
const SHORTEST_MASKED = 4;

/** The secrets of a run, and the one function that hides them wherever text is printed or written. */
export class SecretRegistry {
  readonly #forms = new Set<string>();
  #longestFirst: readonly string[] = [];

  /** Registers a value with the encodings in which tools tend to echo it. Returns false when it is too short to mask. */
  add(value: string): boolean {
    if (value.length < SHORTEST_MASKED) return false;
    for (const form of encodings(value)) this.#forms.add(form);
    this.#longestFirst = [...this.#forms].sort((a, b) => b.length - a.length);
    return true;
  }

  get isEmpty(): boolean {
    return this.#forms.size === 0;
  }

  mask(text: string): string {
    let masked = text;
    for (const form of this.#longestFirst) masked = masked.replaceAll(form, MASK);
    return masked;
  }
}

function encodings(value: string): readonly string[] {
  const lines = value.split('\n').filter((line) => line.trim().length >= 8);
  const base64 = Buffer.from(value).toString('base64');
  return [value, base64, encodeURIComponent(value), JSON.stringify(value).slice(1, -1), ...lines];
}
