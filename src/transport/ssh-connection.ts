import { ConnectionError, Unreachable } from '../contract/connection.ts';
import type { Become, Connection, ConnectionTarget } from '../contract/connection.ts';
import { openBecomeSession } from './become.ts';
import { Deadline } from './deadline.ts';
import { printable } from './printable.ts';
import type { RefusedPasswords } from './refused-passwords.ts';
import type { ShellChannel } from './shell-channel.ts';
import { ShellConnection } from './shell-connection.ts';
import type { ShellSession } from './shell-session.ts';
import type { Login, SshConnector } from './ssh-connector.ts';
import { startShell } from './start-shell.ts';

/** @throws Unreachable */
export async function connectSsh(
  connector: SshConnector,
  target: ConnectionTarget,
  refused: RefusedPasswords,
): Promise<Connection> {
  const login = await connector.login(target);
  const link = new SshLink(login, refused);
  try {
    return new ShellConnection(link, await link.openSession(undefined, new Deadline(target.connectTimeoutMs)));
  } catch (error) {
    link.close();
    throw error;
  }
}

class SshLink {
  readonly host: string;
  readonly loginUser: string;
  readonly endsItsShells = true;
  readonly #login: Login;
  readonly #refused: RefusedPasswords;

  constructor(login: Login, refused: RefusedPasswords) {
    this.#login = login;
    this.#refused = refused;
    this.host = login.endpoint.host;
    this.loginUser = login.endpoint.user;
  }

  get isOpen(): boolean {
    return this.#login.client.isOpen;
  }

  async openSession(become: Become | undefined, deadline: Deadline): Promise<ShellSession> {
    const open = (line: string): Promise<ShellChannel> => this.#exec(line, deadline);
    if (become === undefined) return startShell(await open('exec /bin/sh'), this.host, deadline);
    const { host, loginUser } = this;
    return openBecomeSession(open, become, { host, loginUser, refused: this.#refused, deadline });
  }

  close(): void {
    this.#login.client.end();
    this.#login.release();
  }

  async #exec(line: string, deadline: Deadline): Promise<ShellChannel> {
    try {
      return await this.#login.client.exec(line, deadline);
    } catch (error) {
      if (error instanceof ConnectionError) throw error;
      const why = printable(error instanceof Error ? error.message : String(error));
      throw new Unreachable('no-shell', `${this.host}: could not start a shell over SSH: ${why}; nothing was run`, {
        cause: error,
      });
    }
  }
}
