import type { AnyModule } from '../../contract/module.ts';
import type { Position } from '../../contract/problem.ts';
import { positionOf, recordPlaces, sourceTextOf, valuePositionOf } from '../yaml/positions.ts';
import { complain, type LoadContext } from './context.ts';
import type { ModuleCall } from './module-call.ts';
import { at, isMapping, show, type Spot } from './spot.ts';
import type { Raw } from './types.ts';
import { keyValue, splitWords, type Word } from './words.ts';

type Args = Readonly<Record<string, Raw>>;

/** What the parser needs to know of a module to read arguments written as text. */
export interface TextForm {
  /** The argument that plain text sets. */
  readonly freeForm?: string;
  readonly fields: readonly string[];
}

/** The arguments of a task: the module key's value and the `args:` keyword, the former winning. */
export function readArgs(context: LoadContext, call: ModuleCall, form: TextForm, task: Spot): Args {
  const own = ownArgs(context, call, form, task);
  const more = at(task, 'args');
  if (more.value === undefined || more.value === null) return own;
  if (!isMapping(more.value)) {
    complain(context, more, `must map arguments to values, not ${show(more.value)}`);
    return own;
  }
  return merged(more.value, own, more.position);
}

function ownArgs(context: LoadContext, call: ModuleCall, form: TextForm, task: Spot): Args {
  const { args } = call;
  const value = isScalar(args.value) ? (typedText(task, call.key) ?? String(args.value)) : args.value;
  if (value === undefined || value === null) return {};
  if (isMapping(value)) return value;
  if (typeof value === 'string') return placed(parseText(context, { ...args, value }, value, form), args.position);
  complain(context, args, `the arguments of ${call.name} must be a mapping, not ${show(value)}`);
  return {};
}

function isScalar(value: unknown): value is number | boolean {
  return typeof value === 'number' || typeof value === 'boolean';
}

function typedText(task: Spot, key: string): string | undefined {
  return isMapping(task.value) ? sourceTextOf(task.value, key) : undefined;
}

function parseText(context: LoadContext, spot: Spot, text: string, form: TextForm): Args {
  if (form.freeForm !== undefined) return freeFormArgs(text, form.freeForm, form.fields);
  return keyValueArgs(context, spot, text);
}

/** `command: make install chdir=/src` — words that set other arguments of the module are taken out of the text. */
function freeFormArgs(text: string, freeForm: string, fields: readonly string[]): Args {
  const taken = splitWords(text).flatMap((word) => {
    const pair = keyValue(word.text);
    const isArgument = pair !== undefined && pair[0] !== freeForm && fields.includes(pair[0]);
    return isArgument ? [{ word, pair }] : [];
  });
  const rest = without(
    text,
    taken.map(({ word }) => word),
  ).trim();
  return { ...Object.fromEntries(taken.map(({ pair }) => pair)), ...(rest ? { [freeForm]: rest } : {}) };
}

function without(text: string, words: readonly Word[]): string {
  return [...words].reverse().reduce((rest, word) => rest.slice(0, word.start).trimEnd() + rest.slice(word.end), text);
}

function keyValueArgs(context: LoadContext, spot: Spot, text: string): Args {
  const pairs = splitWords(text).flatMap((word) => {
    const pair = keyValue(word.text);
    if (!pair)
      complain(context, spot, `${show(word.text)} is not of the form key=value`, 'write a mapping below the key');
    return pair ? [pair] : [];
  });
  return Object.fromEntries(pairs);
}

/** Arguments under their own names, each keeping its place and its source text. Naming one twice is a mistake. */
export function withoutAliases(context: LoadContext, module: AnyModule, args: Args, self: Spot): Args {
  const { argAliases = {} } = module;
  const used = Object.keys(args).filter((key) => Object.hasOwn(argAliases, key));
  if (used.length === 0) return args;
  const nameOf = (key: string) => (Object.hasOwn(argAliases, key) ? (argAliases[key] ?? key) : key);
  for (const key of used.filter((alias) =>
    Object.keys(args).some((other) => other !== alias && nameOf(other) === nameOf(alias)),
  )) {
    complain(
      context,
      { ...self, position: positionOf(args, key) ?? self.position },
      `${key} and ${nameOf(key)} are the same argument`,
    );
  }
  const origins = Object.keys(args).map((key) => [key, args] as const);
  const renamed = Object.fromEntries(Object.entries(args).map(([key, value]) => [nameOf(key), value]));
  const underName = <Value>(pairs: readonly (readonly [string, Value])[]) =>
    new Map(pairs.map(([key, value]) => [nameOf(key), value]));
  recordPlaces(renamed, {
    self: positionOf(args) ?? self.position,
    keys: underName(present(origins, positionOf)),
    values: underName(present(origins, (origin, key) => valuePositionOf(origin, key))),
    texts: underName(present(origins, (origin, key) => sourceTextOf(origin, key))),
  });
  return renamed;
}

/** Every argument stands where the text stands. */
function placed(args: Args, self: Position): Args {
  const places = new Map(Object.keys(args).map((key) => [key, self] as const));
  recordPlaces(args, { self, keys: places, values: places, texts: new Map() });
  return args;
}

/** Two mappings as one, each member keeping its place and its source text. */
export function merged(under: Args, over: Args, self: Position): Args {
  const result = { ...under, ...over };
  const origins = Object.keys(result).map((key) => [key, Object.hasOwn(over, key) ? over : under] as const);
  recordPlaces(result, {
    self: positionOf(over) ?? self,
    keys: new Map(present(origins, positionOf)),
    values: new Map(present(origins, (origin, key) => valuePositionOf(origin, key))),
    texts: new Map(present(origins, (origin, key) => sourceTextOf(origin, key))),
  });
  return result;
}

function present<Value>(
  origins: readonly (readonly [string, Args])[],
  read: (origin: Args, key: string) => Value | undefined,
): readonly (readonly [string, Value])[] {
  return origins.flatMap(([key, origin]) => {
    const value = read(origin, key);
    return value === undefined ? [] : [[key, value] as const];
  });
}
