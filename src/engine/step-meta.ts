import type { Result } from '../contract/result.ts';
import type { Meta, Task } from '../language/playbook/types.ts';
import { firstFalse } from './conditions.ts';
import { failureOf } from './failures.ts';
import type { HostRun } from './host-run.ts';
import { labelOf } from './labels.ts';
import type { Order } from '../contract/order.ts';
import { asTask, type Progress } from './progress.ts';
import { conclude } from './conclude.ts';
import { inTurn } from './step-task.ts';

/** A meta task's turn; `flush` leaves running the handlers to the caller. */
export async function stepMeta(host: HostRun, meta: Meta, order: Order): Promise<Progress | 'flush'> {
  const task = asTask(meta);
  const scope = host.scope(meta);
  const label = labelOf(meta, order, scope, false);
  let isFlush = false;
  const progress = await inTurn(host, task, { order, label, scope }, async (_, { isFatal }) => {
    const isWanted = whenHolds(host, task);
    if (typeof isWanted !== 'boolean') return conclude(host, task, label, isWanted, { isFatal, elapsedMs: 0 });
    isFlush = isWanted && meta.action === 'flush_handlers';
    return isWanted ? act(host, meta) : 'done';
  });
  return isFlush && progress === 'done' ? 'flush' : progress;
}

function whenHolds(host: HostRun, task: Task): boolean | Result {
  try {
    return firstFalse(task.keywords.when, host.scope(task), host.run.compiler.expression) === undefined;
  } catch (error) {
    return failureOf(error, task.position);
  }
}

async function act(host: HostRun, { action }: Meta): Promise<Progress> {
  switch (action) {
    case 'end_host':
      return host.leave('ended', undefined);
    case 'end_play':
    case 'end_batch':
      host.batch.ended = action === 'end_play' ? 'play' : 'batch';
      return host.leave('ended', undefined);
    case 'end_role':
      return 'end-role';
    case 'clear_host_errors':
      host.run.lost.clear();
      host.run.recap.forgive();
      return 'done';
    case 'clear_facts':
      host.variables.clearFacts();
      return 'done';
    case 'reset_connection':
      await host.run.links.reset(host.name);
      return 'done';
    // Running the handlers is the walk's part.
    case 'flush_handlers':
    case 'refresh_inventory':
    case 'noop':
      return 'done';
  }
}
