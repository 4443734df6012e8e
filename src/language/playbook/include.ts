import { checkOtherTemplates } from './task.ts';
import { checkTemplates } from './check-templates.ts';
import { baseOf } from './base.ts';
import { complain, didYouMean, type LoadContext, type Surroundings } from './context.ts';
import { APPLY_KEYWORDS, INCLUDE_KEYWORDS } from './keyword-table.ts';
import { checkKeys, inherit, NO_KEYWORDS, readKeywords } from './keywords.ts';
import { parseLoop } from './loop.ts';
import { readArgs } from './module-args.ts';
import type { ModuleCall } from './module-call.ts';
import { readListen } from './notify.ts';
import { readRegister } from './task.ts';
import { at, isMapping, keysOf, show, type Spot } from './spot.ts';
import { isTemplate } from './template-text.ts';
import { suggest } from '../suggest.ts';
import type { Include, Keywords, Raw } from './types.ts';

const FILE_OPTIONS = ['file', 'apply'];
const ROLE_PARTS = ['tasks_from', 'vars_from', 'defaults_from', 'handlers_from'];
const ROLE_OPTIONS = ['name', 'role', 'apply', 'public', 'allow_duplicates', 'rolespec_validate', ...ROLE_PARTS];

/** The target and options of an include or import, whichever way they are written. */
export interface Inclusion {
  readonly what: 'tasks' | 'role';
  readonly target: Spot;
  readonly options: Spot;
}

export function readInclusion(context: LoadContext, spot: Spot, call: ModuleCall): Inclusion | undefined {
  const what = call.name.endsWith('_role') ? 'role' : 'tasks';
  const fields = what === 'role' ? ROLE_OPTIONS : FILE_OPTIONS;
  const form = what === 'role' ? { fields } : { freeForm: 'file', fields };
  const value = readArgs(context, withoutFileKey(call), form, spot);
  const options: Spot = { ...call.args, value, path: `${spot.path}.${call.name}` };
  for (const key of keysOf(options)) if (!fields.includes(key)) complainOption(context, at(options, key), key, call);
  const target = at(options, what === 'tasks' ? 'file' : isMapping(value) && 'role' in value ? 'role' : 'name');
  if (typeof target.value === 'string' && target.value.trim() !== '')
    return { what, target: { ...target, path: options.path }, options };
  const wanted = what === 'tasks' ? 'a file' : 'a role';
  complain(
    context,
    target,
    `names ${wanted}, not ${show(target.value)}`,
    `write \`${call.name}: {${what === 'tasks' ? 'file' : 'name'}: …}\``,
  );
  return undefined;
}

/** `include_tasks: file=x.yml` */
function withoutFileKey(call: ModuleCall): ModuleCall {
  const { value } = call.args;
  return typeof value === 'string' ? { ...call, args: { ...call.args, value: value.replace(/^file=/, '') } } : call;
}

function complainOption(context: LoadContext, spot: Spot, key: string, call: ModuleCall): void {
  const known = call.name.endsWith('_role') ? ROLE_OPTIONS : FILE_OPTIONS;
  const hint = didYouMean(suggest(key, known)) ?? 'variables for it go under `vars:` of the task';
  complain(context, spot, `${call.name} takes no \`${key}\``, hint);
}

/** include_tasks and include_role: read as far as can be known before the run. */
export function parseInclude(
  context: LoadContext,
  spot: Spot,
  call: ModuleCall,
  around: Surroundings,
): Include | undefined {
  checkIncludeKeys(context, spot, call);
  const own = withParameters(readKeywords(context, spot));
  checkOtherTemplates(context, spot);
  const inclusion = readInclusion(context, spot, call);
  if (!inclusion) return undefined;
  const loop = parseLoop(context, spot);
  const include: Include = {
    ...baseOf(spot, around, inherit(around.keywords, own)),
    kind: 'include',
    what: inclusion.what,
    target: inclusion.target.value,
    ...(loop ? { loop } : {}),
    options: remainingOptions(context, inclusion.options),
    apply: readApply(context, at(inclusion.options, 'apply')),
    around: around.keywords,
    ownVars: Object.assign({}, ...own.vars.map(({ vars }) => vars)) as Readonly<Record<string, Raw>>,
    directory: around.directory,
    playDirectory: context.notes.directory,
    ...readRegister(context, spot),
    ...readTopics(context, spot, around),
  };
  lookInside(context, include, inclusion, around);
  return include;
}

/** The variables of an include are its parameters. */
function withParameters(own: Keywords): Keywords {
  return { ...own, vars: own.vars.map((layer) => ({ ...layer, isParameter: true as const })) };
}

/** Present, though maybe empty, on handlers: by this the included tasks are known to be handlers too. */
function readTopics(context: LoadContext, spot: Spot, around: Surroundings): Pick<Include, 'listen'> {
  const listen = readListen(context, spot, around);
  return around.isHandler ? { listen } : {};
}

function lookInside(
  context: LoadContext,
  include: Include,
  { target, options }: Inclusion,
  around: Surroundings,
): void {
  checkTemplates(context, target);
  const isKnown = [target.value, ...ROLE_PARTS.map((part) => at(options, part).value)].every(
    (text) => !isTemplate(text),
  );
  if (!isKnown) {
    context.notes.hasUnknownHandlers = true;
    context.whole.worksHere = true;
  } else if (context.notes.checksIncludes) context.sources.checkInclude(include, around, context);
}

function checkIncludeKeys(context: LoadContext, spot: Spot, call: ModuleCall): void {
  const ownKeys = [call.key, 'action', 'local_action'];
  for (const key of keysOf(spot)) {
    if (INCLUDE_KEYWORDS.has(key) || ownKeys.includes(key) || key.startsWith('with_')) continue;
    const hint = APPLY_KEYWORDS.has(key)
      ? 'put it under `apply:` for the included tasks, or use the import'
      : undefined;
    complain(context, at(spot, key), `\`${key}\` has no effect on ${call.name}`, hint);
  }
}

function remainingOptions(context: LoadContext, options: Spot): Readonly<Record<string, Raw>> {
  const names = keysOf(options).filter((key) => !['file', 'name', 'role', 'apply'].includes(key));
  for (const name of names) checkTemplates(context, at(options, name));
  return Object.fromEntries(names.map((name) => [name, at(options, name).value]));
}

function readApply(context: LoadContext, spot: Spot): Keywords {
  if (spot.value === undefined || spot.value === null) return NO_KEYWORDS;
  if (!isMapping(spot.value)) {
    complain(context, spot, `must map keywords to values, not ${show(spot.value)}`);
    return NO_KEYWORDS;
  }
  checkKeys(context, spot, APPLY_KEYWORDS, '`apply`');
  return readKeywords(context, spot);
}
