/** A counter of free places that callers wait for in order. */
class Places {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(size: number) {
    this.#free = size;
  }

  async take(): Promise<void> {
    if (this.#free > 0) this.#free -= 1;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  give(): void {
    const next = this.#waiting.shift();
    if (next) next();
    else this.#free += 1;
  }
}

/** Limits how many handshakes go on at once, to one address (sshd's MaxStartups) and in all; never the work after them. */
export class HandshakeThrottle {
  readonly #all: Places;
  readonly #perAddress: number;
  readonly #addresses = new Map<string, Places>();

  constructor(all: number, perAddress: number) {
    this.#all = new Places(all);
    this.#perAddress = perAddress;
  }

  async run<T>(address: string, handshake: () => Promise<T>): Promise<T> {
    const places = this.#addresses.get(address) ?? new Places(this.#perAddress);
    this.#addresses.set(address, places);
    await places.take();
    await this.#all.take();
    try {
      return await handshake();
    } finally {
      this.#all.give();
      places.give();
    }
  }
}
