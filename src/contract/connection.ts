import type { Command, Output } from './command.ts';
import type { Secret } from './secret.ts';

/** How to become another user on the host. `none` keeps the login user. */
export interface Become {
  readonly method: 'sudo' | 'doas' | 'su';
  readonly user: string;
  readonly password?: Secret;
  readonly flags?: readonly string[];
}

export interface ExchangeOptions {
  /** Absent: run as the login user. */
  readonly become?: Become;
  /** Milliseconds for the whole exchange. When it passes, the commands' process group is killed and the exchange rejects. */
  readonly deadlineMs: number;
  /** Per stream and command, in bytes; output beyond it is dropped from the middle. Default 8 MiB. */
  readonly maxOutputBytes?: number;
  /** Run the commands only until one of them exits non-zero; the outputs of the others are absent. */
  readonly stopOnFailure?: boolean;
  /** Called with output as it arrives, for live display. */
  readonly onOutput?: (chunk: Uint8Array, stream: 'stdout' | 'stderr') => void;
  readonly signal?: AbortSignal;
}

/**
 * One live connection to one host. All commands of an exchange travel in one round trip and run in order,
 * in a fresh subshell of one long-lived `sh` per become user.
 *
 * Rejections: {@link Unreachable} (could not connect or authenticate), {@link ConnectionLost} (it broke while
 * commands may have been running: their outcome is unknown), {@link DeadlinePassed}, {@link BecomeFailed}.
 */
export interface Connection {
  exchange(commands: readonly Command[], options: ExchangeOptions): Promise<readonly Output[]>;
  /** Ends the session; never rejects, returns within a second or two. */
  close(): Promise<void>;
  /** False once the peer is gone. */
  readonly isOpen: boolean;
}

/** Where and how to connect; made from inventory variables, ~/.ssh/config and options. Absent fields fall back in that order. */
export interface ConnectionTarget {
  /** Inventory name, for messages. */
  readonly host: string;
  readonly kind: 'ssh' | 'local';
  /** Name or address to look up in ~/.ssh/config and to connect to. */
  readonly address: string;
  readonly port?: number;
  readonly user?: string;
  readonly identityFiles?: readonly string[];
  readonly passphrase?: Secret;
  /** Only when asked for: password and keyboard-interactive logins are never tried otherwise. */
  readonly password?: Secret;
  readonly proxyJump?: string;
  readonly proxyCommand?: string;
  readonly knownHostsFiles?: readonly string[];
  /** `strict` refuses unknown keys, `accept-new` records them; a changed key is always refused. */
  readonly hostKeyPolicy: 'strict' | 'accept-new';
  readonly connectTimeoutMs: number;
  readonly sshConfigFile?: string;
  /** Lines of ssh's own arguments, quoted as for a shell: `-o ProxyCommand="ssh -W %h:%p bastion"`. */
  readonly sshArgs?: readonly string[];
}

export interface Transport {
  connect(target: ConnectionTarget, signal?: AbortSignal): Promise<Connection>;
}

/** Base of everything a connection can do wrong; `message` says what was wanted, found, and what to do. */
export class ConnectionError extends Error {
  override name = 'ConnectionError';
}

/** No session was established: nothing ran on the host. */
export class Unreachable extends ConnectionError {
  override name = 'Unreachable';
  /** Lets reports and retries tell the causes apart without reading the message. */
  readonly reason: UnreachableReason;

  constructor(reason: UnreachableReason, message: string, options?: ErrorOptions) {
    super(message, options);
    this.reason = reason;
  }
}

export type UnreachableReason =
  | 'timeout'
  | 'refused'
  | 'unresolved'
  | 'host-key-unknown'
  | 'host-key-changed'
  | 'host-key-revoked'
  | 'auth'
  | 'proxy'
  | 'closed'
  | 'no-shell'
  | 'configuration';

/** The session broke while commands may have been running: whether they took effect is unknown. */
export class ConnectionLost extends ConnectionError {
  override name = 'ConnectionLost';
}

export class DeadlinePassed extends ConnectionError {
  override name = 'DeadlinePassed';
}

export class BecomeFailed extends ConnectionError {
  override name = 'BecomeFailed';
}
