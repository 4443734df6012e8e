import { Listr, type ListrRendererFactory, type ListrTaskWrapper } from 'listr2';
import type { Event, Reporter, TaskLabel } from '../contract/event.ts';
import { PlainPrinter, type PlainOptions } from './plain.ts';
import { printableLine, type Sink } from './printable.ts';
import { Screen, type ScreenSize } from './screen.ts';

/** Milliseconds between repaints. */
const REPAINT_MS = 100;
const SPINNER = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];

export interface PrettyOptions extends PlainOptions, ScreenSize {}

/**
 * For people at a terminal: finished tasks scroll in playbook order, and below them stand the hosts that are at work, as
 * many as fit. Hosts are listr2 tasks; the drawing is ours, because listr2's own renderers repaint every host at every
 * tick.
 */
export function prettyReporter(sink: Sink, options: PrettyOptions): Reporter {
  const reporter = new PrettyReporter(sink, options);
  return { on: (event) => reporter.on(event), close: () => reporter.close() };
}

interface HostAtWork {
  task: TaskLabel | undefined;
  note: string;
  since: number;
  readonly leave: () => void;
}

class PrettyReporter {
  readonly #sink: Sink;
  readonly #screen: Screen;
  readonly #printer: PlainPrinter;
  readonly #hosts = new Map<string, HostAtWork>();
  #done = 0;
  #plays: Promise<unknown> = Promise.resolve();

  constructor(sink: Sink, options: PrettyOptions) {
    this.#sink = sink;
    this.#screen = new Screen(sink, options);
    const scrolling: Sink = { write: (text) => this.#screen.scroll(text), close: async () => {} };
    this.#printer = new PlainPrinter(scrolling, options);
  }

  on(event: Event): void {
    this.#printer.on(event);
    switch (event.type) {
      case 'play.started':
        this.#startPlay(event.hosts);
        break;
      case 'task.started':
        this.#move(event.host, event.task);
        break;
      case 'task.progress':
        this.#note(event.host, event.text);
        break;
      case 'task.output':
        this.#note(event.host, event.text.trim().split('\n').at(-1) ?? '');
        break;
      case 'host.left':
        this.#leave(event.host);
        break;
      case 'play.finished':
        for (const host of [...this.#hosts.keys()]) this.#leave(host);
        break;
      default:
    }
  }

  async close(): Promise<void> {
    await this.#plays;
    this.#screen.clear();
    await this.#sink.close();
  }

  #startPlay(hosts: readonly string[]): void {
    this.#done = 0;
    const tasks = hosts.map((host) => ({
      title: host,
      task: (_: unknown, task: HostTask) => this.#atWork(host, task),
    }));
    const draw = () => this.#draw();
    const listr = new Listr(tasks, {
      concurrent: true,
      exitOnError: false,
      registerSignalListeners: false,
      renderer: rendererOf(draw),
    });
    this.#plays = Promise.all([this.#plays, listr.run()]);
  }

  /** The life of a host's listr2 task: until it leaves the play. */
  #atWork(host: string, task: HostTask): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const known = this.#hosts.get(host);
    this.#hosts.set(host, { task: known?.task, note: '', since: performance.now(), leave: resolve });
    task.title = host;
    return promise;
  }

  #move(host: string, task: TaskLabel): void {
    const at = this.#hosts.get(host);
    if (at) Object.assign(at, { task, note: '', since: performance.now() });
    else this.#hosts.set(host, { task, note: '', since: performance.now(), leave: () => {} });
  }

  #note(host: string, text: string): void {
    const at = this.#hosts.get(host);
    if (at) at.note = printableLine(text);
  }

  #leave(host: string): void {
    const at = this.#hosts.get(host);
    if (!at) return;
    at.leave();
    this.#hosts.delete(host);
    this.#done += 1;
  }

  #draw(): void {
    const now = performance.now();
    const busy = [...this.#hosts]
      .filter(([, { task }]) => task !== undefined)
      .toSorted(([, a], [, b]) => a.since - b.since);
    const shown = busy.slice(0, Math.max(1, this.#screen.room - 1));
    const spin = SPINNER[Math.floor(now / REPAINT_MS) % SPINNER.length] ?? '';
    const lines = shown.map(
      ([host, at]) => `${spin} ${host}  ${nameOf(at.task)}${elapsed(now - at.since)}${at.note ? `  ${at.note}` : ''}`,
    );
    const rest = busy.length - shown.length;
    const summary =
      rest > 0 || this.#done > 0 ? [`  ${rest > 0 ? `${rest} more at work, ` : ''}${this.#done} done`] : [];
    this.#screen.paint(busy.length === 0 ? [] : [...lines, ...summary]);
  }
}

type HostTask = ListrTaskWrapper<unknown, ListrRendererFactory, ListrRendererFactory>;

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

function nameOf(task: TaskLabel | undefined): string {
  if (!task) return '';
  return printableLine(`${task.role ? `${task.role} : ` : ''}${task.name}`);
}

/** Worth a person's attention only when something takes its time. */
function elapsed(ms: number): string {
  return ms < 2000 ? '' : `  ${Math.floor(ms / 1000)} s`;
}
