import { execFileSync } from 'node:child_process';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { TaskError } from '../contract/task-error.ts';
import type { CallContext, Lookup } from '../language/jinja/types.ts';
import { candidates, type FilePlaces } from '../language/playbook/source-places.ts';
import { VariableScope } from './scope.ts';
import { unvaulted } from './vaulted.ts';

/** What lookups need of the task they are called in; carried by the scope. */
export interface LookupContext {
  readonly places: FilePlaces;
  render(text: string, scope: VariableScope): string;
  /** The content of a vault file. */
  decryptBytes(text: string): Uint8Array;
  matchHosts(pattern: string): readonly string[];
}

/** Milliseconds for `lookup('pipe', …)`. */
const PIPE_DEADLINE_MS = 30_000;

/** The lookups of ansible-semantics 1c that run on the controller; they read files and the environment, never a host. */
export const lookups: ReadonlyMap<string, Lookup> = new Map<string, Lookup>([
  ['env', (terms, { default: fallback }) => terms.map((name) => process.env[String(name)] ?? fallback ?? '')],
  ['file', (terms, kwargs, context) => terms.map((term) => trimEnd(readText(term, 'files', context), kwargs.rstrip))],
  [
    'template',
    (terms, _, context) =>
      terms.map((term) => taskOf(context).render(readText(term, 'templates', context), scopeOf(context))),
  ],
  ['lines', (terms) => terms.flatMap((term) => pipe(term).split('\n'))],
  ['pipe', (terms) => terms.map(pipe)],
  ['vars', (terms, kwargs, { scope }) => terms.map((name) => variable(String(name), kwargs.default, scope))],
  ['varnames', (terms, _, { scope }) => variableNames(terms, scope)],
  ['fileglob', (terms, _, context) => terms.flatMap((term) => glob(String(term), context))],
  ['first_found', firstFound],
  ['items', (terms) => terms.flat(1)],
  ['list', (terms) => terms],
  ['dict', (terms) => terms.flatMap((term) => Object.entries(Object(term)).map(([key, value]) => ({ key, value })))],
  ['sequence', (terms, kwargs) => terms.flatMap((term) => sequence(String(term), kwargs))],
  ['subelements', subelements],
  ['inventory_hostnames', (terms, _, context) => terms.flatMap((term) => taskOf(context).matchHosts(String(term)))],
  ['random_choice', (terms) => (terms.length === 0 ? [] : [terms[Math.floor(Math.random() * terms.length)]])],
]);

function taskOf({ scope }: CallContext): LookupContext {
  if (scope instanceof VariableScope && scope.context) return scope.context as LookupContext;
  throw new TaskError('this lookup needs a task, and none is running');
}

function scopeOf({ scope }: CallContext): VariableScope {
  if (scope instanceof VariableScope) return scope;
  throw new TaskError('this lookup needs a task, and none is running');
}

function readText(term: unknown, folder: string, context: CallContext): string {
  const places = candidates(String(term), folder, taskOf(context).places);
  const found = places.find((place) => existsSync(place));
  if (!found) throw new TaskError(`no file ${String(term)} on the controller; looked at ${places.join(', ')}`);
  return Buffer.from(unvaulted(readFileSync(found), found, taskOf(context))).toString('utf8');
}

function trimEnd(text: string, rstrip: unknown): string {
  return rstrip === false ? text : text.trimEnd();
}

function pipe(term: unknown): string {
  return execFileSync('/bin/sh', ['-c', String(term)], {
    encoding: 'utf8',
    timeout: PIPE_DEADLINE_MS,
    stdio: ['ignore', 'pipe', 'inherit'],
  }).trimEnd();
}

function variable(name: string, fallback: unknown, scope: CallContext['scope']): unknown {
  const value = scope.lookup(name) ?? fallback;
  if (value === undefined) throw new TaskError(`no variable named ${name}`);
  return value;
}

function variableNames(patterns: readonly unknown[], scope: CallContext['scope']): readonly string[] {
  const names = new Set(scope.names?.() ?? []);
  return patterns.flatMap((pattern) => [...names].filter((name) => new RegExp(String(pattern)).test(name)));
}

function glob(pattern: string, context: CallContext): readonly string[] {
  const matches = candidates(pattern, 'files', taskOf(context).places).map((place) => globSync(place).sort());
  return matches.find((found) => found.length > 0) ?? [];
}

function firstFound(
  terms: readonly unknown[],
  kwargs: Readonly<Record<string, unknown>>,
  context: CallContext,
): readonly unknown[] {
  const options = terms.filter(
    (term) => typeof term === 'object' && term !== null && !Array.isArray(term),
  ) as readonly Readonly<Record<string, unknown>>[];
  const files = [
    ...terms.flat().filter((term) => typeof term === 'string'),
    ...options.flatMap((option) => [option.files ?? []].flat()),
  ];
  const paths = [...options.flatMap((option) => [option.paths ?? []].flat()), ...[kwargs.paths ?? []].flat()];
  const wanted =
    paths.length === 0
      ? files.map(String)
      : paths.flatMap((path) => files.map((file) => `${String(path)}/${String(file)}`));
  const all = wanted.flatMap((file) =>
    ['files', 'templates', 'vars', '.'].flatMap((folder) => candidates(file, folder, taskOf(context).places)),
  );
  const found = all.find((place) => existsSync(place));
  if (found) return [found];
  if (kwargs.skip === true || options.some((option) => option.skip === true)) return [];
  throw new TaskError(`none of these files exists on the controller: ${wanted.join(', ')}`);
}

function subelements(terms: readonly unknown[]): readonly unknown[] {
  const [list, key] = terms.length === 2 ? terms : [terms.slice(0, -1), terms.at(-1)];
  if (!Array.isArray(list)) throw new TaskError('subelements needs a list and the name of a member that is a list');
  return list.flatMap((element) => {
    const members: unknown = Object(element)[String(key)];
    if (!Array.isArray(members)) throw new TaskError(`subelements: an element has no list named ${String(key)}`);
    return members.map((member) => [element, member]);
  });
}

const SEQUENCE_LIMIT = 100_000;

function sequence(term: string, kwargs: Readonly<Record<string, unknown>>): readonly string[] {
  const words = Object.fromEntries([...term.matchAll(/(\w+)=(\S+)/g)].map(([, key, value]) => [key, value]));
  const short = /^(?:(\d+)-)?(\d+)(?:\/(\d+))?(?::(\S+))?$/.exec(term);
  const options: Readonly<Record<string, unknown>> = {
    start: short?.[1] ?? 1,
    end: short?.[2],
    stride: short?.[3] ?? 1,
    format: short?.[4],
    ...words,
    ...kwargs,
  };
  const start = Number(options.start);
  const stride = Number(options.stride);
  const count =
    options.count === undefined ? Math.floor((Number(options.end) - start) / stride) + 1 : Number(options.count);
  if (!Number.isInteger(count) || count > SEQUENCE_LIMIT)
    throw new TaskError(`sequence: ${term} is not start-end, or asks for more than ${SEQUENCE_LIMIT} elements`);
  return Array.from({ length: Math.max(0, count) }, (_, index) =>
    formatNumber(start + index * stride, String(options.format ?? '%d')),
  );
}

function formatNumber(value: number, format: string): string {
  return format.replace(/%(0?)(\d*)([dxo])/, (_, zero: string, width: string, kind: string) => {
    const digits = value.toString(kind === 'x' ? 16 : kind === 'o' ? 8 : 10);
    return digits.padStart(Number(width || 0), zero ? '0' : ' ');
  });
}
