import { userInfo } from 'node:os';

import type { Become, Connection } from '../contract/connection.ts';
import { openBecomeSession } from './become.ts';
import { Deadline } from './deadline.ts';
import { openLocalChannel } from './local-channel.ts';
import { RefusedPasswords } from './refused-passwords.ts';
import type { ShellChannel } from './shell-channel.ts';
import { ShellConnection } from './shell-connection.ts';
import type { ShellSession } from './shell-session.ts';
import { startShell } from './start-shell.ts';

export interface LocalOptions {
  readonly host: string;
  readonly connectTimeoutMs: number;
  /** A POSIX shell that reads its program from standard input. */
  readonly shell?: readonly [string, ...string[]];
}

/** Commands run on this machine, by the same shell session as over SSH. */
export async function connectLocal(options: LocalOptions, refused = new RefusedPasswords()): Promise<Connection> {
  const { host, shell = ['/bin/sh'] } = options;
  const loginUser = userInfo().username;
  const openLine = async (line: string): Promise<ShellChannel> => openLocalChannel(['/bin/sh', '-c', line]);
  const openSession = async (become: Become | undefined, deadline: Deadline): Promise<ShellSession> =>
    become === undefined
      ? startShell(openLocalChannel(shell), host, deadline)
      : openBecomeSession(openLine, become, { host, loginUser, refused, deadline });
  const login = await openSession(undefined, new Deadline(options.connectTimeoutMs));
  return new ShellConnection(
    { host, loginUser, isOpen: true, openSession, endsItsShells: false, close: () => {} },
    login,
  );
}
