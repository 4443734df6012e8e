import type { Applied, Change, ChangeKind, Diff } from '../contract/change.ts';
import { UnknownReading } from '../contract/probe.ts';
import { TaskError } from '../contract/task-error.ts';
import { predictedRefusal } from './predicted-refusal.ts';
import type { Foreseen } from './look-ahead.ts';
import type { Situation } from './situation.ts';
import { takeBack } from './take-back.ts';

/** A module with its arguments, on one host as one user. */
export interface Convergence {
  readonly situation: Situation;
  readonly args: unknown;
  /** Somebody will read the result in full. */
  readonly isRegistered: boolean;
  /** What was observed ahead of the task's turn, and is still true. */
  readonly foreseen?: Foreseen;
  /** The whole run checks, so that later tasks must see what this one would have done. */
  readonly isCheckRun: boolean;
  readonly kindOf: (change: Change) => ChangeKind<Change>;
  /** Whether an earlier task might do to the host what nobody can foresee. Only asked where check mode found an obstacle. */
  readonly isUncertain: () => boolean;
  /** Called after each invalidation, so that the verifying read and the reads of coming tasks share a frame. */
  readonly onInvalidated: () => void;
}

export interface Outcome {
  readonly status: 'ok' | 'changed' | 'unknown';
  readonly message?: string;
  readonly diffs: readonly Diff[];
  readonly actions: readonly string[];
  readonly values: Readonly<Record<string, unknown>>;
}

/** Observe, plan, apply, then observe and plan again: a change counts only when the host confirms it. */
export async function converge(task: Convergence): Promise<Outcome> {
  try {
    const current = task.foreseen
      ? task.foreseen.current
      : await task.situation.module.observe(task.args, task.situation.reads.read, task.situation.view);
    const changes = task.situation.module.plan(task.args, current);
    if (changes.length === 0) return unchanged(task, current);
    return task.situation.isCheckMode ? foretell(task, current, changes) : await enact(task, current, changes);
  } catch (error) {
    if (error instanceof UnknownReading)
      return { status: 'unknown', message: error.message, diffs: [], actions: [], values: {} };
    throw error;
  }
}

/** The same at once, for a task that was observed ahead and has nothing to change; undefined when there is more to it. */
export function outcomeIfConverged(
  situation: Situation,
  { args, current }: Foreseen,
  isRegistered: boolean,
): Outcome | undefined {
  try {
    if (situation.module.plan(args, current).length > 0) return undefined;
    return unchanged({ situation, args, isRegistered }, current);
  } catch {
    // It says so again where failures are told apart.
    return undefined;
  }
}

function unchanged(task: Pick<Convergence, 'situation' | 'args' | 'isRegistered'>, current: unknown): Outcome {
  const values = task.isRegistered ? fullResultOf(task, current, []) : resultOf(task, current, []);
  return { status: 'ok', diffs: [], actions: [], values };
}

async function foretell(task: Convergence, current: unknown, changes: readonly Change[]): Promise<Outcome> {
  const { link, reads } = task.situation;
  const refusal = await predictedRefusal(changes, { read: reads.read, overlay: link.overlay, kindOf: task.kindOf });
  if (refusal !== undefined && !task.isUncertain()) throw new TaskError(refusal, { changed: false });
  if (task.isCheckRun) layOver(task, changes);
  const described = describeChanges(task, changes);
  if (task.situation.module.converges === false) {
    return { status: 'unknown', message: `would ${described.actions.join('; ')}`, ...described, values: {} };
  }
  if (refusal !== undefined) return { status: 'unknown', message: `${refusal}, ${UNLESS}`, ...described, values: {} };
  return { status: 'changed', ...described, values: fullResultOf(task, current, []) };
}

/** Later tasks see what these changes would leave; what a command would, nobody can say. */
function layOver({ situation, kindOf }: Convergence, changes: readonly Change[]): void {
  const { link, module } = situation;
  for (const change of changes) {
    const kind = kindOf(change);
    link.overlay.add(kind.predict(change), module.converges === false ? [] : kind.touches(change));
  }
}

const UNLESS = 'unless an earlier task that check mode could not foresee sees to that';

async function enact(task: Convergence, current: unknown, changes: readonly Change[]): Promise<Outcome> {
  const described = describeChanges(task, changes);
  const applied = await applyAll(task, changes, described.actions);
  task.onInvalidated();
  if (task.situation.module.converges === false)
    return { status: 'changed', ...described, values: resultOf(task, current, applied) };
  const { module, reads, verifyingView } = task.situation;
  const after = await module.observe(task.args, reads.read, verifyingView);
  const left = task.situation.module.plan(task.args, after);
  if (left.length > 0) throw notConverged(task, left, described);
  return { status: 'changed', ...described, values: fullResultOf(task, after, applied) };
}

async function applyAll(
  task: Convergence,
  changes: readonly Change[],
  actions: readonly string[],
): Promise<readonly Applied[]> {
  const applied: Applied[] = [];
  for (const change of changes) {
    const kind = task.kindOf(change);
    try {
      applied.push(await kind.apply(change, task.situation.session));
    } catch (error) {
      if (!(error instanceof TaskError)) throw error;
      const back = await takeBack({ failed: change, error }, task.situation.session, task.kindOf);
      task.situation.link.invalidate(back.touches);
      throw new TaskError(
        error.message + back.message,
        { ...error.detail, ...back.detail, changed: applied.length > 0, done: actions.slice(0, applied.length) },
        { cause: error },
      );
    } finally {
      task.situation.link.invalidate(kind.touches(change));
    }
  }
  return applied;
}

function notConverged(
  task: Convergence,
  left: readonly Change[],
  done: { readonly actions: readonly string[] },
): TaskError {
  const wanted = left.map((change) => task.kindOf(change).describe(change)).join('; ');
  return new TaskError(`did not converge: after ${done.actions.join('; ')} the host still needs: ${wanted}`, {
    changed: true,
    done: done.actions,
  });
}

function describeChanges(task: Convergence, changes: readonly Change[]) {
  return {
    diffs: changes.map((change) => task.kindOf(change).diff(change)),
    actions: changes.map((change) => task.kindOf(change).describe(change)),
  };
}

function resultOf(
  task: Pick<Convergence, 'situation' | 'args'>,
  current: unknown,
  applied: readonly Applied[],
): Readonly<Record<string, unknown>> {
  const facts = Object.assign({}, ...applied.map((one) => one.facts ?? {}));
  return { ...facts, ...task.situation.module.result?.(task.args, current, applied) };
}

function fullResultOf(
  task: Pick<Convergence, 'situation' | 'args'>,
  current: unknown,
  applied: readonly Applied[],
): Readonly<Record<string, unknown>> {
  return { ...resultOf(task, current, applied), ...task.situation.module.details?.(task.args, current, applied) };
}
