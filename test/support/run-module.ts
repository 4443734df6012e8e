import type { Applied, Change, Diff } from '../../src/contract/change.ts';
import type { Connection } from '../../src/contract/connection.ts';
import type { HostSession } from '../../src/contract/host-session.ts';
import type { AnyModule, ControllerFiles, TaskView } from '../../src/contract/module.ts';
import type { Probe } from '../../src/contract/probe.ts';
import { kindOf } from '../../src/changes/kinds.ts';
import { TaskError } from '../../src/contract/task-error.ts';
import { CheckOverlay } from '../../src/engine/check-overlay.ts';
import { ReadAhead } from '../../src/engine/read-ahead.ts';
import { takeBack } from '../../src/engine/take-back.ts';
import { connectLocal } from '../../src/transport/local.ts';

export interface ModuleRun {
  /** What the first plan asked for. */
  readonly changes: readonly Change[];
  readonly diffs: readonly Diff[];
  readonly actions: readonly string[];
  readonly applied: readonly Applied[];
  /** The plan made from readings after the changes; empty when the module converged. */
  readonly remaining: readonly Change[];
  readonly values: Readonly<Record<string, unknown>>;
}

export interface HostUnderTest {
  readonly session: HostSession;
  read<Value>(probe: Probe<Value>): Promise<Value>;
  /** Observe, plan, apply, observe and plan again, as the engine does. */
  run(module: AnyModule, args: unknown): Promise<ModuleRun>;
  /** The same without the writes; later checks see what earlier ones planned. */
  check(module: AnyModule, args: unknown): Promise<ModuleRun>;
  apply(change: Change): Promise<Applied>;
  close(): Promise<void>;
}

export interface HostOptions {
  readonly shell?: readonly [string, ...string[]];
  readonly evaluate?: (expression: string) => unknown;
  readonly environment?: Readonly<Record<string, string>>;
  readonly controller?: ControllerFiles;
}

/** This machine through a real shell. Close it when done. */
export async function hostUnderTest(options: HostOptions = {}): Promise<HostUnderTest> {
  const { shell = ['sh'] } = options;
  const connection = await connectLocal({ host: 'here', shell, connectTimeoutMs: 10_000 });
  const session = sessionOver(connection);
  const overlay = new CheckOverlay();
  const live = new ReadAhead((commands) => session.exchange(commands), new CheckOverlay());
  const checked = new ReadAhead((commands) => session.exchange(commands), overlay);

  const apply = async (change: Change): Promise<Applied> => {
    try {
      return await kindOf(change).apply(change, session);
    } catch (error) {
      if (!(error instanceof TaskError)) throw error;
      const back = await takeBack({ failed: change, error }, session, kindOf);
      live.invalidate(back.touches);
      throw new TaskError(error.message + back.message, { ...error.detail, ...back.detail }, { cause: error });
    } finally {
      live.invalidate(kindOf(change).touches(change));
    }
  };
  const prepared = async (module: AnyModule, raw: unknown) => {
    const args: unknown = module.args.parse(raw);
    return module.prepare && options.controller ? await module.prepare(args, options.controller) : args;
  };
  const run = async (module: AnyModule, raw: unknown): Promise<ModuleRun> => {
    const args = await prepared(module, raw);
    const task = taskView(session, options, false);
    const changes = module.plan(args, await module.observe(args, live.read, task));
    const applied: Applied[] = [];
    for (const change of changes) applied.push(await apply(change));
    const current: unknown = await module.observe(args, live.read, { ...task, isVerifying: true });
    const remaining = module.converges === false ? [] : module.plan(args, current);
    return { ...described(changes), applied, remaining, values: valuesOf(module, args, current, applied) };
  };
  const check = async (module: AnyModule, raw: unknown): Promise<ModuleRun> => {
    const args = await prepared(module, raw);
    const current: unknown = await module.observe(args, checked.read, taskView(session, options, true));
    const changes = module.plan(args, current);
    for (const change of changes) overlay.add(kindOf(change).predict(change), kindOf(change).touches(change));
    return { ...described(changes), applied: [], remaining: [], values: valuesOf(module, args, current, []) };
  };
  return { session, read: live.read, run, check, apply, close: () => connection.close() };
}

function valuesOf(module: AnyModule, args: unknown, current: unknown, applied: readonly Applied[]) {
  return { ...module.result?.(args, current, applied), ...module.details?.(args, current, applied) };
}

function described(changes: readonly Change[]): Pick<ModuleRun, 'changes' | 'diffs' | 'actions'> {
  return {
    changes,
    diffs: changes.map((change) => kindOf(change).diff(change)),
    actions: changes.map((change) => kindOf(change).describe(change)),
  };
}

function sessionOver(connection: Connection): HostSession {
  const exchange: HostSession['exchange'] = (commands, more = {}) =>
    connection.exchange(commands, { deadlineMs: 60_000, ...more });
  return {
    host: 'here',
    exchange,
    run: async (command, more) => {
      const [output] = await exchange([command], more);
      if (!output) throw new Error('the connection gave no output');
      return output;
    },
    reconnect: async ({ attemptTimeoutMs }) =>
      (await connectLocal({ host: 'here', connectTimeoutMs: attemptTimeoutMs })).close(),
    progress: () => {},
    signal: new AbortController().signal,
  };
}

function taskView(session: HostSession, options: HostOptions, isCheckMode: boolean): TaskView {
  return {
    host: 'here',
    isCheckMode,
    isVerifying: false,
    verbosity: 0,
    evaluate: (expression) => {
      if (!options.evaluate) throw new Error(`the test evaluates no expressions: ${expression}`);
      return options.evaluate(expression);
    },
    session,
    runElapsedSeconds: 0,
    environment: options.environment ?? {},
  };
}
