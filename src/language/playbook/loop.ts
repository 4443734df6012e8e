import { suggest } from '../suggest.ts';
import { complain, didYouMean, type LoadContext } from './context.ts';
import { UNSUPPORTED_KEYWORDS } from './keyword-table.ts';
import { complainName, isVariableName } from './keywords.ts';
import { readScalar } from './scalars.ts';
import { at, has, isMapping, keysOf, show, type Spot } from './spot.ts';
import { isLate } from './template-text.ts';
import type { Loop } from './types.ts';

const KINDS: Readonly<Record<string, Loop['kind']>> = {
  loop: 'loop',
  with_list: 'loop',
  with_items: 'items',
  with_dict: 'dict',
  with_first_found: 'first_found',
  with_sequence: 'sequence',
  with_fileglob: 'fileglob',
  with_subelements: 'subelements',
  with_nested: 'nested',
  with_cartesian: 'nested',
  with_together: 'together',
  with_indexed_items: 'indexed_items',
  with_flattened: 'flattened',
  with_inventory_hostnames: 'inventory_hostnames',
  with_lines: 'lines',
  with_random_choice: 'random_choice',
};

const CONTROLS = new Set(['loop_var', 'index_var', 'label', 'pause', 'extended', 'extended_allitems']);

/** `loop` or one of the `with_` forms, with `loop_control`. */
export function parseLoop(context: LoadContext, task: Spot): Loop | undefined {
  const keys = keysOf(task).filter((key) => key === 'loop' || key.startsWith('with_'));
  const [key, second] = keys;
  if (second)
    complain(context, at(task, second), `two loops in one task: ${key} and ${second}`, 'nest with include_tasks');
  const control = at(task, 'loop_control');
  if (key === undefined) {
    if (control.value !== undefined) complain(context, control, 'loop_control without a loop');
    return undefined;
  }
  const kind = KINDS[key.replace('ansible.builtin.', '')];
  if (!kind) complainLookup(context, at(task, key), key);
  else checkOver(context, at(task, key), kind);
  return kind && { kind, over: at(task, key).value, ...readControl(context, control) };
}

function complainLookup(context: LoadContext, spot: Spot, key: string): void {
  const hint =
    UNSUPPORTED_KEYWORDS[key] ?? didYouMean(suggest(key, Object.keys(KINDS))) ?? 'use `loop: "{{ query(\'…\', …) }}"`';
  complain(context, spot, `there is no loop \`${key}\``, hint);
}

function checkOver(context: LoadContext, spot: Spot, kind: Loop['kind']): void {
  const { value } = spot;
  if (value === undefined || value === null) complain(context, spot, 'has nothing to loop over', 'write a list');
  if (kind === 'loop' && !Array.isArray(value) && !isLate(value) && value !== null) {
    const hint = typeof value === 'string' ? `write \`"{{ ${value} }}"\`` : 'a mapping becomes one with `| dict2items`';
    complain(context, spot, `must be a list, not ${show(value)}`, hint);
  }
  if (kind === 'dict' && !isMapping(value) && !isLate(value)) {
    complain(context, spot, `must be a mapping, not ${show(value)}`);
  }
}

function readControl(context: LoadContext, control: Spot): Omit<Loop, 'kind' | 'over'> {
  const isUsable = control.value === undefined || isMapping(control.value);
  if (!isUsable) complain(context, control, `must be a mapping, not ${show(control.value)}`);
  for (const key of keysOf(control)) if (!CONTROLS.has(key)) complainControl(context, at(control, key), key);
  const indexVariable = variableName(context, control, 'index_var');
  const pause = readScalar(context, control, 'pause', 'number');
  const label = at(control, 'label').value;
  return {
    variable: variableName(context, control, 'loop_var') ?? 'item',
    ...(indexVariable === undefined ? {} : { indexVariable }),
    ...(label === undefined ? {} : { label }),
    ...(pause === undefined ? {} : { pause }),
    isExtended: readScalar(context, control, 'extended', 'boolean') === true,
  };
}

function complainControl(context: LoadContext, spot: Spot, key: string): void {
  if (key === 'break_when') complain(context, spot, '`break_when` is not supported', 'filter the list before the loop');
  else complain(context, spot, `\`${key}\` is no part of loop_control`, didYouMean(suggest(key, CONTROLS)));
}

function variableName(context: LoadContext, control: Spot, key: string): string | undefined {
  if (!has(control, key)) return undefined;
  const spot = at(control, key);
  if (isVariableName(spot.value)) return spot.value;
  complainName(context, spot, spot.value);
  return undefined;
}
