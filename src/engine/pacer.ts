import { compareOrder, type Order } from '../contract/order.ts';

interface Waiting {
  readonly host: string;
  readonly order: Order;
  release(meeting: Meeting): void;
}

/** The hosts that stand at one place together, in play order. */
export interface Meeting {
  readonly hosts: readonly string[];
}

/**
 * Keeps hosts of a batch in step where one host's outcome can matter to another. Hosts say where they are; whoever waits
 * at a place is released when every host that still takes part has reached or passed it. There is no counting of
 * arrivals, so hosts that took another branch cannot block anybody.
 */
export class Pacer {
  readonly #positions: Map<string, Order>;
  #waiting: Waiting[] = [];

  constructor(hosts: readonly string[]) {
    this.#positions = new Map(hosts.map((host) => [host, []]));
  }

  /** Every host that still takes part, in play order. */
  get present(): readonly string[] {
    return [...this.#positions.keys()];
  }

  advance(host: string, order: Order): void {
    if (this.#positions.has(host)) this.#positions.set(host, order);
    this.#release();
  }

  leave(host: string): void {
    this.#positions.delete(host);
    this.#release();
  }

  /** Resolves with all that wait at the same place, once nobody is behind it. */
  meet(host: string, order: Order): Promise<Meeting> {
    const { promise, resolve } = Promise.withResolvers<Meeting>();
    this.#waiting.push({ host, order, release: resolve });
    this.advance(host, order);
    return promise;
  }

  #release(): void {
    if (this.#waiting.length === 0) return;
    const ready = this.#waiting.filter(({ order }) =>
      [...this.#positions.values()].every((at) => compareOrder(at, order) >= 0),
    );
    if (ready.length === 0) return;
    this.#waiting = this.#waiting.filter((waiting) => !ready.includes(waiting));
    for (const waiting of ready) waiting.release({ hosts: this.#together(ready, waiting.order) });
  }

  #together(ready: readonly Waiting[], order: Order): readonly string[] {
    const hosts = new Set(ready.filter((waiting) => compareOrder(waiting.order, order) === 0).map(({ host }) => host));
    return this.present.filter((host) => hosts.has(host));
  }
}
