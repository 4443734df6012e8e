import type { z } from 'zod';
import { copyPlaces, sourceTextOf } from '../yaml/positions.ts';
import { type Key } from './arg-schema.ts';
import { toKeys, valueAt } from './arg-issues.ts';
import { isMapping } from './spot.ts';

/** A value of another type that means the same: Ansible reads `"yes"`, `"8080"` and `8080` as the argument's type asks. */
interface Correction {
  readonly keys: readonly Key[];
  readonly value: unknown;
}

const TRUE_WORDS = ['true', 'yes', 'on', '1'];
const FALSE_WORDS = ['false', 'no', 'off', '0'];

/**
 * The corrections that the issues invite, in groups that only help together: all elements of a list, say. Groups that do
 * not help are found out by parsing again.
 */
export function correctionsFor(issues: readonly z.core.$ZodIssue[], args: unknown): readonly (readonly Correction[])[] {
  return issues.flatMap((issue) => groupsOf(issue, args, [])).filter((group) => group.length > 0);
}

function groupsOf(issue: z.core.$ZodIssue, args: unknown, above: readonly Key[]): readonly (readonly Correction[])[] {
  const keys = [...above, ...toKeys(issue.path)];
  if (issue.code === 'invalid_union') {
    return issue.errors.map((branch) => branch.flatMap((inner) => groupsOf(inner, args, keys).flat()));
  }
  const value = issue.code === 'invalid_type' ? converted(issue.expected, args, keys) : undefined;
  return value === undefined ? [] : [[{ keys, value }]];
}

function converted(expected: string, args: unknown, keys: readonly Key[]): unknown {
  const value = valueAt(args, keys);
  switch (expected) {
    case 'boolean':
      return asBoolean(value);
    case 'number':
    case 'int':
      return typeof value === 'string' && /^-?\d+(\.\d+)?$/.test(value) ? Number(value) : undefined;
    case 'string':
      return asText(value, args, keys);
    case 'array':
      return asList(typeof value === 'string' ? value : asText(value, args, keys));
    default:
      return undefined;
  }
}

function asBoolean(value: unknown): boolean | undefined {
  if (typeof value !== 'string' && typeof value !== 'number') return undefined;
  const word = String(value).toLowerCase();
  if (TRUE_WORDS.includes(word)) return true;
  return FALSE_WORDS.includes(word) ? false : undefined;
}

/** Ansible's reading of text where a list is wanted: its parts between commas. */
function asList(text: string | undefined): readonly string[] | undefined {
  return text === undefined || text.trim() === '' ? undefined : text.split(',').map((part) => part.trim());
}

/** What was typed, if YAML changed its type; else a whole number's digits. `1e30` or `true` without their source stay. */
function asText(value: unknown, args: unknown, keys: readonly Key[]): string | undefined {
  if (typeof value !== 'number' && typeof value !== 'boolean') return undefined;
  const container = valueAt(args, keys.slice(0, -1));
  const last = keys.at(-1);
  const typed =
    typeof container === 'object' && container !== null && last !== undefined && sourceTextOf(container, last);
  if (typeof typed === 'string') return typed;
  return Number.isSafeInteger(value) ? String(value) : undefined;
}

/** A copy with one member replaced; copies keep the places of their originals. */
export function replaceAt(container: unknown, keys: readonly Key[], value: unknown): unknown {
  const [key, ...rest] = keys;
  if (key === undefined) return value;
  if (!Array.isArray(container) && !isMapping(container)) return container;
  const member = replaceAt(Reflect.get(container, key), rest, value);
  const copy = Array.isArray(container) ? container.with(Number(key), member) : { ...container, [key]: member };
  copyPlaces(container, copy);
  return copy;
}
