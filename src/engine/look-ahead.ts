import type { HostSession } from '../contract/host-session.ts';
import type { Statement, Task } from '../language/playbook/types.ts';
import { prepare } from './attempt.ts';
import { firstFalse } from './conditions.ts';
import { dependsOn, freeNames } from './dependencies.ts';
import type { HostRun } from './host-run.ts';
import { loopItems } from './loops.ts';
import type { VariableScope } from './scope.ts';

/** Tasks looked at beyond the one that runs. */
const WINDOW = 150;
/** Loop items whose reads are made ahead; the rest is read when the loop gets there. */
const ITEMS = 200;

/**
 * Starts the reads of coming tasks, so that they travel with those of the task that runs. It only warms the cache: every
 * task observes for itself when its turn comes, and readings that a change has touched since are made again.
 */
export class LookAhead {
  readonly #host: HostRun;
  readonly #tasks: readonly Task[];
  readonly #indexOf: ReadonlyMap<Task, number>;
  readonly #started = new Set<Task>();
  readonly #postponed = new Set<Task>();
  #next = 0;

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
    this.#look();
  }

  /** Readings were invalidated: start again from the coming task. */
  refresh(): void {
    this.#started.clear();
    this.#postponed.clear();
    this.#look();
  }

  /** New variables are known: tasks that could not be rendered without them may be now. */
  retry(isLearnt: (name: string) => boolean): void {
    const { compiler, registry } = this.#host.run;
    for (const task of this.#postponed) {
      if (!dependsOn(freeNames(task, compiler, registry), isLearnt, this.#host.scope(task), compiler)) continue;
      this.#postponed.delete(task);
      this.#started.delete(task);
    }
    this.#look();
  }

  #look(): void {
    for (const task of this.#tasks.slice(this.#next, this.#next + WINDOW)) {
      if (this.#started.has(task)) continue;
      this.#started.add(task);
      this.#foresee(task).catch(() => {
        // Not yet renderable, or a host that refuses: the task itself will say so in its turn.
        this.#postponed.add(task);
      });
    }
  }

  async #foresee(task: Task): Promise<void> {
    const scope = this.#host.scope(task);
    const scopes = task.loop ? this.#itemScopes(task, scope) : [scope];
    await Promise.all(scopes.map((one) => this.#observe(task, one)));
  }

  #itemScopes(task: Task, scope: VariableScope): readonly VariableScope[] {
    const { loop } = task;
    if (!loop) return [scope];
    return loopItems(loop, scope, this.#host.lookup)
      .slice(0, ITEMS)
      .map((item) => scope.with({ [loop.variable]: item }));
  }

  async #observe(task: Task, scope: VariableScope): Promise<void> {
    if (firstFalse(task.keywords.when, scope, this.#host.run.compiler.expression)) return;
    const { module, args, reads, view } = await prepare(this.#host, task, scope, { progress: () => {} });
    await module.observe(args, reads.read, { ...view, session: untouchable(view.session) });
  }
}

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

/** Looking ahead must not wait, run or reconnect anything. */
function untouchable(session: HostSession): HostSession {
  const refuse = () => Promise.reject(new Error('only a task in its turn may use the session'));
  return { ...session, exchange: refuse, run: refuse, reconnect: refuse, progress: () => {} };
}
