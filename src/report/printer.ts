import type { Event } from '../contract/event.ts';
import { closingLines } from './closing-lines.ts';
import { Digest } from './digest.ts';
import { eventLines } from './event-lines.ts';
import type { Line } from './line.ts';
import { LinearOrder, type TaskReport } from './linear.ts';
import { streamKey, taskLines } from './task-lines.ts';

export interface PrinterOptions {
  readonly verbosity: number;
  readonly words: readonly string[];
  readonly columns?: () => number;
}

/** Turns a run's events into the lines that stay, in playbook order. Mutable: it knows the run's mode and hosts. */
export class Printer {
  readonly #print: (lines: readonly Line[]) => void;
  readonly #options: PrinterOptions;
  readonly #linear = new LinearOrder((report) => this.#task(report));
  readonly #streamed = new Set<string>();
  readonly #digest = new Digest();
  #isCheck = false;
  #showDiff = false;
  #hosts: readonly string[] = [];

  constructor(print: (lines: readonly Line[]) => void, options: PrinterOptions) {
    this.#print = (lines) => {
      if (lines.length > 0) print(lines);
    };
    this.#options = options;
  }

  on(event: Event): void {
    const { verbosity, words, columns } = this.#options;
    const isEnd = event.type === 'play.finished' || event.type === 'run.finished' || event.type === 'batch.started';
    // What belongs before an end is printed before it, although hosts may have been waited for.
    if (isEnd) this.#linear.on(event);
    this.#learn(event);
    this.#print(eventLines(event, { verbosity, isCheck: this.#isCheck }));
    if (event.type === 'run.finished')
      this.#print(closingLines(event, { isCheck: this.#isCheck, words, columns: columns?.() }, this.#digest));
    if (!isEnd) this.#linear.on(event);
  }

  #learn(event: Event): void {
    if (event.type === 'run.started') {
      this.#isCheck = event.mode === 'check';
      this.#showDiff = event.showDiff;
    } else if (event.type === 'play.started' || event.type === 'batch.started') this.#hosts = event.hosts;
    else if (event.type === 'task.output' && this.#options.verbosity > 0)
      this.#streamed.add(streamKey(event.host, event.task));
  }

  #task(report: TaskReport): void {
    this.#digest.add(report);
    const { verbosity } = this.#options;
    this.#print(
      taskLines(report, {
        isCheck: this.#isCheck,
        showDiff: this.#showDiff,
        verbosity,
        hosts: this.#hosts,
        streamed: this.#streamed,
      }),
    );
  }
}
