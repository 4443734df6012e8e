import type { TaskLabel } from '../contract/event.ts';
import type { Result } from '../contract/result.ts';
import type { Task } from '../language/playbook/types.ts';
import type { HostRun } from './host-run.ts';
import { learn, notify } from './learn.ts';
import type { Progress } from './progress.ts';
import { regroup } from './regroup.ts';
import { registered, registeredLoop } from './results.ts';
import { hide } from './run-task.ts';

const INVENTORY = new Set(['add_host', 'group_by']);

export interface Circumstances {
  /** Its failure is the failure of all hosts. */
  readonly isFatal: boolean;
  readonly elapsedMs: number;
}

/** Counts, reports and learns from a result, and says where the host goes from here. */
export function conclude(
  host: HostRun,
  task: Task,
  label: TaskLabel,
  result: Result,
  { isFatal, elapsedMs }: Circumstances,
): Progress {
  const final = result.isCopy
    ? result
    : notify(host, task, INVENTORY.has(task.module) ? regroup(host, result) : result);
  if (!result.isCopy && !isSilent(task, final)) host.run.recap.add(host.name, final, host.rescues.length > 0);
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
  return final.status === 'unreachable' ? loseTouch(host, label, isFatal) : fail(host, task, label, final, isFatal);
}

/** Ansible counts an include of tasks, but not one of a role. */
function isSilent(task: Task, { status }: Result): boolean {
  return task.module === 'include_role' && status === 'ok';
}

function loseTouch(host: HostRun, label: TaskLabel, isFatal: boolean): Progress {
  host.run.lost.set(host.name, 'unreachable');
  host.batch.recordFailure(host.name, undefined, isFatal);
  return host.leave('unreachable', `at "${label.name}"`);
}

function fail(host: HostRun, task: Task, label: TaskLabel, result: Result, isFatal: boolean): Progress {
  host.variables.register('ansible_failed_task', { name: label.name, action: task.module });
  host.variables.register(
    'ansible_failed_result',
    task.loop && result.items ? registeredLoop(result, task.loop.variable) : registered(result),
  );
  host.batch.recordFailure(host.name, host.rescues.at(-1), isFatal);
  if (host.rescues.length === 0) host.run.recap.stoppedAt(host.name, `at "${label.name}"`);
  return 'failed';
}
