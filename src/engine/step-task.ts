import type { TaskLabel } from '../contract/event.ts';
import type { Result } from '../contract/result.ts';
import type { Task } from '../language/playbook/types.ts';
import { freeNames } from './dependencies.ts';
import type { HostRun } from './host-run.ts';
import { labelOf } from './labels.ts';
import { learn, notify } from './learn.ts';
import type { Order } from './pacer.ts';
import type { Progress } from './progress.ts';
import { registered } from './results.ts';
import { hide, runTask } from './run-task.ts';

/** One task's turn on one host, from waiting for the others to what the host learns from it. */
export async function stepTask(host: HostRun, task: Task, order: Order, isHandler: boolean): Promise<Progress> {
  const label = labelOf(task, order, host.scope(task), isHandler);
  const verdict = await keepStep(host, task, order, label);
  if (verdict !== 'go-on') return verdict;
  host.lookAhead.reach(task);
  host.run.emit({ type: 'task.started', play: host.batch.playId, task: label, host: host.name });
  const start = performance.now();
  const result = await execute(host, task, label, order);
  return conclude(host, task, label, result, performance.now() - start);
}

/** Waits for the others where one host's outcome can matter to another; says whether to go on. */
export async function keepStep(host: HostRun, task: Task, order: Order, label: TaskLabel): Promise<'go-on' | Progress> {
  const { batch } = host;
  if (batch.isLockstep || needsOthers(host, task)) await batch.pacer.meet(host.name, order);
  else batch.pacer.advance(host.name, order);
  if (host.run.stop.isRequested) return host.leave('stopped', `before "${label.name}"`);
  if (batch.ended) return host.leave('ended', undefined);
  const verdict = batch.verdictFor(host.name, host.rescues.at(-1));
  if (verdict === 'rescue') return 'failed';
  return verdict === 'stop' ? host.leave('failed', `before "${label.name}", because other hosts failed`) : 'go-on';
}

function needsOthers(host: HostRun, task: Task): boolean {
  const { runOnce, delegateTo, anyErrorsFatal } = task.keywords;
  if (runOnce !== undefined || delegateTo !== undefined || anyErrorsFatal !== undefined) return true;
  return freeNames(task, host.run.compiler, host.run.registry).has('hostvars');
}

async function execute(host: HostRun, task: Task, label: TaskLabel, order: Order): Promise<Result> {
  const start = () => host.run.queue.add(() => runTask(host, task, label));
  if (task.keywords.runOnce === undefined) return serialised(host, task, start);
  const key = order.join('.');
  const known = host.batch.once.get(key);
  if (known) return { ...(await known), isCopy: true };
  const first = start();
  host.batch.once.set(key, first);
  return first;
}

/** Tasks that several hosts delegate to one machine run there one after the other. */
function serialised(host: HostRun, task: Task, start: () => Promise<Result>): Promise<Result> {
  if (task.keywords.delegateTo === undefined) return start();
  return host.run.delegates.run(String(task.keywords.delegateTo), start);
}

/** Counts, reports and learns from a result, and says where the host goes from here. */
export function conclude(host: HostRun, task: Task, label: TaskLabel, result: Result, elapsedMs: number): Progress {
  const final = result.isCopy ? result : notify(host, task, result);
  if (!result.isCopy) host.run.recap.add(host.name, final);
  learn(host, task, final);
  host.run.emit({
    type: 'task.finished',
    play: host.batch.playId,
    task: label,
    host: host.name,
    result: hide(final, final.isHidden === true),
    elapsedMs,
  });
  if (final.isIgnored || (final.status !== 'failed' && final.status !== 'unreachable')) return 'done';
  return final.status === 'unreachable' ? loseTouch(host, task, label) : fail(host, task, label, final);
}

function loseTouch(host: HostRun, task: Task, label: TaskLabel): Progress {
  host.run.lost.set(host.name, 'unreachable');
  host.batch.recordFailure(host.name, undefined, task.keywords.anyErrorsFatal !== undefined);
  return host.leave('unreachable', `at "${label.name}"`);
}

function fail(host: HostRun, task: Task, label: TaskLabel, result: Result): Progress {
  host.variables.register('ansible_failed_task', { name: label.name, action: task.module });
  host.variables.register('ansible_failed_result', registered(result));
  host.batch.recordFailure(host.name, host.rescues.at(-1), task.keywords.anyErrorsFatal !== undefined);
  if (host.rescues.length === 0) host.run.recap.stoppedAt(host.name, `at "${label.name}"`);
  return 'failed';
}
