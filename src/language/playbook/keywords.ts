import type { Problems } from '../../contract/problem.ts';
import { suggest } from '../suggest.ts';
import { checkTemplates } from './check-templates.ts';
import { complain, didYouMean, type LoadContext } from './context.ts';
import { parseConditions } from './conditions.ts';
import { bareName, SCALAR_KEYWORDS, UNSUPPORTED_KEYWORDS } from './keyword-table.ts';
import { warnOfLostText } from './lost-text.ts';
import { checkChoice, readScalar } from './scalars.ts';
import { at, elementsOf, has, isMapping, keysOf, show, type Spot } from './spot.ts';
import { parseTags } from './tags.ts';
import { isTemplate } from './template-text.ts';
import type { Keywords, Raw, VarsLayer } from './types.ts';

export const NO_KEYWORDS: Keywords = { when: [], tags: [], vars: [], environment: [], moduleDefaults: [] };

/** The keywords in force inside `own`'s statement: lists add up, outer first; of single values the inner one wins. */
export function inherit(parent: Keywords, own: Keywords): Keywords {
  return {
    ...parent,
    ...own,
    when: [...parent.when, ...own.when],
    tags: [...new Set([...parent.tags, ...own.tags])],
    vars: [...parent.vars, ...own.vars],
    environment: [...parent.environment, ...own.environment],
    moduleDefaults: [...parent.moduleDefaults, ...own.moduleDefaults],
  };
}

/** The keywords a statement sets itself. */
export function readKeywords(context: LoadContext, spot: Spot): Keywords {
  return {
    ...readScalars(context, spot),
    when: has(spot, 'when') ? parseConditions(context, at(spot, 'when')) : [],
    tags: parseTags(context, at(spot, 'tags')),
    vars: readVarsLayers(context, at(spot, 'vars')),
    environment: readEnvironment(context, at(spot, 'environment')),
    moduleDefaults: readModuleDefaults(context, at(spot, 'module_defaults')),
  };
}

function readScalars(context: LoadContext, spot: Spot): Partial<Keywords> {
  const set: Partial<Record<keyof Keywords, Raw>> = {};
  for (const [keyword, { field, shape, choices }] of Object.entries(SCALAR_KEYWORDS)) {
    const value = readScalar(context, spot, keyword, shape);
    if (value === undefined) continue;
    checkTemplates(context, at(spot, keyword));
    set[field] = choices ? (checkChoice(context, at(spot, keyword), choices) ?? value) : value;
  }
  return set as Partial<Keywords>;
}

const VARIABLE = /^[A-Za-z_]\w*$/;

export function isVariableName(name: unknown): name is string {
  return typeof name === 'string' && VARIABLE.test(name);
}

/** `vars:` of anything: names are checked, templates compiled; absent or empty gives none. */
export function readVars(context: LoadContext, spot: Spot): Readonly<Record<string, Raw>> {
  if (spot.value === undefined || spot.value === null) return {};
  if (!isMapping(spot.value)) {
    complain(context, spot, `must map names to values, not ${show(spot.value)}`);
    return {};
  }
  for (const name of keysOf(spot)) if (!isVariableName(name)) complainName(context, at(spot, name), name);
  checkTemplates(context, spot);
  warnOfLostText(context, spot);
  return spot.value;
}

export function complainName(context: { readonly problems: Problems }, spot: Spot, name: unknown): void {
  const better =
    typeof name === 'string'
      ? name
          .trim()
          .replace(/\W/g, '_')
          .replace(/^(?=\d)/, '_')
      : '';
  const hint = VARIABLE.test(better) ? `write \`${better}\`` : undefined;
  complain(context, spot, `${show(name)} is no variable name: letters, digits and _ only, no digit first`, hint);
}

function readVarsLayers(context: LoadContext, spot: Spot): readonly VarsLayer[] {
  const vars = readVars(context, spot);
  return Object.keys(vars).length > 0 ? [{ vars, source: `${spot.position.file}:${spot.position.line}` }] : [];
}

function readEnvironment(context: LoadContext, spot: Spot): readonly Raw[] {
  if (spot.value === undefined || spot.value === null) return [];
  checkTemplates(context, spot);
  return (Array.isArray(spot.value) ? elementsOf(spot) : [spot]).flatMap((one) => {
    if (isMapping(one.value) || isTemplate(one.value)) return [one.value];
    complain(context, one, `must map variables to values, not ${show(one.value)}`);
    return [];
  });
}

function readModuleDefaults(context: LoadContext, spot: Spot): Keywords['moduleDefaults'] {
  if (spot.value === undefined || spot.value === null) return [];
  if (!isMapping(spot.value)) complain(context, spot, `must map modules to arguments, not ${show(spot.value)}`);
  checkTemplates(context, spot);
  return keysOf(spot).flatMap((key) => readDefaultsOf(context, at(spot, key), key));
}

function readDefaultsOf(context: LoadContext, spot: Spot, key: string): Keywords['moduleDefaults'] {
  const module = context.modules.find(bareName(key));
  if (!module) {
    const hint = key.startsWith('group/')
      ? 'name each module: groups are not supported'
      : didYouMean(suggest(bareName(key), context.modules.names()));
    complain(context, spot, `unknown module \`${key}\``, hint);
    return [];
  }
  if (isMapping(spot.value)) return [{ [module.name]: spot.value }];
  complain(context, spot, `must map arguments to values, not ${show(spot.value)}`);
  return [];
}

/** Reports every key that is no keyword here, and those Ansible knows but tsplay does not. */
export function checkKeys(context: LoadContext, spot: Spot, allowed: ReadonlySet<string>, what: string): void {
  for (const key of keysOf(spot)) if (!allowed.has(key)) complainKey(context, at(spot, key), key, allowed, what);
}

export function complainKey(
  context: LoadContext,
  spot: Spot,
  key: string,
  allowed: ReadonlySet<string>,
  what: string,
): void {
  const wayOut = UNSUPPORTED_KEYWORDS[key];
  if (wayOut) complain(context, spot, `\`${key}\` is not supported`, wayOut);
  else complain(context, spot, `\`${key}\` is no keyword of ${what}`, didYouMean(suggest(key, allowed)));
}
