import { complain, type LoadContext, type RoleParts, type Surroundings } from './context.ts';
import { idOf } from './base.ts';
import { readInclusion } from './include.ts';
import { inherit, readKeywords } from './keywords.ts';
import type { ModuleCall } from './module-call.ts';
import { readScalar } from './scalars.ts';
import { at, has, keysOf, type Spot } from './spot.ts';
import { isTemplate } from './template-text.ts';
import type { Raw, Statement, VarsLayer } from './types.ts';

const RUN_TIME_KEYWORDS = [
  'loop',
  'loop_control',
  'register',
  'until',
  'retries',
  'delay',
  'changed_when',
  'failed_when',
  'notify',
];

/** import_tasks and import_role: replaced by what they name, whose statements inherit the import's keywords. */
export function parseImport(
  context: LoadContext,
  spot: Spot,
  call: ModuleCall,
  around: Surroundings,
): readonly Statement[] {
  refuseRunTimeKeywords(context, spot, call);
  const inclusion = readInclusion(context, spot, call);
  if (!inclusion || !isLiteral(context, inclusion.target, call)) return [];
  const own = readKeywords(context, spot);
  if (inclusion.what === 'tasks') {
    const inside = { ...around, keywords: inherit(around.keywords, own), idPrefix: `${idOf(spot, around)}>` };
    return context.sources.tasks(inclusion.target, inside, context);
  }
  const use = {
    name: String(inclusion.target.value).trim(),
    spot: { ...spot, value: inclusion.target.value, path: inclusion.target.path },
    params: {},
    vars: flatten(own.vars),
    own: { ...own, vars: [] },
    from: readParts(inclusion.options),
    allowDuplicates: readScalar(context, inclusion.options, 'allow_duplicates', 'boolean') !== false,
    isPrivate: readScalar(context, inclusion.options, 'public', 'boolean') === false,
    parents: [],
  };
  const statement = context.sources.role(use, around, context);
  return statement ? [statement] : [];
}

function refuseRunTimeKeywords(context: LoadContext, spot: Spot, call: ModuleCall): void {
  for (const key of keysOf(spot)) {
    if (!RUN_TIME_KEYWORDS.includes(key) && !key.startsWith('with_')) continue;
    const hint = `use ${call.name.replace('import', 'include')}, which runs as one task`;
    complain(context, at(spot, key), `\`${key}\` cannot stand on ${call.name}: it is replaced before the run`, hint);
  }
}

function isLiteral(context: LoadContext, target: Spot, call: ModuleCall): boolean {
  if (!isTemplate(target.value)) return true;
  const hint = `use ${call.name.replace('import', 'include')}`;
  complain(context, target, 'what is imported must be known before the run, so no template', hint);
  return false;
}

/** Names of files other than `main`, as written in the options of an include_role or import_role. */
export function readParts(options: Spot): RoleParts {
  const parts = ['tasks', 'vars', 'defaults', 'handlers'].filter((part) => has(options, `${part}_from`));
  return Object.fromEntries(parts.map((part) => [part, String(at(options, `${part}_from`).value)]));
}

export function flatten(layers: readonly VarsLayer[]): Readonly<Record<string, Raw>> {
  return Object.fromEntries(layers.flatMap(({ vars }) => Object.entries(vars)));
}
