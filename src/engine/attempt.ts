import type { TaskLabel } from '../contract/event.ts';
import type { AnyModule } from '../contract/module.ts';
import type { Result } from '../contract/result.ts';
import { TaskError } from '../contract/task-error.ts';
import { parseArgs, withSourceText } from '../language/playbook/validate-args.ts';
import type { Task } from '../language/playbook/types.ts';
import { copySourceTexts } from '../language/yaml/positions.ts';
import { firstFalse } from './conditions.ts';
import { TaskFiles } from './controller-files.ts';
import { converge, type Outcome, outcomeIfConverged } from './converge.ts';
import type { SessionNotes } from './host-link.ts';
import { failureOf } from './failures.ts';
import type { HostRun } from './host-run.ts';
import type { Foreseen } from './look-ahead.ts';
import { registered } from './results.ts';
import type { VariableScope } from './scope.ts';
import { Situation } from './situation.ts';

/** One execution: prepare, converge, then let changed_when and failed_when judge. */
export function attempt(host: HostRun, task: Task, scope: VariableScope, label: TaskLabel): Promise<Result> | Result {
  const situation = new Situation(host, task, scope, () => notesFor(host, label));
  const foreseen = task.loop ? undefined : host.lookAhead.take(task);
  if (foreseen instanceof Promise) return foreseen.then((seen) => convergeAndJudge(host, task, scope, situation, seen));
  // Tens of thousands of converged tasks pass here, and each promise costs as much as its plan.
  const outcome = foreseen && outcomeIfConverged(situation, foreseen, task.register !== undefined);
  return outcome ? judge(host, task, scope, outcome) : convergeAndJudge(host, task, scope, situation, foreseen);
}

async function convergeAndJudge(
  host: HostRun,
  task: Task,
  scope: VariableScope,
  situation: Situation,
  foreseen: Foreseen | undefined,
): Promise<Result> {
  const outcome = await converge({
    situation,
    args: foreseen ? foreseen.args : await readyArgs(host, task, scope, situation.module),
    isRegistered: task.register !== undefined,
    foreseen,
    isCheckRun: host.run.settings.mode === 'check',
    kindOf: host.run.kindOf,
    // A service or a package may mount, make or open up anything.
    isUncertain: () => host.run.recap.hasUnknown(host.name) || situation.link.overlay.isTouched(['service:/']),
    onInvalidated: () => {
      if (situation.link.target.kind === 'local') host.run.controller.version += 1;
      host.lookAhead.refresh();
    },
  });
  return judge(host, task, scope, outcome);
}

/** Renders and checks the arguments; a promise of them where the module prepares them. Throws TaskError on what only rendering could show. */
export function readyArgs(host: HostRun, task: Task, scope: VariableScope, module: AnyModule): unknown {
  const raw = withDefaults(task, module);
  const { expressionArgs } = module;
  const rendered = expressionArgs ? renderExcept(raw, new Set(expressionArgs), scope) : scope.render(raw);
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
  copySourceTexts(task.args, merged);
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
  copySourceTexts(raw, args);
  return args;
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
