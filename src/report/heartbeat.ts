import type { AtWork } from './at-work.ts';
import { byTask } from './at-work.ts';
import { hostNames } from './host-names.ts';
import { type Line, prose, span } from './line.ts';
import { taskName } from './task-lines.ts';

/** Milliseconds of silence before the first sign of life; then twice as long each time, up to a minute. */
const FIRST_MS = 10_000;
const LONGEST_MS = 60_000;
const MOST_TASKS = 5;

/**
 * Says which hosts are at which task when nothing else was said for a while, so that a log does not look dead and a CI
 * system does not end the job. Mutable: it owns a timer.
 */
export class Heartbeat {
  readonly #work: AtWork;
  readonly #say: (lines: readonly Line[]) => void;
  #timer: NodeJS.Timeout | undefined;

  constructor(work: AtWork, say: (lines: readonly Line[]) => void) {
    this.#work = work;
    this.#say = say;
  }

  /** Something was printed: silence begins anew. */
  reset(): void {
    this.#wait(FIRST_MS);
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #wait(ms: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      const lines = signOfLife(this.#work, performance.now());
      if (lines.length > 0) this.#say(lines);
      this.#wait(Math.min(LONGEST_MS, ms * 2));
    }, ms);
    // Waiting to say something is no reason for a program to go on.
    this.#timer.unref();
  }
}

/** @example '  … 14 s  Install the driver: gpu[01-08]  (gpu03: unpacking)' */
export function signOfLife(work: AtWork, now: number): readonly Line[] {
  const groups = byTask(work.busy);
  const shown = groups.slice(0, MOST_TASKS).map(([longest, ...others]) => {
    const hosts = [longest, ...others].map(({ host }) => host);
    const noted = [longest, ...others].find(({ note }) => note !== '');
    const note = noted ? `  (${hosts.length > 1 ? `${noted.host}: ` : ''}${noted.note})` : '';
    const seconds = Math.floor((now - longest.since) / 1000);
    return prose(
      2,
      span(`… ${seconds} s  ${taskName(longest.task)}: ${hostNames(hosts, work.counts.hosts)}${note}`, 'dim'),
    );
  });
  const rest = groups.length - shown.length;
  return rest > 0 ? [...shown, prose(2, span(`… and ${rest} more tasks`, 'dim'))] : shown;
}
