import vm from 'node:vm';
import { translate, type RegexFlags } from './python-regex.ts';
import { ValueFault } from './values.ts';

const MAX_PATTERN = 4096;
const MAX_INPUT = 4 * 1024 * 1024;
/** Milliseconds one guarded search may take. */
const DEADLINE = 1000;
const CACHED = 500;

const known = new Map<string, RegExp>();

/** @throws {ValueFault} when the pattern is too long or not valid. */
export function pythonRegex(pattern: string, flags: RegexFlags = {}): RegExp {
  if (pattern.length > MAX_PATTERN)
    throw new ValueFault(`a regular expression may have at most ${MAX_PATTERN} characters`);
  const key = JSON.stringify([pattern, flags]);
  const regex = known.get(key) ?? translate(pattern, flags);
  if (known.size >= CACHED) known.clear();
  known.set(key, regex);
  return regex;
}

/** All matches, or the first only. */
export function matches(regex: RegExp, text: string, only: 'first' | 'all'): readonly RegExpExecArray[] {
  if (text.length > MAX_INPUT)
    throw new ValueFault(`regular expressions are limited to text of ${MAX_INPUT} characters`);
  return guarded(regex, text, () => collect(regex, text, only));
}

function collect(regex: RegExp, text: string, only: 'first' | 'all'): readonly RegExpExecArray[] {
  if (only === 'all') return [...text.matchAll(regex)];
  regex.lastIndex = 0;
  const match = regex.exec(text);
  return match ? [match] : [];
}

/**
 * Backtracking can take exponential time and cannot be interrupted from outside, except by V8's own watchdog, which
 * node:vm offers. It costs half a millisecond, so only searches that could be slow go through it.
 */
function guarded<T>(regex: RegExp, text: string, search: () => T): T {
  if (!canBeSlow(regex.source, text.length)) return search();
  let found: { readonly value: T } | undefined;
  cage.search = () => {
    found = { value: search() };
  };
  try {
    SEARCH.runInContext(cage, { timeout: DEADLINE });
  } catch (cause) {
    if (!isTimeout(cause)) throw cause;
    throw new ValueFault(
      `the regular expression took longer than ${DEADLINE} ms on this text; nested repetitions such as (a+)+ are slow`,
      { cause },
    );
  }
  if (!found) throw new ValueFault('the search ended without a result');
  return found.value;
}

const cage = vm.createContext({ search: (): void => undefined }, { codeGeneration: { strings: false, wasm: false } });
/** A constant program: no text of a template is ever part of it. */
const SEARCH = new vm.Script('search()');

function isTimeout(error: unknown): boolean {
  // The error comes from the other realm: `instanceof Error` is false.
  return (
    typeof error === 'object' && error !== null && 'code' in error && error.code === 'ERR_SCRIPT_EXECUTION_TIMEOUT'
  );
}

const REPEATS = /(?<!\\)(?:[*+]|\{\d+,\d*\})/g;

/** A repetition around a repetition, or many steps for the length of the text. */
function canBeSlow(source: string, length: number): boolean {
  const repeats = source.match(REPEATS)?.length ?? 0;
  if (repeats === 0) return false;
  const isNested =
    /(?:[*+]|\{\d+,\d*\})[^()]*\)+(?:[*+]|\{\d+)/.test(source) ||
    /\|[^()]*\)+(?:[*+]|\{\d+)/.test(source) ||
    /\)\)+(?:[*+]|\{)/.test(source);
  return isNested || length ** (repeats + 1) > 1e8;
}
