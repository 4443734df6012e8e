import type { Block, Include, RoleStatement, Statement } from '../language/playbook/types.ts';
import type { HostRun } from './host-run.ts';
import { resolveInclude } from './includes.ts';
import { labelOf } from './labels.ts';
import type { Order } from '../contract/order.ts';
import { asTask, type Progress } from './progress.ts';
import { stepMeta } from './step-meta.ts';
import { conclude } from './conclude.ts';
import { inTurn, stepTask } from './step-task.ts';

/** Times one flush may go back to a handler defined earlier before we call it a circle. */
const HANDLER_PASSES = 100;

/** Takes a host through statements in order, until one of them ends its way. */
export async function walk(host: HostRun, statements: readonly Statement[], prefix: Order): Promise<Progress> {
  for (const [index, statement] of statements.entries()) {
    const going = step(host, statement, [...prefix, index]);
    const progress = going instanceof Promise ? await going : going;
    if (progress !== 'done') return progress;
  }
  return 'done';
}

function step(host: HostRun, statement: Statement, order: Order): Promise<Progress> | Progress {
  if (host.isBeforeStart(statement)) return 'done';
  switch (statement.kind) {
    case 'task':
      return host.isSelected(statement) ? stepTask(host, statement, order, false) : 'done';
    case 'block':
      return stepBlock(host, statement, order);
    case 'role':
      return stepRole(host, statement, order);
    case 'include':
      return host.isSelected(statement) ? stepInclude(host, statement, order) : 'done';
    case 'meta':
      if (!host.isSelected(statement)) return 'done';
      return stepMeta(host, statement, order).then((progress) =>
        progress === 'flush' ? flushHandlers(host, [...order, 0]) : progress,
      );
  }
}

async function stepBlock(host: HostRun, block: Block, order: Order): Promise<Progress> {
  const place = [...order, 0];
  const hasRescue = block.rescue.length > 0;
  if (hasRescue) host.rescues.push(place);
  let progress = await walk(host, block.body, place);
  if (hasRescue) host.rescues.pop();
  if (progress === 'failed' && hasRescue) {
    progress = await walk(host, block.rescue, [...order, 1]);
  }
  if (progress === 'left' && !host.isStoppedByOthers) return progress;
  host.cleanups += 1;
  const after = await walk(host, block.always, [...order, 2]);
  host.cleanups -= 1;
  return after === 'done' || progress === 'left' ? progress : after;
}

async function stepRole(host: HostRun, statement: RoleStatement, order: Order): Promise<Progress> {
  if (host.rolesDone.has(statement.key) && !statement.allowDuplicates) return 'done';
  if (host.hasStarted) host.rolesDone.add(statement.key);
  const progress = await walk(host, statement.body, order);
  return progress === 'end-role' ? 'done' : progress;
}

async function stepInclude(host: HostRun, include: Include, order: Order): Promise<Progress> {
  const scope = host.scope(include);
  const label = labelOf(include, order, scope, false);
  const task = asTask(include);
  let bodies: readonly (readonly Statement[])[] = [];
  const progress = await inTurn(host, task, { order, label, scope }, async (_, { isFatal }) => {
    host.run.emit({ type: 'task.started', play: host.batch.playId, task: label, host: host.name });
    const resolved = resolveInclude(host, include);
    bodies = resolved.bodies;
    return conclude(host, task, label, resolved.result, { isFatal, elapsedMs: 0 });
  });
  if (progress !== 'done') return progress;
  if (include.what === 'tasks') host.run.recap.include(host.name, bodies.length);
  for (const [index, body] of bodies.entries()) {
    const inner = await walk(host, body, [...order, index]);
    if (inner === 'end-role' && include.what === 'role') continue;
    if (inner !== 'done') return inner;
  }
  return 'done';
}

/**
 * Runs the handlers that wait, also those that handlers notify, until none does. A place in the definition order is the
 * same for every host, so that hosts meet at a handler whatever else was notified.
 */
export async function flushHandlers(host: HostRun, prefix: Order): Promise<Progress> {
  for (let pass = 0, last = -1; ; ) {
    const next = host.handlers.take();
    if (!next) return 'done';
    if (next.index <= last) pass++;
    if (pass > HANDLER_PASSES) return host.leave('failed', 'handlers notify each other in a circle');
    last = next.index;
    const progress = await stepHandler(host, next.statement, [...prefix, pass, next.index]);
    if (progress !== 'done') return progress;
  }
}

/** A notified handler runs whatever its tags are. */
function stepHandler(host: HostRun, statement: Statement, order: Order): Promise<Progress> | Progress {
  return statement.kind === 'task' ? stepTask(host, statement, order, true) : step(host, statement, order);
}
