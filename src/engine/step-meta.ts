import type { Meta } from '../language/playbook/types.ts';
import type { HostRun } from './host-run.ts';
import { labelOf } from './labels.ts';
import type { Order } from './pacer.ts';
import { asTask, type Progress } from './progress.ts';
import { runTask } from './run-task.ts';
import { conclude, keepStep } from './step-task.ts';

/** A meta task's turn; `flush` leaves running the handlers to the caller. */
export async function stepMeta(host: HostRun, meta: Meta, order: Order): Promise<Progress | 'flush'> {
  const task = asTask(meta);
  const label = labelOf(meta, order, host.scope(meta), false);
  const verdict = await keepStep(host, task, order, label);
  if (verdict !== 'go-on') return verdict;
  const skip = await runTask(host, { ...task, module: 'meta', args: { action: meta.action } }, label);
  if (skip.status === 'skipped') return 'done';
  if (skip.status === 'failed') return conclude(host, task, label, skip, 0);
  return act(host, meta);
}

async function act(host: HostRun, { action }: Meta): Promise<Progress | 'flush'> {
  switch (action) {
    case 'flush_handlers':
      return 'flush';
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
      return 'done';
    case 'clear_facts':
      host.variables.clearFacts();
      return 'done';
    case 'reset_connection':
      await host.run.links.reset(host.name);
      return 'done';
    case 'refresh_inventory':
    case 'noop':
      return 'done';
  }
}
