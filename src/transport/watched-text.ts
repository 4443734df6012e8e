import { waitFor } from './deadline.ts';
import type { Deadline } from './deadline.ts';
import type { ShellChannel } from './shell-channel.ts';

/** Waits for one of several texts on standard error; each is found once per time it is printed. */
export class WatchedText {
  #text = '';
  #at = 0;
  #notify: () => void = () => {};
  readonly #ended: Promise<unknown>;

  constructor(channel: ShellChannel) {
    this.#ended = channel.ended.then(() => new Promise((resolve) => setTimeout(resolve, 50)));
    channel.stderr.on('data', (chunk: Buffer) => {
      if (this.#text.length < 65_536) this.#text += chunk.toString('latin1');
      this.#notify();
    });
  }

  says(pattern: RegExp): boolean {
    return pattern.test(this.#text);
  }

  /** Undefined: the program ended, or the deadline passed. */
  async firstOf(texts: readonly string[], deadline: Deadline): Promise<string | undefined> {
    const { promise, resolve } = Promise.withResolvers<string | undefined>();
    this.#notify = () => {
      const found = texts.find((text) => this.#text.indexOf(text, this.#at) !== -1);
      if (found === undefined) return;
      this.#at = this.#text.indexOf(found, this.#at) + found.length;
      this.#notify = () => {};
      resolve(found);
    };
    this.#notify();
    void this.#ended.then(() => resolve(undefined));
    const outcome = await waitFor(promise, deadline.left);
    return typeof outcome === 'object' ? outcome.value : undefined;
  }
}
