/** A point in time that several waits share. */
export class Deadline {
  readonly ms: number;
  readonly #at: number;

  constructor(ms: number) {
    this.ms = ms;
    this.#at = performance.now() + ms;
  }

  get left(): number {
    return Math.max(0, this.#at - performance.now());
  }

  get isPassed(): boolean {
    return this.left <= 0;
  }
}

/** Why a wait ended before what it waited for. */
export type Interruption = 'deadline' | 'aborted';

/** Settles with the promise, or with the name of what came first. The promise goes on; its later rejection is swallowed. */
export function waitFor<T>(
  promise: Promise<T>,
  ms: number,
  signal?: AbortSignal,
): Promise<{ readonly value: T } | Interruption> {
  promise.catch(() => {});
  return new Promise((resolve, reject) => {
    const abort = (): void => finish(() => resolve('aborted'));
    const timer = setTimeout(() => finish(() => resolve('deadline')), Math.min(ms, LONGEST_TIMER));
    const finish = (settle: () => void): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
      settle();
    };
    if (signal?.aborted) return abort();
    signal?.addEventListener('abort', abort, { once: true });
    promise.then(
      (value) => finish(() => resolve({ value })),
      (error: unknown) => finish(() => reject(error)),
    );
  });
}

/** setTimeout fires at once for anything longer. */
const LONGEST_TIMER = 2 ** 31 - 1;
