import type { Command, Output } from './command.ts';
import type { ExchangeOptions } from './connection.ts';

/** What a change, or a module that must wait for a host, may do with it. Made by the engine, bound to one host and become user. */
export interface HostSession {
  readonly host: string;
  exchange(commands: readonly Command[], options?: Partial<ExchangeOptions>): Promise<readonly Output[]>;
  /** Like exchange, for one command. */
  run(command: Command, options?: Partial<ExchangeOptions>): Promise<Output>;
  /**
   * Drops the connection and opens a fresh one: attempts with back-off until one succeeds or `deadlineMs` passes
   * (rejects with the last {@link Unreachable}). A changed host key ends it at once.
   */
  reconnect(options: ReconnectOptions): Promise<void>;
  /** Live lines for the person watching: "waiting for ssh, 40 s". */
  progress(text: string): void;
  readonly signal: AbortSignal;
}

export interface ReconnectOptions {
  readonly deadlineMs: number;
  readonly attemptTimeoutMs: number;
  /** Milliseconds before the first attempt. */
  readonly delayMs?: number;
}
