import type { Loop, Statement, Task } from '../language/playbook/types.ts';
import { readyArgs } from './attempt.ts';
import { firstFalse } from './conditions.ts';
import { dependsOn, freeNames } from './dependencies.ts';
import { readsOthers } from './demands.ts';
import type { HostLink } from './host-link.ts';
import type { HostRun } from './host-run.ts';
import { loopItems } from './loops.ts';
import type { VariableScope } from './scope.ts';
import { Situation } from './situation.ts';

/** Tasks looked at beyond the one that runs. */
const WINDOW = 150;
/** Loop items whose reads are made ahead; the rest is read when the loop gets there. */
const ITEMS = 200;

/** What was rendered and observed for a task before its turn. */
export interface Foreseen {
  readonly args: unknown;
  readonly current: unknown;
}

/** What is being observed for a task before its turn. */
interface Foresight {
  readonly basis: Basis;
  readonly underway: Promise<Foreseen | undefined>;
  /** Set once it is there; most tasks then need not wait for it. */
  outcome?: { readonly seen: Foreseen | undefined };
}

/** The state of knowledge a foresight rests on; any other state makes it void. */
interface Basis {
  readonly link: HostLink;
  readonly epoch: number;
  readonly variables: number;
  /** Files on the controller, of which arguments are made. */
  readonly controller: number;
}

/**
 * Starts the reads of coming tasks, so that they travel with those of the task that runs. When a task's turn comes and
 * neither the host's variables nor anything read of it has changed since, what was observed serves; otherwise the task
 * observes for itself, from readings that are made again where a change has touched them.
 */
export class LookAhead {
  readonly #host: HostRun;
  readonly #tasks: readonly Task[];
  readonly #indexOf: ReadonlyMap<Task, number>;
  readonly #started = new Set<Task>();
  readonly #postponed = new Set<Task>();
  readonly #foreseen = new Map<Task, Foresight>();
  #next = 0;
  /** Every task before it was looked at, once. */
  #looked = 0;
  #isWaiting = false;
  #isConnected = false;

  constructor(host: HostRun, statements: readonly Statement[]) {
    this.#host = host;
    this.#tasks = tasksOf(statements).filter((task) => isForeseeable(task) && host.isSelected(task));
    this.#indexOf = new Map(this.#tasks.map((task, index) => [task, index]));
  }

  /** A task's turn has come: look further from here. */
  reach(task: Task): void {
    const index = this.#indexOf.get(task);
    if (index === undefined) return;
    this.#next = index + 1;
    this.#lookWhenConnected(task);
  }

  /** Hundreds of hosts wait their turn to connect: what is foreseen for one before that would only fill memory. */
  #lookWhenConnected(task: Task): void {
    if (this.#isConnected) this.#look();
    if (this.#isConnected || this.#isWaiting) return;
    this.#isWaiting = true;
    this.#host.connections.reach(task, this.#host.scope(task)).link.onceOpen(() => {
      this.#isConnected = true;
      this.#look();
    });
  }

  /** What is known of a task whose turn has come, if it is still true. It is given once; nearly always it is there already. */
  take(task: Task): Promise<Foreseen | undefined> | Foreseen | undefined {
    const found = this.#foreseen.get(task);
    if (!found) return undefined;
    this.#foreseen.delete(task);
    if (found.outcome) return this.#stillTrue(found);
    return found.underway.then(
      () => this.#stillTrue(found),
      () => undefined,
    );
  }

  #stillTrue({ basis, outcome }: Foresight): Foreseen | undefined {
    const { link, epoch, variables, controller } = basis;
    const isSame = link.epoch === epoch && this.#host.variables.version === variables;
    return isSame && this.#host.run.controller.version === controller ? outcome?.seen : undefined;
  }

  /** Readings were invalidated: start again from the coming task. */
  refresh(): void {
    this.#started.clear();
    this.#postponed.clear();
    this.#foreseen.clear();
    this.#looked = 0;
    this.#look();
  }

  /** New variables are known: tasks that could not be rendered without them may be now. */
  retry(isLearnt: (name: string) => boolean): void {
    const { compiler, registry } = this.#host.run;
    for (const task of this.#postponed) {
      if (!dependsOn(freeNames(task, compiler, registry), isLearnt, this.#host.scope(task), compiler)) continue;
      this.#postponed.delete(task);
      this.#started.delete(task);
      this.#looked = 0;
    }
    this.#look();
  }

  #look(): void {
    if (!this.#isConnected) return;
    const end = Math.min(this.#tasks.length, this.#next + WINDOW);
    for (let index = Math.max(this.#next, this.#looked); index < end; index++) this.#start(this.#tasks[index]);
    this.#looked = end;
  }

  #start(task: Task | undefined): void {
    if (task === undefined || this.#started.has(task)) return;
    this.#started.add(task);
    // Not yet renderable, or a host that refuses: the task itself will say so in its turn.
    const postpone = () => void this.#postponed.add(task);
    try {
      this.#foresee(task).catch(postpone);
    } catch {
      postpone();
    }
  }

  #foresee(task: Task): Promise<unknown> {
    const scope = this.#host.scope(task);
    if (!task.loop) return this.#remember(task, scope);
    return Promise.all(this.#itemScopes(task.loop, scope).map((one) => this.#observe(task, one)));
  }

  #remember(task: Task, scope: VariableScope): Promise<unknown> {
    const { link } = this.#host.connections.reach(task, scope);
    const basis = {
      link,
      epoch: link.epoch,
      variables: this.#host.variables.version,
      controller: this.#host.run.controller.version,
    };
    const underway = this.#observe(task, scope);
    // What other hosts change is not known to have stayed the same; the readings still serve.
    if (readsOthers(this.#host, task, scope)) return underway;
    const foresight: Foresight = { basis, underway };
    this.#foreseen.set(task, foresight);
    return underway.then((seen) => {
      foresight.outcome = { seen };
    });
  }

  #itemScopes(loop: Loop, scope: VariableScope): readonly VariableScope[] {
    return loopItems(loop, scope, this.#host.lookup)
      .slice(0, ITEMS)
      .map((item) => scope.with({ [loop.variable]: item }));
  }

  #observe(task: Task, scope: VariableScope): Promise<Foreseen | undefined> {
    if (firstFalse(task.keywords.when, scope, this.#host.run.compiler.expression)) return NOTHING;
    const { module, reads, view } = new Situation(this.#host, task, scope, undefined);
    const observed = (args: unknown): Promise<Foreseen> =>
      module.observe(args, reads.read, view).then((current: unknown) => ({ args, current }));
    const args = readyArgs(this.#host, task, scope, module);
    return args instanceof Promise ? args.then(observed) : observed(args);
  }
}

const NOTHING: Promise<undefined> = Promise.resolve(undefined);

/** Includes are resolved when reached; handlers run only when notified. */
function tasksOf(statements: readonly Statement[]): readonly Task[] {
  return statements.flatMap((statement): readonly Task[] => {
    if (statement.kind === 'task') return [statement];
    if (statement.kind === 'block' || statement.kind === 'role') return tasksOf(statement.body);
    return [];
  });
}

/** Another host's connection, or one host for all, is not this host's to read ahead. */
function isForeseeable(task: Task): boolean {
  return task.keywords.delegateTo === undefined && task.keywords.runOnce === undefined;
}
