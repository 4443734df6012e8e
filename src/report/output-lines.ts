import type { Event } from '../contract/event.ts';

type Output = Extract<Event, { type: 'task.output' }>;

/** Characters held for a line that does not end; more is passed on without waiting for its end. */
const LONGEST_HELD = 64 * 1024;
/** Characters kept back then, so that a secret at the cut is still seen whole. */
const OVERLAP = 8 * 1024;

/** Joins chunks of output to complete lines, by host, task and stream. Other events pass through. Mutable. */
export class OutputLines {
  readonly #pass: (event: Event) => void;
  readonly #held = new Map<string, Output>();

  constructor(pass: (event: Event) => void) {
    this.#pass = pass;
  }

  on(event: Event): void {
    if (event.type === 'task.output') this.#add(event);
    else {
      if (event.type === 'task.finished' && this.#held.size > 0) this.#release(`${event.host}\0${event.task.id}\0`);
      if (event.type === 'run.finished') this.flush();
      this.#pass(event);
    }
  }

  /** Passes on what never got an end of line. */
  flush(): void {
    this.#release('');
  }

  #add(event: Output): void {
    const key = `${event.host}\0${event.task.id}\0${event.stream}`;
    const text = (this.#held.get(key)?.text ?? '') + event.text;
    const end = endOfComplete(text);
    if (end > 0) this.#pass({ ...event, text: text.slice(0, end) });
    if (end < text.length) this.#held.set(key, { ...event, text: text.slice(end) });
    else this.#held.delete(key);
  }

  #release(prefix: string): void {
    for (const [key, event] of this.#held) {
      if (!key.startsWith(prefix)) continue;
      this.#held.delete(key);
      this.#pass(event);
    }
  }
}

/** Programs that show their progress on one line separate its states with carriage returns. */
function endOfComplete(text: string): number {
  const end = Math.max(text.lastIndexOf('\n'), text.lastIndexOf('\r')) + 1;
  return text.length - end > LONGEST_HELD ? text.length - OVERLAP : end;
}
