import type { HostRecap, TaskLabel } from '../contract/event.ts';
import type { Result, Status } from '../contract/result.ts';
import { afterHost, hostNames } from './host-names.ts';
import { EMPTY, type Line, prose, span, type Style } from './line.ts';
import type { TaskReport } from './linear.ts';
import { taskName } from './task-lines.ts';

interface Entry {
  readonly task: TaskLabel;
  readonly hosts: string[];
  readonly reason: string;
}

interface Failure {
  readonly task: TaskLabel;
  readonly result: Result;
}

/** Entries of one list before the rest is counted. */
const MOST_ENTRIES = 30;

/**
 * What a person scrolls back for at the end of a long run: which tasks failed where and why, and after a check, what would
 * change and what nobody can know yet. Mutable: it listens to the whole run.
 */
export class Digest {
  readonly #lists = new Map<Status, Map<string, Entry>>();
  readonly #lastFailures = new Map<string, Failure>();

  add({ task, results }: TaskReport): void {
    for (const { host, result } of results) {
      if (result.isCopy) continue;
      if (result.isIgnored !== true && (result.status === 'failed' || result.status === 'unreachable'))
        this.#lastFailures.set(host, { task, result });
      else if (result.status === 'changed' || result.status === 'unknown')
        put(this.#list(result.status), task, host, result);
    }
  }

  lines(recap: readonly HostRecap[], isCheck: boolean): readonly Line[] {
    const hosts = recap.map(({ host }) => host);
    const failures = section('Failed', 'failed', this.#failures(recap), hosts);
    if (!isCheck) return failures;
    return [
      ...section('Would change', 'changed', this.#list('changed'), hosts),
      ...section('Unknown until a real run', 'unknown', this.#list('unknown'), hosts),
      ...failures,
    ];
  }

  #list(status: Status): Map<string, Entry> {
    const list = this.#lists.get(status) ?? new Map<string, Entry>();
    this.#lists.set(status, list);
    return list;
  }

  /** Failures that a rescue made good are none any more. */
  #failures(recap: readonly HostRecap[]): ReadonlyMap<string, Entry> {
    const list = new Map<string, Entry>();
    for (const { host, failed, unreachable } of recap) {
      const last = this.#lastFailures.get(host);
      if (last && failed + unreachable > 0) put(list, last.task, host, last.result);
    }
    return list;
  }
}

function put(list: Map<string, Entry>, task: TaskLabel, host: string, result: Result): void {
  const reason = result.status === 'changed' ? '' : reasonOf(result, host);
  const key = `${task.id}\0${task.order.join('.')}\0${reason}`;
  const known = list.get(key);
  if (known) known.hosts.push(host);
  else list.set(key, { task, hosts: [host], reason });
}

const ANY_HOST = '<host>';

/** One line, without the host's own name, so that hosts that failed alike stand together. */
function reasonOf(result: Result, host: string): string {
  if (result.isHidden) return 'hidden by no_log';
  const item = result.items?.find(({ status }) => status === result.status);
  const message = (item ? `${item.label}: ${item.message ?? ''}` : result.message) ?? '';
  const [line = ''] = message.split('\n');
  const first = afterHost(line, host);
  return host.length > 1 ? first.replaceAll(host, ANY_HOST) : first;
}

type Entries = ReadonlyMap<string, Entry>;

function section(title: string, style: Style, entries: Entries, hosts: readonly string[]): readonly Line[] {
  if (entries.size === 0) return [];
  const shown = [...entries.values()].slice(0, MOST_ENTRIES);
  const rest = entries.size - shown.length;
  return [
    EMPTY,
    prose(0, span(title, style)),
    ...shown.map((entry) => entryLine(entry, hosts)),
    ...(rest > 0 ? [prose(2, span(`… and ${rest} more tasks`, 'dim'))] : []),
  ];
}

function entryLine({ task, hosts, reason }: Entry, all: readonly string[]): Line {
  const named = new Set(hosts);
  const names = hostNames(
    all.filter((host) => named.has(host)),
    all.length,
  );
  const place = task.position === undefined ? '' : `  (${task.position})`;
  const [only = ''] = hosts.length === 1 ? hosts : [ANY_HOST];
  const why = reason === '' ? '' : `: ${reason.replaceAll(ANY_HOST, only)}`;
  return prose(2, span(taskName(task), 'bold'), span(`  ${names}${why}`), span(place, 'dim'));
}
