import type { Result } from '../contract/result.ts';
import type { Task } from '../language/playbook/types.ts';
import { toBoolean } from './booleans.ts';
import type { HostRun } from './host-run.ts';
import type { HostVariables } from './host-variables.ts';
import { failed, registered, registeredLoop } from './results.ts';
import type { VariableScope } from './scope.ts';

type Values = Readonly<Record<string, unknown>>;

/** Takes over what a task registers and the facts it found, and lets the look-ahead try again with them. */
export function learn(host: HostRun, task: Task, result: Result): void {
  const found = learnAllFacts(host, task, result);
  const { register } = task;
  if (register !== undefined && result.status === 'unknown') host.variables.registerUnknown(register);
  else if (register !== undefined)
    host.variables.register(register, task.loop ? registeredLoop(result, task.loop.variable) : registered(result));
  if (register !== undefined && isUnrun(result)) host.variables.unrun.add(register);
  if (register === undefined && found.length === 0) return;
  const learnt = new Set(found.flatMap(Object.keys));
  host.lookAhead.retry((name) => name === register || name === 'ansible_facts' || learnt.has(name));
}

/** A command that check mode leaves out says what it would run. */
function isUnrun({ status, actions, items = [] }: Result): boolean {
  return items.some(isUnrun) || (status === 'skipped' && actions.length > 0);
}

/** As in Ansible, the next item of a loop sees what this one set, and its result by the registered name. */
export function learnItem(host: HostRun, task: Task, item: Result): void {
  learnAllFacts(host, task, item);
  if (task.register !== undefined && item.status !== 'unknown')
    host.variables.register(task.register, registered(item));
}

const NOTHING: readonly Values[] = [];

function learnAllFacts(host: HostRun, task: Task, result: Result): readonly Values[] {
  if (result.items === undefined && result.values.ansible_facts === undefined) return NOTHING;
  return [result, ...(result.items ?? [])].flatMap((one) => {
    const facts = one.values.ansible_facts;
    if (typeof facts !== 'object' || facts === null) return [];
    const owner = ownerOfFacts(host, task, one);
    learnFacts(owner, task, facts as Values);
    if (task.module === 'set_fact' && isCacheable(host, task, one)) owner.addFacts(facts as Values);
    return [facts as Values];
  });
}

/** As in Ansible, within the run: such a fact stands in ansible_facts too, where play vars and the like outrank it. */
function isCacheable(host: HostRun, task: Task, one: Result): boolean {
  const { cacheable } = task.args;
  return cacheable !== undefined && toBoolean(scopeOf(host, task, one).render(cacheable), 'cacheable');
}

/** What the task's words meant for this item of its loop. */
function scopeOf(host: HostRun, task: Task, { values }: Result): VariableScope {
  return host.scope(task).with(task.loop ? { [task.loop.variable]: values[task.loop.variable] } : {});
}

/** With `delegate_facts` what was found belongs to the host that was asked, which may be another for each item. */
function ownerOfFacts(host: HostRun, task: Task, one: Result): HostVariables {
  const { delegateTo, delegateFacts } = task.keywords;
  if (delegateTo === undefined || delegateFacts === undefined) return host.variables;
  const scope = scopeOf(host, task, one);
  if (!toBoolean(scope.render(delegateFacts), 'delegate_facts')) return host.variables;
  return host.run.variablesOf(String(scope.render(delegateTo)));
}

function learnFacts(variables: HostVariables, task: Task, values: Values): void {
  if (task.module === 'set_fact') for (const [name, value] of Object.entries(values)) variables.register(name, value);
  else if (task.module === 'include_vars') variables.include(values);
  else variables.addFacts(values);
}

/** Makes the handlers of a changed task wait; a name nobody answers to makes the result a failure. */
export function notify(host: HostRun, task: Task, result: Result): Result {
  if (task.notify.length === 0 || result.status !== 'changed') return result;
  try {
    const scope = host.scope(task);
    const items = task.loop ? (result.items ?? []).filter((item) => item.status === 'changed') : [undefined];
    for (const item of items) {
      const seen = item && task.loop ? scope.with({ [task.loop.variable]: item.values[task.loop.variable] }) : scope;
      for (const name of [seen.render(task.notify)].flat(2)) host.handlers.notify(String(name));
    }
    return result;
  } catch (error) {
    return failed(error instanceof Error ? error.message : String(error), { changed: true });
  }
}
