import { suggest } from '../suggest.ts';
import { complain, didYouMean, type LoadContext } from './context.ts';
import { argFields } from './arg-schema.ts';
import { bareName, TASK_KEYWORDS, UNSUPPORTED_KEYWORDS } from './keyword-table.ts';
import { at, has, isMapping, keysOf, show, type Spot } from './spot.ts';
import { splitWords } from './words.ts';

/** The one key of a task that says what it does. */
export interface ModuleCall {
  /** As written: `ansible.builtin.apt`. */
  readonly key: string;
  /** Without the collection: `apt`. */
  readonly name: string;
  /** Its arguments as written. */
  readonly args: Spot;
  /** Named by `local_action`: runs on the controller. */
  readonly isLocal: boolean;
}

/** Statements that look like modules but are part of the language. */
export const LANGUAGE_ACTIONS = ['include_tasks', 'include_role', 'import_tasks', 'import_role', 'meta'] as const;
const REMOVED: Readonly<Record<string, string>> = {
  include: 'use include_tasks, or import_tasks for a file known before the run',
  import_playbook: 'it stands at the top level of a playbook, beside plays',
};

/** Finds what a task does; reports when that is nothing, several things or something unknown. */
export function findCall(context: LoadContext, task: Spot): ModuleCall | undefined {
  const candidates = keysOf(task).filter((key) => !TASK_KEYWORDS.has(key) && !key.startsWith('with_'));
  const supported = candidates.filter((key) => !(key in UNSUPPORTED_KEYWORDS));
  for (const key of candidates) if (!supported.includes(key)) complainUnsupported(context, at(task, key), key);
  const calls = [
    ...supported.filter((key) => isKnown(context, key)).map((key) => callOf(task, key)),
    ...actions(context, task),
  ];
  const [call, second] = calls;
  const strays = supported.filter((key) => !isKnown(context, key));
  if (second) complainTwo(context, call, second);
  if (call) for (const key of strays) complainStray(context, at(task, key), key, call);
  else if (strays.length > 0) for (const key of strays) complainUnknown(context, at(task, key), key);
  else if (!has(task, 'action') && !has(task, 'local_action')) complainNone(context, task, candidates);
  return call;
}

function isKnown(context: LoadContext, key: string): boolean {
  const name = bareName(key);
  return LANGUAGE_ACTIONS.some((action) => action === name) || context.modules.find(name) !== undefined;
}

function callOf(task: Spot, key: string): ModuleCall {
  return { key, name: bareName(key), args: at(task, key), isLocal: false };
}

/** `action: copy src=a dest=b`, `local_action: {module: copy, src: a}` */
function actions(context: LoadContext, task: Spot): readonly ModuleCall[] {
  return ['action', 'local_action']
    .filter((key) => has(task, key))
    .flatMap((key) => {
      const call = actionCall(at(task, key), key === 'local_action');
      if (!call) complain(context, at(task, key), 'names no module', `write \`${key}: module key=value\``);
      else if (isKnown(context, call.key)) return [call];
      else complainUnknown(context, at(task, key), call.key);
      return [];
    });
}

function actionCall(spot: Spot, isLocal: boolean): ModuleCall | undefined {
  if (typeof spot.value === 'string') {
    const [word] = splitWords(spot.value);
    if (!word) return undefined;
    const args = { ...spot, value: spot.value.slice(word.end).trim() };
    return { key: word.text, name: bareName(word.text), args, isLocal };
  }
  if (!isMapping(spot.value) || typeof spot.value.module !== 'string') return undefined;
  const { module, ...rest } = spot.value;
  return { key: module, name: bareName(module), args: { ...spot, value: rest }, isLocal };
}

function complainUnsupported(context: LoadContext, spot: Spot, key: string): void {
  complain(context, spot, `\`${key}\` is not supported`, UNSUPPORTED_KEYWORDS[key]);
}

function complainTwo(context: LoadContext, first: ModuleCall | undefined, second: ModuleCall): void {
  complain(context, second.args, `two modules in one task: ${first?.key} and ${second.key}`, 'make it two tasks');
}

function complainNone(context: LoadContext, task: Spot, candidates: readonly string[]): void {
  if (candidates.length > 0) return;
  const near = keysOf(task).length === 0 ? 'it is empty' : `it has only keywords: ${keysOf(task).join(', ')}`;
  complain(context, task, 'this task names no module', near);
}

/** A key beside a module that is neither keyword nor module: a typo, or an argument with too little indentation. */
function complainStray(context: LoadContext, spot: Spot, key: string, call: ModuleCall): void {
  const module = context.modules.find(call.name);
  const isArgument = module !== undefined && Object.hasOwn(argFields(module.args), key);
  const hint = isArgument
    ? `it is an argument of ${call.name}: indent it below \`${call.key}:\``
    : didYouMean(suggest(key, TASK_KEYWORDS));
  complain(context, spot, `\`${key}\` is no keyword of a task`, hint);
}

/** What does here what these do in Ansible. */
const INSTEAD: Readonly<Record<string, string>> = {
  reboot: 'use `reboot-and-wait`, which reboots only where a reason exists',
  yum: 'use `package`',
  dnf: 'use `package`',
  raw: 'use `shell`, which needs no Python here',
  pause: 'use `wait_for: {timeout: …}`',
  grubby: 'use `kernel-cmdline`',
  replace: 'use `lineinfile` or `template`',
};

function complainUnknown(context: LoadContext, spot: Spot, key: string): void {
  const wayOut = REMOVED[bareName(key)];
  const near = suggest(bareName(key).split('.').at(-1) ?? key, context.modules.names());
  const hint =
    wayOut ??
    INSTEAD[bareName(key).split('.').at(-1) ?? key] ??
    didYouMean(near ?? suggest(key, TASK_KEYWORDS)) ??
    'see `tsplay doc` for the modules there are';
  complain(context, spot, wayOut ? `\`${key}\` cannot be used here` : `unknown module ${show(key)}`, hint);
}
