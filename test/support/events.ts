import type { Event, HostRecap, Reporter, TaskLabel } from '../../src/contract/event.ts';
import type { ItemResult, Result } from '../../src/contract/result.ts';

/** Events as a run emits them, for what only shows or stores them. */
export type Bare = Event extends infer E ? (E extends Event ? Omit<E, 'at'> : never) : never;

export function label(name: string, place = 0, more: Partial<TaskLabel> = {}): TaskLabel {
  return {
    id: `t${place}`,
    order: [0, place],
    name,
    module: 'command',
    isHandler: false,
    position: `site.yaml:${place + 1}`,
    ...more,
  };
}

export function result(status: Result['status'], more: Partial<Result> = {}): Result {
  return { status, diffs: [], actions: [], values: {}, ...more };
}

export function item(text: string, status: Result['status'], more: Partial<Result> = {}): ItemResult {
  return { ...result(status, more), label: text };
}

export function started(mode: 'run' | 'check', hosts: readonly string[], showDiff = false): readonly Bare[] {
  return [
    { type: 'run.started', run: 'r1', mode, playbooks: ['site.yaml'], hosts: hosts.length, showDiff },
    { type: 'play.started', play: 'play-1', name: 'p', hosts },
  ];
}

export function taskStarted(host: string, task: TaskLabel): Bare {
  return { type: 'task.started', play: 'play-1', task, host };
}

export function taskFinished(host: string, task: TaskLabel, how: Result): Bare {
  return { type: 'task.finished', play: 'play-1', task, host, result: how, elapsedMs: 1 };
}

export function recapOf(host: string, counts: Partial<HostRecap> = {}): HostRecap {
  return {
    host,
    ok: 0,
    changed: 0,
    unreachable: 0,
    failed: 0,
    skipped: 0,
    rescued: 0,
    ignored: 0,
    unknown: 0,
    ...counts,
  };
}

export function finished(recap: readonly HostRecap[], exitCode = 0, hint?: string): readonly Bare[] {
  return [
    { type: 'play.finished', play: 'play-1' },
    { type: 'run.finished', recap, exitCode, elapsedMs: 1500, frames: 3, hint },
  ];
}

/** One task with a result for each host, as a whole run. */
export function taskOn(
  results: Readonly<Record<string, Result>>,
  task = label('work'),
  mode: 'run' | 'check' = 'run',
): readonly Bare[] {
  const hosts = Object.keys(results);
  return [
    ...started(mode, hosts),
    ...hosts.map((host) => taskStarted(host, task)),
    ...Object.entries(results).map(([host, how]) => taskFinished(host, task, how)),
    ...finished(hosts.map((host) => recapOf(host))),
  ];
}

export function send(reporter: Reporter, events: readonly Bare[]): void {
  for (const [index, event] of events.entries()) reporter.on({ ...event, at: index } as Event);
}
