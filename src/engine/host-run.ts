import type { TaskLabel } from '../contract/event.ts';
import type { Result } from '../contract/result.ts';
import type { Include, Meta, RoleStatement, Statement, Task } from '../language/playbook/types.ts';
import { isSelected } from '../language/playbook/tags.ts';
import type { Batch } from './batch.ts';
import type { RunContext } from './context.ts';
import { toBoolean } from './booleans.ts';
import { freeNames } from './dependencies.ts';
import { failureOf } from './failures.ts';
import { Handlers } from './handlers.ts';
import type { HostVariables } from './host-variables.ts';
import { layersFor } from './host-variables.ts';
import { resolveInclude } from './includes.ts';
import { labelOf, renderName } from './labels.ts';
import { LookAhead } from './look-ahead.ts';
import type { RunLookup } from './loops.ts';
import { lookups } from './lookups.ts';
import type { Order } from './pacer.ts';
import { failed, registered, registeredLoop } from './results.ts';
import { hide, runTask } from './run-task.ts';
import { VariableScope } from './scope.ts';
import { scopeContext } from './scope-context.ts';

/** How a list of statements ended for this host. `left`: it takes no further part in the play. */
export type Progress = 'done' | 'failed' | 'left' | 'end-role';

/** What a scope needs of a statement or a play. */
type Stated = { readonly keywords: Statement['keywords']; readonly role?: Statement['role'] };

/** Rounds of handlers notifying handlers before we call it a circle. */
const HANDLER_ROUNDS = 100;

/** One host's way through one play of one batch. Mutable: it knows where the host stands. */
export class HostRun {
  readonly name: string;
  readonly batch: Batch;
  readonly run: RunContext;
  readonly variables: HostVariables;
  readonly handlers: Handlers;
  readonly lookAhead: LookAhead;
  readonly #rolesDone = new Set<string>();
  /** Places of the blocks with a rescue that the host is in, innermost last. */
  readonly #rescues: Order[] = [];
  #reason: 'finished' | 'failed' | 'unreachable' | 'ended' | 'stopped' = 'finished';

  constructor(name: string, batch: Batch, statements: readonly Statement[]) {
    this.name = name;
    this.batch = batch;
    this.run = batch.run;
    this.variables = batch.run.variablesOf(name);
    this.handlers = new Handlers(batch.handlers, (statement) => renderName(statement, this.scope(statement)));
    this.lookAhead = new LookAhead(this, statements);
  }

  scope(statement: Stated): VariableScope {
    return this.scopeOf(this.name, statement);
  }

  /** The variables of any host, as a statement of this play sees them. */
  scopeOf(host: string, statement: Stated): VariableScope {
    const layers = layersFor(
      this.run.variablesOf(host),
      this.batch.play,
      this.batch.layersOf(host, statement.role),
      statement,
    );
    return new VariableScope(layers, this.run.compiler, scopeContext(this, statement.role));
  }

  readonly lookup: RunLookup = (name, terms, scope) => {
    const lookup = lookups.get(name);
    if (!lookup) throw new Error(`no lookup named ${name}`);
    return lookup(terms, {}, { scope, environment: this.run.environment });
  };

  isSelected(task: Statement): boolean {
    return isSelected(task.keywords.tags, this.run.settings);
  }

  /** Before a retry: what was read must be read again. */
  forgetReadings(): void {
    this.run.links.forget(this.name);
  }

  get reason() {
    return this.#reason;
  }

  async walk(statements: readonly Statement[], prefix: Order): Promise<Progress> {
    for (const [index, statement] of statements.entries()) {
      const progress = await this.#step(statement, [...prefix, index]);
      if (progress !== 'done') return progress;
    }
    return 'done';
  }

  #step(statement: Statement, order: Order): Promise<Progress> | Progress {
    switch (statement.kind) {
      case 'task':
        return this.isSelected(statement) ? this.#task(statement, order, false) : 'done';
      case 'block':
        return this.#block(statement, order);
      case 'role':
        return this.#role(statement, order);
      case 'include':
        return this.isSelected(statement) ? this.#include(statement, order) : 'done';
      case 'meta':
        return this.#meta(statement, order);
    }
  }

  async #task(task: Task, order: Order, isHandler: boolean): Promise<Progress> {
    const label = labelOf(task, order, this.scope(task), isHandler);
    const verdict = await this.#keepStep(task, order, label);
    if (verdict !== 'go-on') return verdict;
    this.lookAhead.reach(task);
    this.run.emit({ type: 'task.started', play: this.batch.playId, task: label, host: this.name });
    const start = performance.now();
    const result = await this.#execute(task, label, order);
    return this.#conclude(task, label, result, performance.now() - start);
  }

  /** Waits for the others where one host's outcome can matter to another; says whether to go on. */
  async #keepStep(task: Task, order: Order, label: TaskLabel): Promise<'go-on' | Progress> {
    if (this.batch.isLockstep || this.#needsOthers(task)) await this.batch.pacer.meet(this.name, order);
    else this.batch.pacer.advance(this.name, order);
    if (this.run.stop.isRequested) return this.#leave('stopped', `before "${label.name}"`);
    if (this.batch.ended) return this.#leave('ended', undefined);
    const rescue = this.#rescues.at(-1);
    const verdict = this.batch.verdictFor(this.name, rescue);
    if (verdict === 'rescue') return 'failed';
    return verdict === 'stop' ? this.#leave('failed', `before "${label.name}", because other hosts failed`) : 'go-on';
  }

  #needsOthers(task: Task): boolean {
    const { runOnce, delegateTo, anyErrorsFatal } = task.keywords;
    if (runOnce !== undefined || delegateTo !== undefined || anyErrorsFatal !== undefined) return true;
    return freeNames(task, this.run.compiler, this.run.registry).has('hostvars');
  }

  #leave(reason: 'stopped' | 'ended' | 'failed' | 'unreachable', place: string | undefined): Progress {
    this.#reason = reason;
    if (reason === 'failed' && !this.run.lost.has(this.name)) this.run.lost.set(this.name, 'failed');
    if (place !== undefined) this.run.recap.stoppedAt(this.name, place);
    return 'left';
  }

  async #execute(task: Task, label: TaskLabel, order: Order): Promise<Result> {
    const execute = () => this.run.queue.add(() => runTask(this, task, label));
    if (task.keywords.runOnce === undefined) return this.#serialised(task, execute);
    const key = order.join('.');
    const known = this.batch.once.get(key);
    if (known) return { ...(await known), isCopy: true };
    const first = execute();
    this.batch.once.set(key, first);
    return first;
  }

  /** Tasks that several hosts delegate to one machine run there one after the other. */
  #serialised(task: Task, execute: () => Promise<Result>): Promise<Result> {
    if (task.keywords.delegateTo === undefined) return execute();
    return this.run.delegates.run(String(task.keywords.delegateTo), execute);
  }

  #conclude(task: Task, label: TaskLabel, result: Result, elapsedMs: number): Progress {
    const final = result.isCopy ? result : this.#notify(task, result);
    if (!result.isCopy) this.run.recap.add(this.name, final);
    this.#learn(task, final);
    this.run.emit({
      type: 'task.finished',
      play: this.batch.playId,
      task: label,
      host: this.name,
      result: hide(final, final.isHidden === true),
      elapsedMs,
    });
    if (final.isIgnored || (final.status !== 'failed' && final.status !== 'unreachable')) return 'done';
    const isFatal = task.keywords.anyErrorsFatal !== undefined;
    if (final.status === 'unreachable') {
      this.run.lost.set(this.name, 'unreachable');
      this.batch.recordFailure(this.name, undefined, isFatal);
      return this.#leave('unreachable', `at "${label.name}"`);
    }
    this.variables.register('ansible_failed_task', { name: label.name, action: task.module });
    this.variables.register('ansible_failed_result', registered(final));
    this.batch.recordFailure(this.name, this.#rescues.at(-1), isFatal);
    if (this.#rescues.length === 0) this.run.recap.stoppedAt(this.name, `at "${label.name}"`);
    return 'failed';
  }

  #learn(task: Task, result: Result): void {
    const facts = [result, ...(result.items ?? [])]
      .map((one) => one.values.ansible_facts)
      .filter((one) => typeof one === 'object' && one !== null);
    for (const values of facts as readonly Readonly<Record<string, unknown>>[]) this.#learnFacts(task, values);
    const { register } = task;
    if (register !== undefined && result.status === 'unknown') this.variables.registerUnknown(register);
    else if (register !== undefined)
      this.variables.register(register, task.loop ? registeredLoop(result, task.loop.variable) : registered(result));
    const learnt = new Set(facts.flatMap((values) => Object.keys(Object(values))));
    if (register !== undefined || facts.length > 0)
      this.lookAhead.retry((name) => name === register || name === 'ansible_facts' || learnt.has(name));
  }

  #learnFacts(task: Task, values: Readonly<Record<string, unknown>>): void {
    if (task.module === 'set_fact')
      for (const [name, value] of Object.entries(values)) this.variables.register(name, value);
    else if (task.module === 'include_vars') this.variables.include(values);
    else this.variables.addFacts(values);
  }

  #notify(task: Task, result: Result): Result {
    if (task.notify.length === 0 || result.status !== 'changed') return result;
    try {
      const scope = this.scope(task);
      const items = task.loop ? (result.items ?? []).filter((item) => item.status === 'changed') : [undefined];
      for (const item of items) {
        const seen = item && task.loop ? scope.with({ [task.loop.variable]: item.values[task.loop.variable] }) : scope;
        for (const name of [seen.render(task.notify)].flat(2)) this.handlers.notify(String(name));
      }
      return result;
    } catch (error) {
      return failed(error instanceof Error ? error.message : String(error), { changed: true });
    }
  }

  async #block(block: Extract<Statement, { kind: 'block' }>, order: Order): Promise<Progress> {
    const place = [...order, 0];
    const hasRescue = block.rescue.length > 0;
    if (hasRescue) this.#rescues.push(place);
    let progress = await this.walk(block.body, place);
    if (hasRescue) this.#rescues.pop();
    if (progress === 'failed' && hasRescue) {
      this.batch.forgive(place);
      this.run.recap.rescue(this.name);
      progress = await this.walk(block.rescue, [...order, 1]);
    }
    if (progress === 'left') return progress;
    const after = await this.walk(block.always, [...order, 2]);
    return after === 'done' ? progress : after;
  }

  async #role(statement: RoleStatement, order: Order): Promise<Progress> {
    const key = `${statement.role.name} ${JSON.stringify(statement.role.params)}`;
    if (this.#rolesDone.has(key) && !statement.allowDuplicates) return 'done';
    this.#rolesDone.add(key);
    const progress = await this.walk(statement.body, order);
    return progress === 'end-role' ? 'done' : progress;
  }

  async #include(include: Include, order: Order): Promise<Progress> {
    const label = labelOf(include, order, this.scope(include), false);
    const verdict = await this.#keepStep(asTask(include), order, label);
    if (verdict !== 'go-on') return verdict;
    this.run.emit({ type: 'task.started', play: this.batch.playId, task: label, host: this.name });
    const { result, bodies } = resolveInclude(this, include);
    const progress = this.#conclude(asTask(include), label, result, 0);
    if (progress !== 'done') return progress;
    for (const [index, body] of bodies.entries()) {
      const inner = await this.walk(body, [...order, index]);
      if (inner === 'end-role' && include.what === 'role') continue;
      if (inner !== 'done') return inner;
    }
    return 'done';
  }

  async #meta(meta: Meta, order: Order): Promise<Progress> {
    const label = labelOf(meta, order, this.scope(meta), false);
    const verdict = await this.#keepStep(asTask(meta), order, label);
    if (verdict !== 'go-on') return verdict;
    const skip = await runTask(this, { ...asTask(meta), module: 'meta', args: { action: meta.action } }, label);
    if (skip.status === 'skipped') return 'done';
    if (skip.status === 'failed') return this.#conclude(asTask(meta), label, skip, 0);
    switch (meta.action) {
      case 'flush_handlers':
        return this.flushHandlers([...order, 0]);
      case 'end_host':
        return this.#leave('ended', undefined);
      case 'end_play':
      case 'end_batch':
        this.batch.ended = meta.action === 'end_play' ? 'play' : 'batch';
        return this.#leave('ended', undefined);
      case 'end_role':
        return 'end-role';
      case 'clear_host_errors':
        this.run.lost.clear();
        return 'done';
      case 'clear_facts':
        this.variables.clearFacts();
        return 'done';
      case 'reset_connection':
        await this.run.links.reset(this.name);
        return 'done';
      case 'refresh_inventory':
      case 'noop':
        return 'done';
    }
  }

  async flushHandlers(prefix: Order): Promise<Progress> {
    for (let round = 0; !this.handlers.isIdle; round++) {
      if (round > HANDLER_ROUNDS) return this.#leave('failed', 'handlers notify each other in a circle');
      const statement = this.handlers.take();
      if (!statement) break;
      const progress =
        statement.kind === 'task'
          ? await this.#task(statement, [...prefix, round], true)
          : await this.#step(statement, [...prefix, round]);
      if (progress !== 'done') return progress;
    }
    return 'done';
  }

  forcesHandlers(): boolean {
    const { forceHandlers } = this.batch.play;
    return forceHandlers === undefined
      ? this.run.settings.forceHandlers
      : toBoolean(this.scope({ keywords: this.batch.play.keywords }).render(forceHandlers), 'force_handlers');
  }

  /** Something nobody foresaw: it stays with this host. */
  crash(error: unknown): Progress {
    const text = failureOf(error, this.batch.play.position).message ?? String(error);
    this.run.emit({ type: 'notice', severity: 'warning', text: `${this.name}: ${text}` });
    this.batch.recordFailure(this.name, undefined, false);
    this.run.recap.stoppedAt(this.name, text);
    return 'failed';
  }

  /** The play is over for this host. */
  finish(progress: Progress): void {
    if (progress === 'failed') {
      this.#reason = 'failed';
      this.run.lost.set(this.name, 'failed');
    }
    this.batch.pacer.leave(this.name);
    this.run.emit({ type: 'host.left', play: this.batch.playId, host: this.name, reason: this.#reason });
  }
}

/** Includes and meta share a task's keywords; the parts only tasks have are empty. */
function asTask(statement: Include | Meta): Task {
  return {
    ...statement,
    kind: 'task',
    module: statement.kind === 'include' ? `include_${statement.what}` : 'meta',
    moduleKey: statement.kind,
    args: {},
    changedWhen: undefined,
    failedWhen: undefined,
    until: undefined,
    notify: [],
    listen: [],
    loop: undefined,
    register: statement.kind === 'include' ? statement.register : undefined,
  };
}
