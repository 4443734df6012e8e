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
