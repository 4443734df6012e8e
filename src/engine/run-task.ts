import { setTimeout as sleep } from 'node:timers/promises';
import type { TaskLabel } from '../contract/event.ts';
import type { ItemResult, Result } from '../contract/result.ts';
import type { Loop, Task } from '../language/playbook/types.ts';
import { attempt } from './attempt.ts';
import { toBoolean } from './booleans.ts';
import { firstFalse } from './conditions.ts';
import { dependency, dependsOnUnrun, isUndefined } from './dependencies.ts';
import { failureOf } from './failures.ts';
import type { HostRun } from './host-run.ts';
import { learnItem } from './learn.ts';
import { loopItems, loopLocals } from './loops.ts';
import { toNumber } from './numbers.ts';
import { registered, skipped, sumOfItems, unknownResult } from './results.ts';
import type { VariableScope } from './scope.ts';
import { namesOf } from './template-names.ts';

/** Runs one task on one host: loop, when, until, ignore_errors. Neither throws nor rejects. */
export function runTask(host: HostRun, task: Task, label: TaskLabel): Promise<Result> | Result {
  const scope = host.scope(task);
  const result = resultOf(host, task, scope, () => runLoopOrOnce(host, task, scope, label));
  return result instanceof Promise
    ? result.then((settled) => finish(host, task, scope, settled))
    : finish(host, task, scope, result);
}

function runLoopOrOnce(host: HostRun, task: Task, scope: VariableScope, label: TaskLabel): Promise<Result> | Result {
  const unknown = unknownDependency(host, task, scope);
  if (unknown !== undefined) return unknownResult(`depends on ${unknown}, which check mode cannot know`);
  return task.loop ? runItems(host, task, task.loop, scope, label) : runWhenTrue(host, task, scope, label);
}

/** The first variable the task rests on whose value only a real run would give. */
function unknownDependency(host: HostRun, task: Task, scope: VariableScope): string | undefined {
  const { unknown } = host.variables;
  return unknown.size === 0 ? undefined : dependency(host, namesOf(host, task, scope), scope, unknown);
}

async function runItems(
  host: HostRun,
  task: Task,
  loop: Loop,
  scope: VariableScope,
  label: TaskLabel,
): Promise<Result> {
  const items = itemsOrNone(host, task, loop, scope);
  if (items === undefined)
    return skipped('Conditional result was False', { skip_reason: 'Conditional result was False' });
  const results: ItemResult[] = [];
  for (const [index, item] of items.entries()) {
    if (index > 0) await pause(loop, scope, host.run.stop.signal);
    const result = await runItem(host, task, loop, scope.with(loopLocals(loop, items, index)), label, item);
    results.push(result);
    learnItem(host, task, result);
    host.run.emit({
      type: 'item.finished',
      play: host.batch.playId,
      task: label,
      host: host.name,
      result: shownItem(result),
    });
    if (result.status === 'unreachable') break;
  }
  return sumOfItems(results);
}

async function runItem(
  host: HostRun,
  task: Task,
  loop: Loop,
  scope: VariableScope,
  label: TaskLabel,
  item: unknown,
): Promise<ItemResult> {
  const result = await resultOf(host, task, scope, () => runWhenTrue(host, task, scope, label));
  const isHidden = noLog(task, scope);
  const values = { ...result.values, [loop.variable]: item, ...(loop.variable === 'item' ? {} : { item }) };
  const text = loop.label === undefined ? item : scope.render(loop.label);
  return { ...result, values, isHidden, label: isHidden ? '(hidden)' : labelText(text) };
}

/** What is thrown is a result too. A promise only where there is one: a converged task that was looked at ahead makes none. */
function resultOf(
  host: HostRun,
  task: Task,
  scope: VariableScope,
  run: () => Promise<Result> | Result,
): Promise<Result> | Result {
  try {
    const result = run();
    return result instanceof Promise ? result.catch((error: unknown) => failureIn(host, task, scope, error)) : result;
  } catch (error) {
    return failureIn(host, task, scope, error);
  }
}

/** What is missing because check mode left a command out is no mistake of the playbook. */
function failureIn(host: HostRun, task: Task, scope: VariableScope, error: unknown): Result {
  const { unrun } = host.variables;
  const isMissing = isUndefined(error) && unrun.size > 0;
  const missing = isMissing ? dependency(host, namesOf(host, task, scope), scope, unrun) : undefined;
  return missing === undefined ? failureOf(error, task.position) : unknownResult(dependsOnUnrun(missing));
}

/** As Ansible: an undefined loop expression is forgiven when `when` is false without it. */
function itemsOrNone(host: HostRun, task: Task, loop: Loop, scope: VariableScope): readonly unknown[] | undefined {
  try {
    return loopItems(loop, scope, host.lookup);
  } catch (error) {
    if (isFalseWithoutItem(host, task, scope)) return undefined;
    throw error;
  }
}

function isFalseWithoutItem(host: HostRun, task: Task, scope: VariableScope): boolean {
  try {
    return firstFalse(task.keywords.when, scope, host.run.compiler.expression) !== undefined;
  } catch {
    return false;
  }
}

async function pause(loop: Loop, scope: VariableScope, signal: AbortSignal): Promise<void> {
  const seconds = toNumber(scope.render(loop.pause) ?? 0, 'pause');
  if (seconds > 0) await sleep(seconds * 1000, undefined, { signal });
}

function runWhenTrue(host: HostRun, task: Task, scope: VariableScope, label: TaskLabel): Promise<Result> | Result {
  const isFalse = firstFalse(task.keywords.when, scope, host.run.compiler.expression);
  if (isFalse)
    return skipped('Conditional result was False', {
      skip_reason: 'Conditional result was False',
      false_condition: isFalse.expression,
    });
  return task.until === undefined && task.retries === undefined
    ? attempt(host, task, scope, label)
    : retry(host, task, scope, label);
}

/** Executes up to `retries` + 1 times, as Ansible counts, until the condition holds (or the task does not fail). */
async function retry(host: HostRun, task: Task, scope: VariableScope, label: TaskLabel): Promise<Result> {
  const retries = toNumber(scope.render(task.retries) ?? 3, 'retries');
  const delayMs = toNumber(scope.render(task.delay) ?? 5, 'delay') * 1000;
  for (let tries = 1; ; tries++) {
    const result = await resultOf(host, task, scope, () => attempt(host, task, scope, label));
    if (result.status === 'unreachable' || isEnough(host, task, scope, result)) return { ...result, attempts: tries };
    if (tries > retries && result.values.failed_when_result === false) {
      // failed_when has the last word on how it went; only what is registered says that `until` never held.
      return { ...result, values: { ...result.values, failed: true }, attempts: tries - 1 };
    }
    if (tries > retries) {
      const message = `${result.message ?? 'the until condition never held'} (after ${tries} tries)`;
      return { ...result, status: 'failed', message, attempts: tries - 1 };
    }
    host.run.emit({
      type: 'task.retried',
      task: label,
      host: host.name,
      attempt: tries,
      retriesLeft: retries - tries + 1,
      result: hide(result, noLog(task, scope)),
    });
    await sleep(delayMs, undefined, { signal: host.run.stop.signal });
    // It may be another host's: a delegated task looks there again.
    host.connections.reach(task, scope).link.invalidate(['*']);
  }
}

function isEnough(host: HostRun, task: Task, scope: VariableScope, result: Result): boolean {
  if (result.status === 'unknown' || result.status === 'skipped') return true;
  if (task.until === undefined) return result.status !== 'failed';
  const seen = scope.with(task.register === undefined ? {} : { [task.register]: registered(result) });
  return firstFalse(task.until, seen, host.run.compiler.expression) === undefined;
}

function finish(host: HostRun, task: Task, scope: VariableScope, result: Result): Result {
  const { keywords } = task;
  try {
    const isIgnored =
      (result.status === 'failed' && toBoolean(scope.render(keywords.ignoreErrors) ?? false, 'ignore_errors')) ||
      (result.status === 'unreachable' &&
        toBoolean(scope.render(keywords.ignoreUnreachable) ?? false, 'ignore_unreachable'));
    return { ...result, isIgnored, isHidden: noLog(task, scope) };
  } catch (error) {
    return failureOf(error, task.position);
  }
}

function noLog(task: Task, scope: VariableScope): boolean {
  return toBoolean(scope.render(task.keywords.noLog) ?? false, 'no_log');
}

/** A result as reports may see it: no_log leaves nothing but how it went. */
export function hide(result: Result, isHidden: boolean): Result {
  if (!isHidden) return result;
  const items = result.items?.map((item) => ({ ...hide(item, true), label: '(hidden)' }));
  return {
    ...result,
    message: result.message === undefined ? undefined : 'hidden by no_log',
    diffs: [],
    actions: [],
    values: {},
    items,
    isHidden: true,
  };
}

function shownItem(item: ItemResult): ItemResult {
  return { ...hide(item, item.isHidden === true), label: item.label };
}

function labelText(value: unknown): string {
  if (typeof value === 'string') return value;
  return JSON.stringify(value, (_, member) => (typeof member === 'bigint' ? String(member) : member)) ?? String(value);
}
