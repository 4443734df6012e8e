import { isSelected } from '../language/playbook/tags.ts';
import type { RoleContext, Statement } from '../language/playbook/types.ts';
import type { Batch } from './batch.ts';
import { toBoolean } from './booleans.ts';
import { Connections } from './connections.ts';
import type { RunContext } from './context.ts';
import { failureOf } from './failures.ts';
import { Handlers } from './handlers.ts';
import { type HostVariables, layersFor } from './host-variables.ts';
import { renderName } from './labels.ts';
import { LookAhead } from './look-ahead.ts';
import type { RunLookup } from './loops.ts';
import { type LookupContext, lookups } from './lookups.ts';
import type { Order } from '../contract/order.ts';
import type { LeaveReason, Progress, Stated } from './progress.ts';
import { scopeContext } from './scope-context.ts';
import { VariableScope } from './scope.ts';

/** One host in one play of one batch: what it knows and where it stands. Mutable; `walk` moves it. */
export class HostRun {
  readonly name: string;
  readonly batch: Batch;
  readonly run: RunContext;
  readonly variables: HostVariables;
  readonly handlers: Handlers;
  readonly lookAhead: LookAhead;
  readonly connections: Connections = new Connections(this);
  readonly rolesDone = new Set<string>();
  /** Places of the blocks with a rescue that the host is in, innermost last. */
  readonly rescues: Order[] = [];
  /** How many `always` sections the host is in: they run to their end whatever becomes of other hosts. */
  cleanups = 0;
  /** Other hosts' failures ended its way: only the `always` sections around it are left. */
  isStoppedByOthers = false;
  /** Roles whose variables the rest of the play sees, those included with `public: true` last. */
  #roles: readonly RoleContext[];
  readonly #contexts = new Map<RoleContext | undefined, LookupContext>();
  #startAt: string | undefined;
  #reason: LeaveReason = 'finished';

  constructor(name: string, batch: Batch, statements: readonly Statement[]) {
    this.name = name;
    this.batch = batch;
    this.run = batch.run;
    this.#roles = batch.play.roles;
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
      { vars: this.batch.play.vars, roles: this.#roles },
      this.batch.layersOf(host, statement.role),
      statement,
    );
    return new VariableScope(layers, this.run.compiler, this.#contextOf(statement.role));
  }

  #contextOf(role: RoleContext | undefined): LookupContext {
    const known = this.#contexts.get(role);
    if (known) return known;
    const context = scopeContext(this, role);
    this.#contexts.set(role, context);
    return context;
  }

  /** From here on nothing runs before this statement. */
  skipTo(statement: string | undefined): void {
    this.#startAt = statement;
  }

  get hasStarted(): boolean {
    return this.#startAt === undefined;
  }

  /** Whether the statement comes before the task that --start-at-task names; blocks and roles may hold it. */
  isBeforeStart({ kind, id }: Statement): boolean {
    if (id === this.#startAt) this.#startAt = undefined;
    return !this.hasStarted && kind !== 'block' && kind !== 'role';
  }

  publish(role: RoleContext): void {
    this.#roles = [...this.#roles, role];
    this.variables.version += 1;
  }

  readonly lookup: RunLookup = (name, terms, scope) => {
    const lookup = lookups.get(name);
    if (!lookup) throw new Error(`no lookup named ${name}`);
    return lookup(terms, {}, { scope, environment: this.run.environment });
  };

  isSelected(task: Statement): boolean {
    return isSelected(task.keywords.tags, this.run.settings);
  }

  get reason(): LeaveReason {
    return this.#reason;
  }

  leave(reason: Exclude<LeaveReason, 'finished'>, place: string | undefined): Progress {
    this.#reason = reason;
    if (reason === 'ended') this.batch.endedHosts.add(this.name);
    if (reason === 'failed' && !this.run.lost.has(this.name)) this.run.lost.set(this.name, 'failed');
    if (place !== undefined) this.run.recap.stoppedAt(this.name, place);
    return 'left';
  }

  /** What other hosts did is the end of this one's way too. */
  stopForOthers(before: string): Progress {
    this.isStoppedByOthers = true;
    return this.leave('failed', `before "${before}", because other hosts failed`);
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
    this.run.recap.crash(this.name, text);
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
