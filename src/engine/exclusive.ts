/** Runs what shares a key one after the other, in the order it came. */
export class Exclusive {
  readonly #tails = new Map<string, Promise<unknown>>();

  run<T>(key: string, action: () => Promise<T> | T): Promise<T> {
    const before = this.#tails.get(key) ?? Promise.resolve();
    const turn = before.then(action, action);
    this.#tails.set(
      key,
      turn.catch(() => {}),
    );
    return turn;
  }
}
