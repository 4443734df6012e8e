import { setTimeout as sleep } from 'node:timers/promises';
import {
  type Become,
  type Connection,
  ConnectionLost,
  type ConnectionTarget,
  type ExchangeOptions,
  type Transport,
  Unreachable,
} from '../contract/connection.ts';
import type { Command, Output } from '../contract/command.ts';
import type { HostSession, ReconnectOptions } from '../contract/host-session.ts';
import type { Resource } from '../contract/resource.ts';
import { CheckOverlay } from './check-overlay.ts';
import { ReadAhead } from './read-ahead.ts';

/** Milliseconds a frame of reads may take before the host counts as stuck. */
const READ_DEADLINE_MS = 120_000;

export interface LinkOptions {
  readonly transport: Transport;
  readonly signal: AbortSignal;
  readonly onConnected: (host: string, elapsedMs: number) => void;
}

/** One host's connection for the whole run, opened when first needed, with the reads made over it. Mutable: it owns the connection. */
export class HostLink {
  readonly target: ConnectionTarget;
  readonly overlay = new CheckOverlay();
  /** Round trips made, for reports. */
  frames = 0;
  #epoch = 0;
  readonly #options: LinkOptions;
  readonly #reads = new Map<string, ReadAhead>();
  readonly #waiting: (() => void)[] = [];
  #connecting: Promise<Connection> | undefined;
  #isOpen = false;
  #isEnded = false;

  constructor(target: ConnectionTarget, options: LinkOptions) {
    this.target = target;
    this.#options = options;
  }

  readsAs(become: Become | undefined): ReadAhead {
    const key = becomeKey(become);
    const known = this.#reads.get(key);
    if (known) return known;
    const exchange = (commands: readonly Command[]) =>
      this.exchange(commands, { deadlineMs: READ_DEADLINE_MS, become });
    const reads = new ReadAhead(exchange, this.overlay, () => this.connect());
    this.#reads.set(key, reads);
    return reads;
  }

  /** Grows whenever something that was read of the host may no longer be so. */
  get epoch(): number {
    return this.#epoch + this.overlay.version;
  }

  /** Forgets what the resources may have altered, whoever read it. */
  invalidate(touched: readonly Resource[]): void {
    this.#epoch += 1;
    for (const reads of this.#reads.values()) reads.invalidate(touched);
  }

  async exchange(commands: readonly Command[], options: ExchangeOptions): Promise<readonly Output[]> {
    const connection = await this.connect();
    this.frames += 1;
    try {
      return await connection.exchange(commands, { signal: this.#options.signal, ...options });
    } catch (error) {
      if (error instanceof ConnectionLost) await this.#drop();
      throw error;
    }
  }

  /** Calls back when the connection is open, at once if it is; opens none by itself. */
  onceOpen(callback: () => void): void {
    if (this.#isOpen) callback();
    else this.#waiting.push(callback);
  }

  connect(): Promise<Connection> {
    if (this.#isEnded) return Promise.reject(new Error('the run is over'));
    this.#connecting ??= this.#open();
    return this.#connecting;
  }

  /** Once unreachable, always unreachable in this run, unless somebody reconnects on purpose. */
  async #open(signal: AbortSignal = this.#options.signal): Promise<Connection> {
    const start = performance.now();
    const connection = await this.#options.transport.connect(this.target, signal);
    this.#options.onConnected(this.target.host, performance.now() - start);
    this.#isOpen = true;
    for (const callback of this.#waiting.splice(0)) callback();
    return connection;
  }

  async reconnect(options: ReconnectOptions): Promise<void> {
    const deadline = performance.now() + options.deadlineMs;
    await this.#drop();
    this.#epoch += 1;
    for (const reads of this.#reads.values()) reads.clear();
    await sleep(options.delayMs ?? 0, undefined, { signal: this.#options.signal });
    this.#connecting = this.#openUntil(deadline, options.attemptTimeoutMs);
    this.#connecting.catch(() => {});
    await this.#connecting;
  }

  async #openUntil(deadline: number, attemptTimeoutMs: number): Promise<Connection> {
    for (let attempt = 0; ; attempt++) {
      try {
        return await this.#open(AbortSignal.any([this.#options.signal, AbortSignal.timeout(attemptTimeoutMs)]));
      } catch (error) {
        this.#options.signal.throwIfAborted();
        if (error instanceof Unreachable && isFinal(error)) throw error;
        const pause = Math.min(500 * 2 ** Math.min(attempt, 4), 8_000) * (0.75 + Math.random() / 2);
        if (performance.now() + pause > deadline) throw error;
        await sleep(pause, undefined, { signal: this.#options.signal });
      }
    }
  }

  /** Ends the connection and forgets what was read over it; a later task opens it again. */
  async close(): Promise<void> {
    this.#epoch += 1;
    for (const reads of this.#reads.values()) reads.clear();
    await this.#drop();
  }

  /** Like {@link close}, for good: a connection opened later would keep the program from ending. */
  end(): Promise<void> {
    this.#isEnded = true;
    return this.close();
  }

  async #drop(): Promise<void> {
    const connecting = this.#connecting;
    this.#connecting = undefined;
    this.#isOpen = false;
    const connection = await connecting?.catch(() => undefined);
    await connection?.close();
  }

  /** What changes and waiting modules may do here, as one user. */
  session(become: Become | undefined, defaults: { readonly deadlineMs: number }, notes: SessionNotes): HostSession {
    const exchange = (commands: readonly Command[], options: Partial<ExchangeOptions> = {}) =>
      this.exchange(commands, { become, deadlineMs: defaults.deadlineMs, onOutput: notes.output, ...options });
    return {
      host: this.target.host,
      exchange,
      run: async (command, options) => {
        const [output] = await exchange([command], options);
        if (!output) throw new ConnectionLost(`${this.target.host} gave no answer to a command`);
        return output;
      },
      reconnect: (options) => this.reconnect(options),
      progress: notes.progress,
      signal: this.#options.signal,
    };
  }
}

export interface SessionNotes {
  progress(text: string): void;
  output?(chunk: Uint8Array, stream: 'stdout' | 'stderr'): void;
}

/** Trying again cannot help, or would be dangerous (another machine may have taken the address). */
function isFinal(error: Unreachable): boolean {
  return error.reason === 'host-key-changed' || error.reason === 'host-key-revoked' || error.reason === 'configuration';
}

function becomeKey(become: Become | undefined): string {
  return become ? JSON.stringify([become.method, become.user, become.flags ?? []]) : '';
}
