import type { Event, TaskLabel } from '../contract/event.ts';
import { compareOrder } from '../contract/order.ts';

/** A host in the middle of a task. */
export interface Busy {
  readonly host: string;
  readonly task: TaskLabel;
  /** Monotonic milliseconds. */
  readonly since: number;
  /** The last it said of itself: progress, output, or which try this is. */
  readonly note: string;
}

/** Which hosts are at which task since when. Mutable: it listens to the run. */
export class AtWork {
  readonly #busy = new Map<string, Busy>();
  #hosts: readonly string[] = [];
  #left = 0;
  #failed = 0;
  /** Monotonic milliseconds at which the play began. */
  startedAt = performance.now();

  on(event: Event): void {
    switch (event.type) {
      case 'play.started':
        this.#hosts = event.hosts;
        this.#left = 0;
        this.#failed = 0;
        this.startedAt = performance.now();
        break;
      case 'task.started':
        this.#busy.set(event.host, { host: event.host, task: event.task, since: performance.now(), note: '' });
        break;
      case 'task.progress':
        this.#note(event.host, event.text);
        break;
      case 'task.output':
        this.#note(event.host, lastLine(event.text));
        break;
      case 'task.retried':
        this.#note(event.host, `not yet, ${event.retriesLeft} ${event.retriesLeft === 1 ? 'try' : 'tries'} left`);
        break;
      case 'task.finished':
        this.#busy.delete(event.host);
        break;
      case 'host.left':
        this.#leave(event.host, event.reason === 'failed' || event.reason === 'unreachable');
        break;
      case 'play.finished':
      case 'run.finished':
        this.#busy.clear();
        break;
      default:
    }
  }

  /** Hosts at work, those that are at it longest first. */
  get busy(): readonly Busy[] {
    return [...this.#busy.values()].toSorted((a, b) => a.since - b.since);
  }

  get counts(): { readonly hosts: number; readonly left: number; readonly failed: number } {
    return { hosts: this.#hosts.length, left: this.#left, failed: this.#failed };
  }

  #note(host: string, note: string): void {
    const at = this.#busy.get(host);
    if (at && note !== '') this.#busy.set(host, { ...at, note });
  }

  #leave(host: string, isFailure: boolean): void {
    this.#busy.delete(host);
    this.#left += 1;
    if (isFailure) this.#failed += 1;
  }
}

/** Hosts at the same task, in playbook order of the tasks; the longest at it stands first. */
export function byTask(busy: readonly Busy[]): readonly (readonly [Busy, ...Busy[]])[] {
  const groups = Map.groupBy(busy, ({ task }) => `${task.id}\0${task.order.join('.')}`);
  return [...groups.values()]
    .flatMap((group) => (group[0] ? [[group[0], ...group.slice(1)] as const] : []))
    .toSorted(([a], [b]) => compareOrder(a.task.order, b.task.order)) as readonly (readonly [Busy, ...Busy[]])[];
}

function lastLine(text: string): string {
  return (
    text
      .trim()
      .split(/[\r\n]/)
      .at(-1) ?? ''
  );
}
