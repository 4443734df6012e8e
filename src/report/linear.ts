import { compareOrder } from '../contract/order.ts';
import type { Event, TaskLabel } from '../contract/event.ts';
import type { Result } from '../contract/result.ts';

/** One task with the results of all hosts of the batch that ran it. */
export interface TaskReport {
  readonly task: TaskLabel;
  readonly results: readonly HostResult[];
}

export interface HostResult {
  readonly host: string;
  readonly result: Result;
  readonly elapsedMs: number;
}

interface Pending {
  readonly task: TaskLabel;
  readonly results: HostResult[];
}

/**
 * Puts results into playbook order: hosts run ahead of each other, people read task by task. A task is handed on when no
 * host that still takes part can add to it.
 */
export class LinearOrder {
  readonly #onTask: (report: TaskReport) => void;
  readonly #positions = new Map<string, readonly number[]>();
  #pending: Pending[] = [];
  #slowest: { readonly host: string; readonly at: readonly number[] } | undefined;
  #isScheduled = false;

  constructor(onTask: (report: TaskReport) => void) {
    this.#onTask = onTask;
  }

  on(event: Event): void {
    switch (event.type) {
      case 'play.started':
        this.#restart(event.hosts);
        break;
      case 'batch.started':
        this.#restart(event.hosts);
        break;
      case 'task.started':
        this.#positions.set(event.host, event.task.order);
        this.#releaseSoon();
        break;
      case 'task.finished':
        this.#add(event.task, { host: event.host, result: event.result, elapsedMs: event.elapsedMs });
        break;
      case 'host.left':
        this.#positions.delete(event.host);
        this.#releaseSoon();
        break;
      case 'play.finished':
      case 'run.finished':
        this.#restart([]);
        break;
      default:
    }
  }

  #restart(hosts: readonly string[]): void {
    this.#positions.clear();
    this.#release();
    for (const host of hosts) this.#positions.set(host, []);
  }

  #add(task: TaskLabel, result: HostResult): void {
    // Most hosts are at one of the last tasks.
    const known = this.#pending.findLast(
      (pending) => pending.task.id === task.id && compareOrder(pending.task.order, task.order) === 0,
    );
    if (known) known.results.push(result);
    else {
      const index = this.#pending.findIndex((pending) => compareOrder(pending.task.order, task.order) > 0);
      this.#pending.splice(index === -1 ? this.#pending.length : index, 0, { task, results: [result] });
    }
    // Behind the task itself and before tasks that it included, which are yet to come.
    this.#positions.set(result.host, [...task.order, -1]);
    this.#releaseSoon();
  }

  /** Looking at every host for every event would cost more than the work itself with hundreds of them. */
  #releaseSoon(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      this.#release();
    });
  }

  #release(): void {
    const slowest = this.#slowestPosition();
    while (this.#pending[0] && (slowest === undefined || compareOrder(this.#pending[0].task.order, slowest) < 0)) {
      const first = this.#pending.shift();
      if (first) this.#onTask(first);
    }
  }

  /** Looked for again only when the slowest host has moved: with a thousand hosts that is one event in a thousand. */
  #slowestPosition(): readonly number[] | undefined {
    const { host = '', at } = this.#slowest ?? {};
    if (at !== undefined && this.#positions.get(host) === at) return at;
    this.#slowest = undefined;
    for (const [name, position] of this.#positions)
      if (!this.#slowest || compareOrder(position, this.#slowest.at) < 0) this.#slowest = { host: name, at: position };
    return this.#slowest?.at;
  }
}
