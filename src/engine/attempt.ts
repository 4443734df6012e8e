import type { TaskLabel } from '../contract/event.ts';
import type { HostSession } from '../contract/host-session.ts';
import type { AnyModule, TaskView } from '../contract/module.ts';
import type { Result } from '../contract/result.ts';
import { TaskError } from '../contract/task-error.ts';
import { parseArgs, withSourceText } from '../language/playbook/validate-args.ts';
import type { Task } from '../language/playbook/types.ts';
import { copyPlaces } from '../language/yaml/positions.ts';
import { toBoolean } from './booleans.ts';
import { firstFalse } from './conditions.ts';
import { TaskFiles } from './controller-files.ts';
import { converge, type Outcome } from './converge.ts';
import type { HostLink, SessionNotes } from './host-link.ts';
import { failureOf } from './failures.ts';
import type { HostRun } from './host-run.ts';
import { registered } from './results.ts';
import type { VariableScope } from './scope.ts';

/** Where one execution of a task takes place. */
export interface Situation {
  readonly module: AnyModule;
  readonly link: HostLink;
  readonly session: HostSession;
  readonly reads: ReturnType<HostLink['readsAs']>;
  readonly view: TaskView;
  readonly isCheckMode: boolean;
}

/** One execution: prepare, converge, then let changed_when and failed_when judge. */
export async function attempt(host: HostRun, task: Task, scope: VariableScope, label: TaskLabel): Promise<Result> {
  const situation = situate(host, task, scope, notesFor(host, label));
  const foreseen = task.loop ? undefined : await host.lookAhead.take(task);
  const outcome = await converge({
    ...situation,
    args: foreseen ? foreseen.args : await readyArgs(host, task, scope, situation.module),
    foreseen,
    isCheckRun: host.run.settings.mode === 'check',
    kindOf: host.run.kindOf,
    onInvalidated: () => {
      if (situation.link.target.kind === 'local') host.run.controller.version += 1;
      host.lookAhead.refresh();
    },
  });
  return judge(host, task, scope, outcome);
}

export function situate(host: HostRun, task: Task, scope: VariableScope, notes: SessionNotes): Situation {
  const module = host.run.registry.find(task.module);
  if (!module) throw new TaskError(`no module is named ${task.module}`);
  const { keywords } = task;
  const { link, become } = host.connections.reach(task, scope);
  const deadlineMs = seconds(scope.render(keywords.timeout)) ?? host.run.settings.taskTimeout * 1000;
  const session = link.session(become, { deadlineMs }, notes);
  const isCheckMode =
    keywords.checkMode === undefined
      ? host.run.settings.mode === 'check'
      : toBoolean(scope.render(keywords.checkMode), 'check_mode');
  const view: TaskView = {
    host: host.name,
    isCheckMode,
    isVerifying: false,
    evaluate: (expression) => host.run.compiler.expression(expression).evaluate(scope),
    session,
    // Read anew each time: the observation after a reboot must not compare its uptime with the time before it.
    get runElapsedSeconds() {
      return (performance.now() - host.run.startedAt) / 1000;
    },
    environment: environmentOf(scope, keywords.environment),
  };
  return { module, link, session, reads: link.readsAs(become), view, isCheckMode };
}

/** Renders and checks the arguments. Throws TaskError on what only rendering could show. */
export async function readyArgs(host: HostRun, task: Task, scope: VariableScope, module: AnyModule): Promise<unknown> {
  const raw = withDefaults(task, module);
  const kept = new Set(module.expressionArgs ?? []);
  const rendered = kept.size === 0 ? scope.render(raw) : renderExcept(raw, kept, scope);
  const parsed = parseArgs(module, withSourceText(module, rendered as Readonly<Record<string, unknown>>));
  if (!parsed.ok)
    throw new TaskError(
      parsed.issues.map(({ path, message, hint }) => `${path}: ${message}${hint ? ` (${hint})` : ''}`).join('; '),
    );
  if (!module.prepare) return parsed.args;
  return module.prepare(
    parsed.args,
    new TaskFiles({ role: task.role, directory: host.batch.play.directory }, scope, host.run),
  );
}

function withDefaults(task: Task, module: AnyModule): Readonly<Record<string, unknown>> {
  const layers = task.keywords.moduleDefaults
    .map((defaults) => defaults[module.name])
    .filter((defaults) => defaults !== undefined);
  if (layers.length === 0) return task.args;
  const merged: Record<string, unknown> = Object.assign({}, ...layers, task.args);
  copyPlaces(task.args, merged);
  return merged;
}

function renderExcept(
  raw: Readonly<Record<string, unknown>>,
  kept: ReadonlySet<string>,
  scope: VariableScope,
): Readonly<Record<string, unknown>> {
  const rest = Object.fromEntries(Object.entries(raw).filter(([name]) => !kept.has(name)));
  const untouched = Object.fromEntries(Object.entries(raw).filter(([name]) => kept.has(name)));
  const args = { ...(scope.render(rest) as Readonly<Record<string, unknown>>), ...untouched };
  copyPlaces(raw, args);
  return args;
}

function environmentOf(scope: VariableScope, layers: readonly unknown[]): Readonly<Record<string, string>> {
  const merged: Record<string, string> = {};
  for (const layer of layers.flatMap((raw) => [scope.render(raw)].flat())) {
    for (const [name, value] of Object.entries(Object(layer))) merged[name] = String(value);
  }
  return merged;
}

function seconds(value: unknown): number | undefined {
  const number = Number(value);
  return value !== undefined && Number.isFinite(number) && number > 0 ? number * 1000 : undefined;
}

function notesFor(host: HostRun, label: TaskLabel): SessionNotes {
  // no_log: what a program prints while it runs is as secret as its result.
  if (label.isHidden) return { progress: () => {} };
  // Most tasks print nothing while they run.
  const decoders: { stdout?: InstanceType<typeof TextDecoder>; stderr?: InstanceType<typeof TextDecoder> } = {};
  const decode = (chunk: Uint8Array, stream: 'stdout' | 'stderr') => {
    decoders[stream] ??= new TextDecoder();
    return decoders[stream].decode(chunk, { stream: true });
  };
  return {
    progress: (text) => host.run.emit({ type: 'task.progress', task: label, host: host.name, text }),
    output: (chunk, stream) =>
      host.run.emit({
        type: 'task.output',
        task: label,
        host: host.name,
        stream,
        text: decode(chunk, stream),
      }),
  };
}

function judge(host: HostRun, task: Task, scope: VariableScope, outcome: Outcome): Result {
  const natural = naturalResult(outcome);
  if (outcome.status === 'unknown')
    return task.changedWhen?.every(({ expression }) => expression === false)
      ? { ...natural, status: 'skipped' }
      : natural;
  if (task.changedWhen === undefined && task.failedWhen === undefined) return natural;
  try {
    return judgeByConditions(host, task, scope, natural);
  } catch (error) {
    const failure = failureOf(error, task.position);
    const changed = natural.status === 'changed' || natural.values.changed === true;
    return { ...natural, status: failure.status, message: failure.message, values: { ...natural.values, changed } };
  }
}

function judgeByConditions(host: HostRun, task: Task, scope: VariableScope, natural: Result): Result {
  const seen = scope.with(task.register === undefined ? {} : { [task.register]: registered(natural) });
  const isTrue = (conditions: Task['changedWhen']) =>
    firstFalse(conditions ?? [], seen, host.run.compiler.expression) === undefined;
  const changed =
    task.changedWhen === undefined
      ? natural.status === 'changed' || natural.values.changed === true
      : isTrue(task.changedWhen);
  const isFailed = task.failedWhen === undefined ? natural.status === 'failed' : isTrue(task.failedWhen);
  const values = {
    ...natural.values,
    changed,
    ...(task.failedWhen === undefined ? {} : { failed_when_result: isFailed }),
  };
  if (!isFailed)
    return {
      ...natural,
      status: changed ? 'changed' : 'ok',
      message: natural.status === 'failed' ? undefined : natural.message,
      values,
    };
  return { ...natural, status: 'failed', message: natural.message ?? 'the failed_when condition was met', values };
}

/** A program that ended with another code than 0 has failed unless failed_when says otherwise. */
function naturalResult(outcome: Outcome): Result {
  const { status, message, diffs, actions, values } = outcome;
  const rc = values.rc;
  if (typeof rc !== 'number' || rc === 0 || values.failed === false) return { status, message, diffs, actions, values };
  const stderr = String(values.stderr ?? '').trim() || String(values.stdout ?? '').trim();
  const tail = stderr.split('\n').slice(-5).join('\n');
  return {
    status: 'failed',
    message: `exit code ${rc}${tail ? `: ${tail}` : ''}`,
    diffs,
    actions,
    values: { ...values, changed: status === 'changed' },
  };
}
