/**
 * A task failed on a host: refused by a plan, by a change, or by the host. The message says what was wanted, what was
 * found and what to do; `detail` is added to the registered result.
 */
export class TaskError extends Error {
  override name = 'TaskError';
  readonly detail: Readonly<Record<string, unknown>>;

  constructor(message: string, detail: Readonly<Record<string, unknown>> = {}, options?: ErrorOptions) {
    super(message, options);
    this.detail = detail;
  }
}

/** Thrown by `observe` when there is nothing to do for a reason of its own: the task is skipped, not ok. */
export class TaskSkipped extends Error {
  override name = 'TaskSkipped';
}
