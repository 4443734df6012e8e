import { userInfo } from 'node:os';

import { Unreachable } from '../contract/connection.ts';
import type { Connection } from '../contract/connection.ts';
import { Deadline } from './deadline.ts';
import { openLocalChannel } from './local-channel.ts';
import { ShellConnection } from './shell-connection.ts';
import { ShellSession } from './shell-session.ts';

export interface LocalOptions {
  readonly host: string;
  readonly connectTimeoutMs: number;
  /** A POSIX shell that reads its program from standard input. */
  readonly shell?: readonly [string, ...string[]];
}

/** Commands run on this machine, by the same shell session as over SSH. */
export async function connectLocal(options: LocalOptions): Promise<Connection> {
  const { host, shell = ['/bin/sh'] } = options;
  const open = async (deadline: Deadline): Promise<ShellSession> => {
    const session = await ShellSession.start(openLocalChannel(shell), host, deadline);
    if (session === undefined)
      throw new Unreachable('no-shell', `${host}: ${shell.join(' ')} does not answer as a shell`);
    return session;
  };
  const login = await open(new Deadline(options.connectTimeoutMs));
  const link = {
    host,
    loginUser: userInfo().username,
    isOpen: true,
    openSession: (_: unknown, deadline: Deadline) => open(deadline),
    close: () => {},
  };
  return new ShellConnection(link, login);
}
