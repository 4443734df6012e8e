import { styleText } from 'node:util';
import type { Event, HostRecap, Reporter } from '../contract/event.ts';
import { formatProblem } from '../contract/problem.ts';
import type { ItemResult, Result, Status } from '../contract/result.ts';
import { diffLines } from './diff.ts';
import { LinearOrder, type HostResult, type TaskReport } from './linear.ts';
import { printable, printableLine, type Sink } from './printable.ts';
import { recapLines } from './recap.ts';

export interface PlainOptions {
  readonly verbosity: number;
  readonly hasColour: boolean;
}

type Paint = (status: Status | 'dim' | 'bold', text: string) => string;

/** Hosts named one by one on a line; the rest is counted. */
const NAMED_HOSTS = 8;

/** Task by task, hosts that went the same way together; readable in a log and with 200 hosts. */
export function plainReporter(sink: Sink, options: PlainOptions): Reporter {
  const printer = new PlainPrinter(sink, options);
  return { on: (event) => printer.on(event), close: () => sink.close() };
}

export class PlainPrinter {
  readonly #sink: Sink;
  readonly #options: PlainOptions;
  readonly #paint: Paint;
  readonly #linear = new LinearOrder((report) => this.#task(report));
  #isCheck = false;
  #showDiff = false;

  constructor(sink: Sink, options: PlainOptions) {
    this.#sink = sink;
    this.#options = options;
    this.#paint = options.hasColour ? paint : (_, text) => text;
  }

  on(event: Event): void {
    if (event.type === 'play.finished' || event.type === 'run.finished') this.#linear.on(event);
    this.#print(event);
    if (event.type !== 'play.finished' && event.type !== 'run.finished') this.#linear.on(event);
  }

  #print(event: Event): void {
    switch (event.type) {
      case 'run.started':
        this.#isCheck = event.mode === 'check';
        this.#showDiff = event.showDiff;
        break;
      case 'problem.found':
        this.#line(
          this.#paint(
            event.problem.severity === 'error' ? 'failed' : 'unknown',
            printable(formatProblem(event.problem)),
          ),
        );
        break;
      case 'play.started':
        this.#line(
          `\n${this.#paint('bold', `PLAY ${printableLine(event.name)}`)}  ${hostCount(event.hosts.length)}${this.#isCheck ? '  (check: nothing is changed)' : ''}`,
        );
        break;
      case 'batch.started':
        this.#line(this.#paint('bold', `\nBATCH ${event.number} of ${event.of}`) + `  ${hostList(event.hosts)}`);
        break;
      case 'task.retried':
        this.#line(
          this.#paint(
            'dim',
            `  … ${event.host}: ${printableLine(event.task.name)}: not yet, ${event.retriesLeft} tries left`,
          ),
        );
        break;
      case 'task.progress':
        this.#line(this.#paint('dim', `  … ${event.host}: ${printableLine(event.text)}`));
        break;
      case 'task.output':
        if (this.#options.verbosity > 0)
          for (const line of event.text.split('\n').filter(Boolean))
            this.#line(this.#paint('dim', `  | ${event.host}: ${printableLine(line)}`));
        break;
      case 'play.finished':
        if (event.reason) this.#line(this.#paint('unknown', `\nPlay ended: ${printableLine(event.reason)}`));
        break;
      case 'stop.requested':
        this.#line(
          this.#paint(
            'unknown',
            event.hard ? '\nStopping now.' : '\nStopping after the task each host is in. Ctrl-C again stops now.',
          ),
        );
        break;
      case 'notice':
        this.#line(
          this.#paint(
            event.severity === 'warning' ? 'unknown' : 'dim',
            `${event.severity === 'warning' ? 'WARNING: ' : ''}${printable(event.text)}`,
          ),
        );
        break;
      case 'run.finished':
        this.#recap(event.recap, event.elapsedMs, event.hint);
        break;
      default:
    }
  }

  #task({ task, results }: TaskReport): void {
    const shown = results.filter(({ result }) => !result.isCopy);
    if (shown.length === 0) return;
    const name = `${task.role ? `${task.role} : ` : ''}${task.name}`;
    this.#line(
      `${this.#paint('bold', `${task.isHandler ? 'HANDLER' : 'TASK'} [${printableLine(name)}]`)}${this.#place(task.position, shown)}`,
    );
    for (const group of groupsOf(shown)) this.#group(group);
  }

  /** Where to look, when something went wrong. */
  #place(position: string | undefined, results: readonly HostResult[]): string {
    const isBad = results.some(({ result }) => result.status === 'failed' || result.status === 'unreachable');
    return position && (isBad || this.#options.verbosity > 1) ? this.#paint('dim', `  ${position}`) : '';
  }

  #group(group: readonly HostResult[]): void {
    const [first] = group;
    if (!first) return;
    const { result } = first;
    const word = result.isIgnored
      ? `${result.status} (ignored)`
      : this.#isCheck && result.status === 'changed'
        ? 'would change'
        : result.status;
    this.#line(
      `  ${this.#paint(result.isIgnored ? 'ok' : result.status, word)}: ${hostList(group.map(({ host }) => host))}${detailOf(result)}`,
    );
    for (const line of this.#body(result)) this.#line(`      ${line}`);
  }

  #body(result: Result): readonly string[] {
    if (result.items)
      return result.items
        .filter((item) => isWorthALine(item, this.#options.verbosity))
        .flatMap((item) => this.#item(item));
    const actions =
      result.status === 'changed'
        ? result.actions.map((action) => this.#paint('changed', `- ${printableLine(action)}`))
        : [];
    const diffs =
      this.#showDiff || this.#isCheck ? result.diffs.flatMap(diffLines).map((line) => this.#diffLine(line)) : [];
    return [...actions, ...diffs, ...(this.#options.verbosity > 0 ? outputLines(result) : [])];
  }

  #item(item: ItemResult): readonly string[] {
    const head = `${this.#paint(item.status, item.status)}: ${printableLine(item.label)}${detailOf(item)}`;
    return [head, ...this.#body({ ...item, items: undefined }).map((line) => `  ${line}`)];
  }

  #diffLine(line: string): string {
    if (line.startsWith('+')) return this.#paint('ok', line);
    if (line.startsWith('-')) return this.#paint('failed', line);
    return line.startsWith('@@') ? this.#paint('dim', line) : line;
  }

  #recap(recap: readonly HostRecap[], elapsedMs: number, hint: string | undefined): void {
    this.#line(`\n${this.#paint('bold', 'RECAP')}  ${(elapsedMs / 1000).toFixed(1)} s`);
    recapLines(recap, this.#isCheck).forEach((line, index) => {
      const host = recap[index];
      const status = host && recap.length <= 25 ? statusOf(host) : 'dim';
      this.#line(`  ${status === 'ok' ? line : this.#paint(status, line)}`);
    });
    if (hint) this.#line(this.#paint('dim', `\n${hint}`));
  }

  #line(text: string): void {
    this.#sink.write(`${text}\n`);
  }
}

function groupsOf(results: readonly HostResult[]): readonly (readonly HostResult[])[] {
  const key = ({ result }: HostResult) =>
    JSON.stringify([
      result.status,
      result.isIgnored,
      result.message,
      result.actions,
      result.diffs,
      result.items?.map((item) => [item.status, item.label, item.message, item.actions, item.diffs]),
    ]);
  return [...Map.groupBy(results, key).values()];
}

function detailOf(result: Result): string {
  if (result.items && result.status !== 'failed') return '';
  const isTold = result.status === 'failed' || result.status === 'unreachable' || result.status === 'unknown';
  if (isTold && result.message) return `: ${printable(result.message).replaceAll('\n', '\n      ')}`;
  const said = result.values.msg;
  return typeof said === 'string' && result.status === 'ok' ? `: ${printable(said).replaceAll('\n', '\n      ')}` : '';
}

function isWorthALine(item: ItemResult, verbosity: number): boolean {
  return verbosity > 0 || (item.status !== 'ok' && item.status !== 'skipped') || typeof item.values.msg === 'string';
}

function outputLines(result: Result): readonly string[] {
  const texts = [result.values.stdout, result.values.stderr].filter(
    (text): text is string => typeof text === 'string' && text !== '',
  );
  return texts.flatMap((text) => printable(text).split('\n')).slice(0, 200);
}

function hostList(hosts: readonly string[]): string {
  if (hosts.length <= NAMED_HOSTS) return hosts.join(', ');
  return `${hosts.slice(0, NAMED_HOSTS - 2).join(', ')} and ${hosts.length - NAMED_HOSTS + 2} more`;
}

function hostCount(count: number): string {
  return count === 1 ? '1 host' : `${count} hosts`;
}

function statusOf(host: HostRecap): Status {
  if (host.unreachable > 0) return 'unreachable';
  if (host.failed > 0) return 'failed';
  if (host.unknown > 0) return 'unknown';
  return host.changed > 0 ? 'changed' : 'ok';
}

const COLOURS = {
  ok: 'green',
  changed: 'yellow',
  failed: 'red',
  unreachable: 'red',
  skipped: 'cyan',
  unknown: 'magenta',
  dim: 'dim',
  bold: 'bold',
} as const;

function paint(status: Status | 'dim' | 'bold', text: string): string {
  return styleText(COLOURS[status], text, { validateStream: false });
}
