import { suggest } from '../suggest.ts';
import { complain, didYouMean, type LoadContext, type RoleUse } from './context.ts';
import { flatten } from './import.ts';
import { ROLE_KEYWORDS, UNSUPPORTED_KEYWORDS } from './keyword-table.ts';
import { isVariableName, readKeywords, readVars } from './keywords.ts';
import { readScalar } from './scalars.ts';
import { at, elementsOf, has, isMapping, keysOf, show, type Spot } from './spot.ts';
import { isTemplate } from './template-text.ts';
import type { Raw } from './types.ts';

interface RoleMeta {
  readonly dependencies: Spot;
  readonly allowsDuplicates: boolean;
}

/** `meta/main.yml`; what does not concern a run (galaxy_info, argument_specs) is let pass. */
export function readRoleMeta(context: LoadContext, document: Spot | undefined, path: string): RoleMeta {
  const spot = document && { ...document, path: `${path}.meta` };
  if (!spot || spot.value === null) return { dependencies: absent, allowsDuplicates: false };
  if (!isMapping(spot.value)) complain(context, spot, `must be a mapping, not ${show(spot.value)}`);
  const allowsDuplicates = readScalar(context, spot, 'allow_duplicates', 'boolean') === true;
  return { dependencies: at(spot, 'dependencies'), allowsDuplicates };
}

const absent: Spot = { value: undefined, position: { file: '', line: 1, column: 1 }, path: '' };

export function dependenciesOf(context: LoadContext, meta: RoleMeta, parents: readonly string[]): readonly RoleUse[] {
  return readRoleUses(context, meta.dependencies, parents);
}

/** `roles:` of a play or `dependencies:` of a role: names, or mappings with keywords and parameters. */
export function readRoleUses(context: LoadContext, list: Spot, parents: readonly string[]): readonly RoleUse[] {
  const { value } = list;
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) complain(context, list, `must be a list of roles, not ${show(value)}`);
  return elementsOf(list).flatMap((spot) => readRoleUse(context, spot, parents) ?? []);
}

function readRoleUse(context: LoadContext, spot: Spot, parents: readonly string[]): RoleUse | undefined {
  const named = isMapping(spot.value) ? at(spot, nameKey(spot)) : spot;
  if (typeof named.value !== 'string' || named.value.trim() === '' || isTemplate(named.value)) {
    const near = named.value === undefined ? keysOf(spot).find((key) => suggest(key, ['role'])) : undefined;
    const hint = isTemplate(named.value) ? 'use include_role' : (didYouMean(near && 'role') ?? 'write `- role: name`');
    complain(
      context,
      near === undefined ? named : at(spot, near),
      `must be the name of a role, not ${show(named.value)}`,
      hint,
    );
    return undefined;
  }
  const own = readKeywords(context, isMapping(spot.value) ? spot : { ...spot, value: {} });
  const params = readParams(context, spot);
  const vars = flatten(own.vars);
  return { name: named.value.trim(), spot, params, vars, own: { ...own, vars: [] }, from: {}, parents };
}

function nameKey(spot: Spot): string {
  return has(spot, 'role') || !has(spot, 'name') ? 'role' : 'name';
}

/** Any key of a role's entry that is no keyword is a parameter, so one that nearly is a keyword is asked about. */
function readParams(context: LoadContext, spot: Spot): Readonly<Record<string, Raw>> {
  const keys = keysOf(spot).filter((key) => !ROLE_KEYWORDS.has(key));
  const params: Record<string, Raw> = {};
  for (const key of keys) {
    if (isSuspicious(context, at(spot, key), key)) continue;
    params[key] = at(spot, key).value;
  }
  const mapping = { ...spot, value: params };
  return readVars(context, mapping);
}

function isSuspicious(context: LoadContext, spot: Spot, key: string): boolean {
  const wayOut = UNSUPPORTED_KEYWORDS[key];
  const near = suggest(key, ROLE_KEYWORDS);
  if (wayOut) complain(context, spot, `\`${key}\` is not supported`, wayOut);
  else if (near !== undefined && isVariableName(key)) {
    const hint = `${didYouMean(near)} a parameter of that name goes under \`vars:\``;
    complain(context, spot, `\`${key}\` is no keyword of a role, and close to one`, hint);
  } else return false;
  return true;
}
