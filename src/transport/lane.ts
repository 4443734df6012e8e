import { DeadlinePassed } from '../contract/connection.ts';
import { waitFor } from './deadline.ts';
import type { Deadline } from './deadline.ts';
import { seconds } from './describe.ts';
import type { ShellSession } from './shell-session.ts';

/** The exchanges of one user on one host, one at a time, in order. */
export class Lane {
  /** Mutable: sessions are opened when first needed, and replaced when lost. */
  session: ShellSession | undefined;
  #last: Promise<void> = Promise.resolve();

  constructor(session?: ShellSession) {
    this.session = session;
  }

  /**
   * Waits for one's turn; the returned function ends it.
   *
   * @throws DeadlinePassed or the signal's reason while still waiting: nothing has run.
   */
  async turn(deadline: Deadline, signal?: AbortSignal): Promise<() => void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const previous = this.#last;
    this.#last = promise;
    const outcome = await waitFor(previous, deadline.left, signal);
    if (typeof outcome === 'object') return resolve;
    void previous.then(resolve);
    if (outcome === 'aborted') throw signal?.reason;
    throw new DeadlinePassed(`waited ${seconds(deadline.ms)} for earlier commands on the same host; nothing was run`);
  }

  async drop(): Promise<void> {
    await this.#give()?.close();
  }

  /** Like {@link drop}, for a connection that ends right after. */
  async leave(): Promise<void> {
    await this.#give()?.leave();
  }

  #give(): ShellSession | undefined {
    const session = this.session;
    this.session = undefined;
    return session;
  }
}
