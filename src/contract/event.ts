import type { Problem } from './problem.ts';
import type { ItemResult, Result } from './result.ts';

/** A task as reports show it. */
export interface TaskLabel {
  /** Unique within a run, increasing in playbook order: sort by `order` to print linearly. */
  readonly id: string;
  /** Position in the play as numbers, compared element by element: [section, index, nested index, …]. */
  readonly order: readonly number[];
  readonly name: string;
  readonly module: string;
  readonly role?: string;
  readonly isHandler: boolean;
  /** no_log: what the task says and prints while it runs is not shown either. */
  readonly isHidden?: boolean;
  readonly position?: string;
}

export interface HostRecap {
  readonly host: string;
  readonly ok: number;
  readonly changed: number;
  readonly unreachable: number;
  readonly failed: number;
  readonly skipped: number;
  readonly rescued: number;
  readonly ignored: number;
  readonly unknown: number;
  /** Where it stopped and why, when it did not finish. */
  readonly stoppedAt?: string;
}

interface Stamp {
  /** Milliseconds since the run began, from a monotonic clock. */
  readonly at: number;
}

/** Everything that happens in a run, as data. Reporters, the journal and `--output json` see only these. */
export type Event = Stamp &
  (
    | {
        readonly type: 'run.started';
        readonly run: string;
        readonly mode: 'run' | 'check';
        readonly playbooks: readonly string[];
        readonly hosts: number;
        readonly showDiff: boolean;
      }
    | { readonly type: 'problem.found'; readonly problem: Problem }
    | { readonly type: 'play.started'; readonly play: string; readonly name: string; readonly hosts: readonly string[] }
    | {
        readonly type: 'batch.started';
        readonly play: string;
        readonly number: number;
        readonly of: number;
        readonly hosts: readonly string[];
      }
    | { readonly type: 'host.connected'; readonly host: string; readonly elapsedMs: number }
    | { readonly type: 'task.started'; readonly play: string; readonly task: TaskLabel; readonly host: string }
    | { readonly type: 'task.progress'; readonly task: TaskLabel; readonly host: string; readonly text: string }
    | {
        readonly type: 'task.output';
        readonly task: TaskLabel;
        readonly host: string;
        readonly stream: 'stdout' | 'stderr';
        readonly text: string;
      }
    | {
        readonly type: 'task.retried';
        readonly task: TaskLabel;
        readonly host: string;
        readonly attempt: number;
        readonly retriesLeft: number;
        readonly result: Result;
      }
    | {
        readonly type: 'item.finished';
        readonly play: string;
        readonly task: TaskLabel;
        readonly host: string;
        readonly result: ItemResult;
      }
    | {
        readonly type: 'task.finished';
        readonly play: string;
        readonly task: TaskLabel;
        readonly host: string;
        readonly result: Result;
        readonly elapsedMs: number;
      }
    /** The host takes no further part in the play (it failed, became unreachable, ended, or finished). */
    | {
        readonly type: 'host.left';
        readonly play: string;
        readonly host: string;
        readonly reason: 'finished' | 'failed' | 'unreachable' | 'ended' | 'stopped';
      }
    | { readonly type: 'play.finished'; readonly play: string; readonly reason?: string }
    | { readonly type: 'stop.requested'; readonly hard: boolean }
    | { readonly type: 'notice'; readonly text: string; readonly severity: 'note' | 'warning' }
    | {
        readonly type: 'run.finished';
        readonly recap: readonly HostRecap[];
        readonly exitCode: number;
        readonly elapsedMs: number;
        readonly frames: number;
        readonly hint?: string;
      }
  );

/** Shows or stores events. Must never throw and never block; called on the engine's event loop. */
export interface Reporter {
  on(event: Event): void;
  /** Resolves when everything was written. */
  close(): Promise<void>;
}
