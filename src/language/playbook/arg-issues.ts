import type { z } from 'zod';
import { suggest } from '../suggest.ts';
import { argFields, descriptionOf, type Key, schemaAt } from './arg-schema.ts';
import { TASK_KEYWORDS } from './keyword-table.ts';
import { isMapping, show } from './spot.ts';

/** Something wrong with one argument. */
export interface ArgIssue {
  /** `entries[0].key`; empty for the arguments as a whole. */
  readonly path: string;
  readonly keys: readonly Key[];
  readonly message: string;
  readonly hint?: string;
  /** An argument is absent or unknown: true whatever the values of the others turn out to be. */
  readonly isAboutNames: boolean;
}

type Issue = z.core.$ZodIssue;

/** Given as the message of every issue whose schema has no message of its own; such issues are put into words here. */
export const UNWORDED = '\0';

interface Subject {
  readonly schema: z.ZodType;
  readonly args: unknown;
}

/** zod's findings in words: what was wanted, what was found, and what to do. */
export function describeIssues(issues: readonly Issue[], schema: z.ZodType, args: unknown): readonly ArgIssue[] {
  return issues.flatMap((issue) => describe(issue, { schema, args }, []));
}

function describe(issue: Issue, subject: Subject, above: readonly Key[]): readonly ArgIssue[] {
  const keys = [...above, ...toKeys(issue.path)];
  if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => unknownArgument(key, keys, subject));
  if (issue.code === 'invalid_union') return describeUnion(issue, subject, keys);
  if (issue.code === 'invalid_key' || issue.code === 'invalid_element') {
    return issue.issues.flatMap((inner) => describe(inner, subject, keys));
  }
  const value = valueAt(subject.args, keys);
  if (value === undefined && isAboutType(issue)) return [missing(keys, subject)];
  const message = issue.message === UNWORDED ? wording(issue, value) : issue.message;
  return [{ path: pathText(keys), keys, message, ...hintOf(issue, value), isAboutNames: false }];
}

function missing(keys: readonly Key[], subject: Subject): ArgIssue {
  const hint = descriptionOf(subject.schema, keys);
  return { path: pathText(keys), keys, message: 'is required', ...(hint ? { hint } : {}), isAboutNames: true };
}

function unknownArgument(key: string, above: readonly Key[], { schema }: Subject): ArgIssue {
  const field = schemaAt(schema, above);
  const known = field ? Object.keys(argFields(field)) : [];
  const keys = [...above, key];
  const hint = unknownHint(key, known);
  return { path: pathText(keys), keys, message: 'no such argument', ...(hint ? { hint } : {}), isAboutNames: true };
}

function unknownHint(key: string, known: readonly string[]): string | undefined {
  if (TASK_KEYWORDS.has(key)) return `\`${key}\` is a task keyword: write it beside the module, not inside`;
  const near = suggest(key, known);
  if (near !== undefined) return `did you mean \`${near}\`?`;
  return known.length > 0 ? `arguments: ${known.join(', ')}` : undefined;
}

type UnionIssue = Extract<Issue, { readonly code: 'invalid_union' }>;

function describeUnion(issue: UnionIssue, subject: Subject, keys: readonly Key[]): readonly ArgIssue[] {
  if (valueAt(subject.args, keys) === undefined) return [missing(keys, subject)];
  if (issue.message !== UNWORDED) return [asOne(keys, issue.message)];
  const branches = issue.errors.filter(
    (branch) => !branch.some((inner) => inner.path.length === 0 && isAboutType(inner)),
  );
  const [nearest] = [...branches].sort((a, b) => a.length - b.length);
  if (nearest) return nearest.flatMap((inner) => describe(inner, subject, keys));
  return [asOne(keys, `${mustBe(expectationsOf(issue))}, not ${show(valueAt(subject.args, keys))}`)];
}

function asOne(keys: readonly Key[], message: string): ArgIssue {
  return { path: pathText(keys), keys, message, isAboutNames: false };
}

/** What each branch of a union wanted, each once. */
function expectationsOf(issue: UnionIssue): readonly string[] {
  const { options } = issue as { readonly options?: readonly unknown[] };
  if (options) return options.map(String);
  const inner = issue.errors.flat();
  return [...new Set(inner.flatMap((one) => (one.code === 'invalid_union' ? expectationsOf(one) : expectation(one))))];
}

function expectation(issue: Issue): readonly string[] {
  if (issue.code === 'invalid_value') return issue.values.map(String);
  return issue.code === 'invalid_type' ? [TYPE_NAMES[issue.expected] ?? issue.expected] : [];
}

function isAboutType(issue: Issue): boolean {
  return issue.code === 'invalid_type' || issue.code === 'invalid_value';
}

const TYPE_NAMES: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  tuple: 'a list',
  object: 'a mapping',
  record: 'a mapping',
};

function wording(issue: Issue, value: unknown): string {
  switch (issue.code) {
    case 'invalid_type':
    case 'invalid_value':
      return `${mustBe(expectation(issue))}, not ${show(value)}`;
    case 'too_small':
      return sizeWording(issue.origin, 'at least', issue.minimum);
    case 'too_big':
      return sizeWording(issue.origin, 'at most', issue.maximum);
    case 'not_multiple_of':
      return `must be a multiple of ${issue.divisor}`;
    case 'invalid_format':
      return issue.format === 'regex' ? `must match ${issue.pattern}` : `must be a valid ${issue.format}`;
    default:
      return 'is not valid';
  }
}

function mustBe(expected: readonly string[]): string {
  if (expected.length > 2) return `must be one of ${expected.join(', ')}`;
  return `must be ${expected.join(' or ') || 'something else'}`;
}

function sizeWording(origin: string, bound: string, limit: number | bigint): string {
  if ((origin === 'string' || origin === 'array') && bound === 'at least' && limit === 1) return 'must not be empty';
  if (origin === 'string') return `must have ${bound} ${limit} characters`;
  return origin === 'array' ? `must have ${bound} ${limit} elements` : `must be ${bound} ${limit}`;
}

function hintOf(issue: Issue, value: unknown): { readonly hint?: string } {
  if (issue.code === 'invalid_value' && typeof value === 'string') {
    const near = suggest(value, issue.values.map(String));
    return near === undefined ? {} : { hint: `did you mean \`${near}\`?` };
  }
  const isTypedScalar = typeof value === 'number' || typeof value === 'boolean';
  if (issue.code === 'invalid_type' && issue.expected === 'string' && isTypedScalar) return { hint: 'quote it' };
  return {};
}

export function valueAt(value: unknown, keys: readonly Key[]): unknown {
  const [key, ...rest] = keys;
  if (key === undefined) return value;
  const isContainer = Array.isArray(value) || isMapping(value);
  return isContainer && Object.hasOwn(value, key) ? valueAt(Reflect.get(value, key), rest) : undefined;
}

export function toKeys(path: readonly PropertyKey[]): readonly Key[] {
  return path.map((key) => (typeof key === 'symbol' ? String(key) : key));
}

function pathText(keys: readonly Key[]): string {
  return keys.map((key, index) => (typeof key === 'number' ? `[${key}]` : `${index > 0 ? '.' : ''}${key}`)).join('');
}
