import type { TaskLabel } from '../contract/event.ts';
import type { Result } from '../contract/result.ts';
import type { Task } from '../language/playbook/types.ts';
import { conclude } from './conclude.ts';
import { type Demands, demandsOf } from './demands.ts';
import { failureOf } from './failures.ts';
import type { HostRun } from './host-run.ts';
import { labelOf } from './labels.ts';
import type { Order } from '../contract/order.ts';
import type { Meeting } from './pacer.ts';
import type { Progress } from './progress.ts';
import { runTask } from './run-task.ts';
import type { VariableScope } from './scope.ts';

/** What a statement does once its turn has come. */
type Action = (meeting: Meeting | undefined, demands: Demands) => Promise<Progress> | Progress;

/** One task's turn on one host, from waiting for the others to what the host learns from it. */
export function stepTask(host: HostRun, task: Task, order: Order, isHandler: boolean): Promise<Progress> | Progress {
  const scope = host.scope(task);
  const label = labelOf(task, order, scope, isHandler);
  return inTurn(host, task, { order, label, scope }, (meeting, demands) => {
    host.lookAhead.reach(task);
    host.run.emit({ type: 'task.started', play: host.batch.playId, task: label, host: host.name });
    const start = performance.now();
    const done = (result: Result) =>
      conclude(host, task, label, result, { isFatal: demands.isFatal, elapsedMs: performance.now() - start });
    const result = execute(host, { task, label, order, demands }, meeting);
    return result instanceof Promise ? result.then(done) : done(result);
  });
}

/**
 * Waits for the others where one host's outcome can matter to another, before and after what is done. Where nothing has to be
 * waited for there is no promise either.
 */
export function inTurn(
  host: HostRun,
  task: Task,
  turn: { readonly order: Order; readonly label: TaskLabel; readonly scope: VariableScope },
  action: Action,
): Promise<Progress> | Progress {
  const { order, label, scope } = turn;
  const demands = demandsOrFailure(host, task, scope);
  if ('status' in demands) return conclude(host, task, label, demands, { isFatal: false, elapsedMs: 0 });
  const act = (meeting: Meeting | undefined) => {
    const verdict = verdictFor(host, label);
    return verdict === 'go-on' ? action(meeting, demands) : verdict;
  };
  const { batch } = host;
  const isJoint = batch.isLinear && (demands.looksAtOthers || batch.isLockstep);
  if (!isJoint) batch.pacer.advance(host.name, order);
  const progress = isJoint ? batch.pacer.meet(host.name, order).then(act) : act(undefined);
  return demands.isSeenByOthers ? showOthers(host, turn, progress) : progress;
}

/** Waits until the others can see what was done. */
async function showOthers(
  host: HostRun,
  { order, label }: { readonly order: Order; readonly label: TaskLabel },
  underway: Promise<Progress> | Progress,
): Promise<Progress> {
  const progress = await underway;
  if (progress !== 'done') return progress;
  const place = [...order, Number.MAX_SAFE_INTEGER];
  // Under the strategies that let every host go its own way nobody waits.
  if (host.batch.isLinear) await host.batch.pacer.meet(host.name, place);
  else host.batch.pacer.advance(host.name, place);
  const after = verdictFor(host, label);
  return after === 'go-on' ? progress : after;
}

function demandsOrFailure(host: HostRun, task: Task, scope: VariableScope): Demands | Result {
  try {
    return demandsOf(host, task, scope);
  } catch (error) {
    return failureOf(error, task.position);
  }
}

function verdictFor(host: HostRun, label: TaskLabel): 'go-on' | Progress {
  const { batch } = host;
  if (host.run.stop.isRequested) return host.leave('stopped', `before "${label.name}"`);
  if (batch.ended) return host.leave('ended', undefined);
  const verdict = batch.verdictFor(host.name, host.rescues.at(-1));
  if (verdict === 'rescue') return 'failed';
  return verdict === 'stop' && host.cleanups === 0 ? host.stopForOthers(label.name) : 'go-on';
}

interface Turn {
  readonly task: Task;
  readonly label: TaskLabel;
  readonly order: Order;
  readonly demands: Demands;
}

/** Begins what waited for its place. */
type Start = () => Promise<Result> | Result;

function execute(host: HostRun, turn: Turn, meeting: Meeting | undefined): Promise<Result> | Result {
  const run = () => runTask(host, turn.task, turn.label);
  // A place for every host: nobody would wait, and twenty thousand turns through a queue cost a quarter of a second.
  const start: Start = host.batch.hosts.length <= host.run.settings.forks ? run : () => host.run.queue.add(run);
  const throttled = () => throttle(host, turn, start);
  return turn.demands.isOnce ? once(host, turn, meeting, throttled) : serialised(host, turn.task, throttled);
}

/** The first host in play order runs it; the others take its result over. */
async function once(host: HostRun, { task, order }: Turn, meeting: Meeting | undefined, start: Start): Promise<Result> {
  const slot = host.batch.onceAt(`${order.join('.')} ${task.id}`);
  const runner = meeting?.hosts[0] ?? slot.runner ?? host.name;
  slot.runner ??= runner;
  if (runner !== host.name) return { ...(await slot.result.promise), isCopy: true };
  const result = await start();
  slot.result.resolve(result);
  return result;
}

function throttle(host: HostRun, { task, demands }: Turn, start: Start): Promise<Result> | Result {
  if (!(demands.throttle > 0)) return start();
  return host.batch.throttleOf(task.id, demands.throttle).add(start);
}

/** Tasks that several hosts delegate to one machine run there one after the other. */
function serialised(host: HostRun, task: Task, start: Start): Promise<Result> | Result {
  if (task.keywords.delegateTo === undefined) return start();
  return host.run.delegates.run(String(task.keywords.delegateTo), start);
}
