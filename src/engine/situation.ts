import type { Become } from '../contract/connection.ts';
import type { HostSession } from '../contract/host-session.ts';
import type { AnyModule, TaskView } from '../contract/module.ts';
import { TaskError } from '../contract/task-error.ts';
import { toText } from '../language/jinja/python-repr.ts';
import type { Task } from '../language/playbook/types.ts';
import { toBoolean } from './booleans.ts';
import type { HostLink, SessionNotes } from './host-link.ts';
import type { HostRun } from './host-run.ts';
import { toNumber } from './numbers.ts';
import type { ReadAhead } from './read-ahead.ts';
import type { VariableScope } from './scope.ts';

/** Looking ahead must not wait, run or reconnect anything. */
const refuse = () => Promise.reject(new Error('only a task in its turn may use the session'));

/**
 * Where one execution of a task takes place, and what its module may see of it. A converged task that was looked at ahead
 * needs neither session nor view, so both are made when they are asked for.
 */
export class Situation {
  readonly module: AnyModule;
  readonly link: HostLink;
  readonly reads: ReadAhead;
  readonly isCheckMode: boolean;
  readonly #host: HostRun;
  readonly #task: Task;
  readonly #scope: VariableScope;
  readonly #become: Become | undefined;
  readonly #notes: (() => SessionNotes) | undefined;
  #session: HostSession | undefined;

  /** @param notes absent for a look ahead, which gets no session */
  constructor(host: HostRun, task: Task, scope: VariableScope, notes: (() => SessionNotes) | undefined) {
    const module = host.run.registry.find(task.module);
    if (!module) throw new TaskError(`no module is named ${task.module}`);
    const { link, become } = host.connections.reach(task, scope);
    const { checkMode } = task.keywords;
    this.module = module;
    this.link = link;
    this.reads = link.readsAs(become);
    this.isCheckMode =
      checkMode === undefined ? host.run.settings.mode === 'check' : toBoolean(scope.render(checkMode), 'check_mode');
    this.#host = host;
    this.#task = task;
    this.#scope = scope;
    this.#become = become;
    this.#notes = notes;
  }

  get session(): HostSession {
    this.#session ??= this.#makeSession();
    return this.#session;
  }

  get view(): TaskView {
    return new HostView(this.#host, this.#task, this.#scope, this, false);
  }

  /** After the task's changes were made. */
  get verifyingView(): TaskView {
    return new HostView(this.#host, this.#task, this.#scope, this, true);
  }

  #makeSession(): HostSession {
    const { run, name } = this.#host;
    if (!this.#notes) {
      return {
        host: name,
        exchange: refuse,
        run: refuse,
        reconnect: refuse,
        progress: () => {},
        signal: run.stop.signal,
      };
    }
    // As in Ansible, 0 is no limit of the task's own.
    const own = toNumber(this.#scope.render(this.#task.keywords.timeout) ?? 0, 'timeout');
    const deadlineMs = (own > 0 ? own : run.settings.taskTimeout) * 1000;
    return this.link.session(this.#become, { deadlineMs }, this.#notes());
  }
}

/** Nearly every module asks for little of this, so each member is made when it is asked for. */
class HostView implements TaskView {
  readonly isVerifying: boolean;
  readonly #host: HostRun;
  readonly #task: Task;
  readonly #scope: VariableScope;
  readonly #situation: Situation;

  constructor(host: HostRun, task: Task, scope: VariableScope, situation: Situation, isVerifying: boolean) {
    this.isVerifying = isVerifying;
    this.#host = host;
    this.#task = task;
    this.#scope = scope;
    this.#situation = situation;
  }

  get host(): string {
    return this.#host.name;
  }

  get isCheckMode(): boolean {
    return this.#situation.isCheckMode;
  }

  get verbosity(): number {
    return this.#host.run.settings.verbosity;
  }

  evaluate(expression: string): unknown {
    return this.#host.run.compiler.expression(expression).evaluate(this.#scope);
  }

  get session(): HostSession {
    return this.#situation.session;
  }

  /** Read anew each time: the observation after a reboot must not compare its uptime with the time before it. */
  get runElapsedSeconds(): number {
    return (performance.now() - this.#host.run.startedAt) / 1000;
  }

  get environment(): Readonly<Record<string, string>> {
    return environmentOf(this.#scope, this.#task.keywords.environment);
  }
}

const NO_ENVIRONMENT: Readonly<Record<string, string>> = {};

/** Texts as Python writes them, as Ansible's users expect: `True`, `1.0`. */
function environmentOf(scope: VariableScope, layers: readonly unknown[]): Readonly<Record<string, string>> {
  if (layers.length === 0) return NO_ENVIRONMENT;
  const merged: Record<string, string> = {};
  for (const layer of layers.flatMap((raw) => [scope.render(raw)].flat())) {
    for (const [name, value] of Object.entries(Object(layer))) merged[name] = toText(value);
  }
  return merged;
}
