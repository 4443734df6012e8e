import type { z } from 'zod';
import type { AnyModule } from '../../contract/module.ts';
import { sourceTextOf } from '../yaml/positions.ts';
import { type ArgIssue, describeIssues, UNWORDED, valueAt } from './arg-issues.ts';
import type { Key } from './arg-schema.ts';
import { correctionsFor, replaceAt } from './coerce-args.ts';
import { isMapping } from './spot.ts';
import { isLate } from './template-text.ts';
import type { Raw } from './types.ts';

export type { ArgIssue } from './arg-issues.ts';

type Args = Readonly<Record<string, Raw>>;

export type ParsedArgs =
  | { readonly ok: true; readonly args: unknown }
  | { readonly ok: false; readonly issues: readonly ArgIssue[] };

/**
 * Parses rendered arguments with the module's schema. Text that plainly means a boolean, a number or a list of words
 * is taken as such where the schema asks for it, as Ansible does; a scalar that YAML gave another type becomes the text
 * that was typed where text is wanted.
 *
 * @throws what a schema's own transforms throw
 */
export function parseArgs(module: AnyModule, args: Args): ParsedArgs {
  let current: unknown = args;
  let parsed = attempt(module, current);
  for (const group of parsed.success ? [] : correctionsFor(parsed.error.issues, current)) {
    if (parsed.success) break;
    const corrected = group.reduce((copy, { keys, value }) => replaceAt(copy, keys, value), current);
    const next = attempt(module, corrected);
    if (!next.success && !isFewer(next.error.issues, parsed.error.issues)) continue;
    [current, parsed] = [corrected, next];
  }
  if (parsed.success) return { ok: true, args: parsed.data };
  return { ok: false, issues: describeIssues(parsed.error.issues, module.args, current) };
}

function attempt(module: AnyModule, args: unknown): z.ZodSafeParseResult<unknown> {
  return module.args.safeParse(args, { error: () => UNWORDED });
}

/** Compares by place, because a correction may uncover a second issue elsewhere that was not looked for before. */
function isFewer(after: readonly z.core.$ZodIssue[], before: readonly z.core.$ZodIssue[]): boolean {
  const places = new Set(before.map(({ path }) => path.join('\0')));
  const stillThere = after.filter(({ path }) => places.has(path.join('\0')));
  return stillThere.length < before.length;
}

/**
 * Checks arguments as they are written, templates unrendered: finds everything that no rendering can put right. Issues
 * at or around values that are known only at run time are left to {@link parseArgs} then.
 */
export function validateArgs(module: AnyModule, args: Args): readonly ArgIssue[] {
  const parsed = parseUnrendered(module, args);
  if (parsed.ok) return [];
  return parsed.issues.filter(({ keys, isAboutNames }) => isAboutNames || !isLateAt(args, keys));
}

function isLateAt(args: unknown, keys: readonly Key[]): boolean {
  return isLate(valueAt(args, keys)) || (keys.length > 0 && isLateAbove(args, keys.slice(0, -1)));
}

/** A template that stands for a whole mapping or list above the place. */
function isLateAbove(args: unknown, keys: readonly Key[]): boolean {
  const value = valueAt(args, keys);
  const isContainer = Array.isArray(value) || isMapping(value);
  return (!isContainer && isLate(value)) || (keys.length > 0 && isLateAbove(args, keys.slice(0, -1)));
}

/** Transforms may throw at template text they were never meant to see; that says nothing about the rendered value. */
function parseUnrendered(module: AnyModule, args: Args): ParsedArgs {
  try {
    return parseArgs(module, args);
  } catch (error) {
    if (isLate(args)) return { ok: true, args };
    const message = error instanceof Error ? error.message : String(error);
    return { ok: false, issues: [{ path: '', keys: [], message, isAboutNames: false }] };
  }
}

/** The arguments with those that YAML typing would corrupt replaced by what was typed: `mode: 0644` becomes `'0644'`. */
export function withSourceText(module: AnyModule, args: Args): Args {
  return (module.textArgs ?? []).reduce<Args>((current, path) => {
    const replaced = textAt(current, path.split('.'));
    return isMapping(replaced) ? replaced : current;
  }, args);
}

function textAt(container: unknown, [step, ...rest]: readonly string[]): unknown {
  if (step === undefined || (!Array.isArray(container) && !isMapping(container))) return container;
  const keys = step === '*' ? Object.keys(container) : Object.hasOwn(container, step) ? [step] : [];
  return keys.reduce((current: unknown, key) => {
    const index = Array.isArray(container) ? Number(key) : key;
    const text = rest.length === 0 ? sourceTextOf(container, index) : undefined;
    const value: unknown = Reflect.get(container, key);
    const wanted = text ?? textAt(value, rest);
    return wanted === value ? current : replaceAt(current, [index], wanted);
  }, container);
}
