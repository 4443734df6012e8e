import type { Event } from '../contract/event.ts';

/** Characters of live output that one task on one host may fill a stream of events with. */
export const MOST_OUTPUT = 1024 * 1024;

interface Spent {
  readonly shown: number;
  readonly leftOut: number;
}

/**
 * Lets a task's output through up to {@link MOST_OUTPUT}: a program that prints without end must not push other tasks'
 * results out of a reader's reach. Mutable: it keeps count.
 */
export class OutputBudget {
  readonly #spent = new Map<string, Spent>();

  /** The events to write in place of one. */
  pass(event: Event): readonly Event[] {
    if (event.type === 'task.output') return this.#spend(event, `${event.host}\0${event.task.id}`);
    return event.type === 'task.finished' && this.#spent.size > 0 ? [...this.#settle(event), event] : [event];
  }

  #spend(event: Extract<Event, { type: 'task.output' }>, key: string): readonly Event[] {
    const { shown, leftOut } = this.#spent.get(key) ?? { shown: 0, leftOut: 0 };
    const text = event.text.slice(0, MOST_OUTPUT - shown);
    this.#spent.set(key, { shown: shown + text.length, leftOut: leftOut + event.text.length - text.length });
    return text === '' ? [] : [{ ...event, text }];
  }

  #settle({ host, task, at }: Extract<Event, { type: 'task.finished' }>): readonly Event[] {
    const key = `${host}\0${task.id}`;
    const leftOut = this.#spent.get(key)?.leftOut ?? 0;
    this.#spent.delete(key);
    const text = `${host}: ${task.name}: ${leftOut} characters of its output were left out here`;
    return leftOut === 0 ? [] : [{ type: 'notice', at, severity: 'note', text }];
  }
}
