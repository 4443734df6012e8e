import type { Diff } from './change.ts';

export type Status = 'ok' | 'changed' | 'failed' | 'skipped' | 'unreachable' | 'unknown';

/** How one task, or one item of its loop, ended on one host. */
export interface Result {
  readonly status: Status;
  /** One or two lines for people; always set on failed, unreachable, skipped and unknown. */
  readonly message?: string;
  readonly diffs: readonly Diff[];
  /** Each planned or applied change in words. */
  readonly actions: readonly string[];
  /** What `register` stores, beside the fields derived from the status. */
  readonly values: Readonly<Record<string, unknown>>;
  /** A failure that ignore_errors or ignore_unreachable let pass. */
  readonly isIgnored?: boolean;
  /** A run_once task's result, taken over from the host that ran it. */
  readonly isCopy?: boolean;
  /** no_log: nothing but the status may be shown. */
  readonly isHidden?: boolean;
  readonly items?: readonly ItemResult[];
  /** Attempts made, when the task has `until` or `retries`. */
  readonly attempts?: number;
}

export interface ItemResult extends Result {
  /** loop_control.label, else the item itself, as text. */
  readonly label: string;
}
