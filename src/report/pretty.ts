import { Listr, type ListrRendererFactory } from 'listr2';
import type { Event, Reporter } from '../contract/event.ts';
import { AtWork } from './at-work.ts';
import { liveLines } from './live-lines.ts';
import { paint, paintClipped } from './paint.ts';
import type { PlainOptions } from './plain.ts';
import { Printer } from './printer.ts';
import { Screen, type ScreenSize } from './screen.ts';
import type { Sink } from './sink.ts';

/** Milliseconds between repaints. */
const REPAINT_MS = 100;

export interface PrettyOptions extends PlainOptions, ScreenSize {
  readonly columns: () => number;
  /** Told what to do when the terminal was somebody else's for a while (SIGCONT). */
  readonly onResumed?: (forget: () => void) => void;
}

/**
 * For people at a terminal: finished tasks scroll in playbook order, and below them stand the hosts that are at work. Hosts
 * are listr2 tasks; the drawing is ours, because listr2's renderers lay out every host again at every tick (36 s of CPU for
 * 200 hosts).
 */
export function prettyReporter(sink: Sink, options: PrettyOptions): Reporter {
  const reporter = new PrettyReporter(sink, options);
  return { on: (event) => reporter.on(event), close: () => reporter.close() };
}

class PrettyReporter {
  readonly #sink: Sink;
  readonly #options: PrettyOptions;
  readonly #screen: Screen;
  readonly #printer: Printer;
  readonly #work = new AtWork();
  readonly #hosts = new Map<string, () => void>();
  #plays: Promise<unknown> = Promise.resolve();

  constructor(sink: Sink, options: PrettyOptions) {
    this.#sink = sink;
    this.#options = options;
    this.#screen = new Screen(sink, options);
    this.#printer = new Printer((lines) => this.#screen.scroll(paint(lines, options)), options);
    options.onResumed?.(() => this.#screen.forget());
  }

  on(event: Event): void {
    this.#work.on(event);
    this.#printer.on(event);
    if (event.type === 'play.started') this.#startPlay(event.hosts);
    else if (event.type === 'host.left') this.#leave(event.host);
    else if (event.type === 'play.finished' || event.type === 'run.finished') this.#leaveAll();
    else if (event.type === 'stop.requested') this.#draw();
  }

  async close(): Promise<void> {
    this.#leaveAll();
    await this.#plays;
    this.#screen.clear();
    await this.#sink.close();
  }

  #startPlay(hosts: readonly string[]): void {
    this.#leaveAll();
    const tasks = hosts.map((host) => {
      // Made now: a host may leave before listr2 gets to its task.
      const left = this.#untilLeft(host);
      return { title: host, task: () => left };
    });
    const listr = new Listr(tasks, {
      concurrent: true,
      exitOnError: false,
      registerSignalListeners: false,
      renderer: rendererOf(() => this.#draw()),
    });
    this.#plays = Promise.all([this.#plays, listr.run()]);
  }

  #untilLeft(host: string): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#hosts.set(host, resolve);
    return promise;
  }

  #leave(host: string): void {
    this.#hosts.get(host)?.();
    this.#hosts.delete(host);
  }

  #leaveAll(): void {
    for (const host of [...this.#hosts.keys()]) this.#leave(host);
  }

  #draw(): void {
    const lines = liveLines(this.#work, this.#screen.room, performance.now());
    this.#screen.paint(lines.map((line) => paintClipped(line, this.#screen.width, this.#options.hasColour)));
  }
}

/** A renderer for listr2 that only keeps a slow clock; what it draws is the reporter's. */
function rendererOf(draw: () => void): ListrRendererFactory {
  return class LiveRenderer {
    static rendererOptions: Record<PropertyKey, never> = {};
    static rendererTaskOptions: Record<PropertyKey, never> = {};
    static nonTTY = true;
    #clock: NodeJS.Timeout | undefined;

    readonly render = (): void => {
      this.#clock = setInterval(draw, REPAINT_MS);
    };

    readonly end = (): void => {
      clearInterval(this.#clock);
      draw();
    };
  };
}
