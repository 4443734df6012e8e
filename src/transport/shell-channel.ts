import type { Readable, Writable } from 'node:stream';

import { Unreachable } from '../contract/connection.ts';
/** How a channel to a shell ended; neither code nor signal is known when the connection broke. */
export interface ChannelEnd {
  readonly code?: number;
  readonly signal?: string;
  readonly error?: Error;
}

/** The three streams of a program that runs on the host: an SSH channel or a child. */
export interface ShellChannel {
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** Resolves once, when the program or the connection has ended. Never rejects. */
  readonly ended: Promise<ChannelEnd>;
  /** Gives the channel up without waiting for the program. */
  destroy(): void;
}

/** Runs one line in the login shell of the host. */
export type OpenChannel = (line: string) => Promise<ShellChannel>;

/** The server would not open another channel on a live connection (sshd_config MaxSessions). */
export class ChannelRefused extends Unreachable {
  constructor(host: string, cause: unknown) {
    super('no-shell', `${host}: the SSH server refuses another session on the connection; raise MaxSessions`, {
      cause,
    });
  }
}
