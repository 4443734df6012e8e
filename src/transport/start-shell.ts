import { Unreachable } from '../contract/connection.ts';
import { waitFor } from './deadline.ts';
import type { Deadline } from './deadline.ts';
import { endDescription } from './describe.ts';
import { printable } from './printable.ts';
import type { ShellChannel } from './shell-channel.ts';
import { ShellSession } from './shell-session.ts';

/** Remembers the first few words a program says, for a message. */
export class Overheard {
  #text = '';
  readonly #streams;

  constructor(channel: ShellChannel) {
    this.#streams = [channel.stdout, channel.stderr];
    for (const stream of this.#streams) stream.on('data', this.#hear);
  }

  readonly #hear = (chunk: Buffer): void => {
    if (this.#text.length < 2000) this.#text += chunk.toString('utf8');
  };

  stop(): string {
    for (const stream of this.#streams) stream.off('data', this.#hear);
    return printable(this.#text);
  }
}

/** @throws Unreachable `no-shell` when what runs in the channel is not a POSIX shell */
export async function startShell(channel: ShellChannel, host: string, deadline: Deadline): Promise<ShellSession> {
  const overheard = new Overheard(channel);
  const session = await ShellSession.start(channel, host, deadline);
  if (session !== undefined) {
    overheard.stop();
    return session;
  }
  const end = await waitFor(channel.ended, 100);
  const said = overheard.stop();
  channel.destroy();
  const how = typeof end === 'object' ? endDescription(end.value) : 'no answer';
  throw new Unreachable(
    'no-shell',
    `${host}: wanted a POSIX shell (\`exec /bin/sh\` through the login shell), but ${how}${said && `, saying: ${said}`}. Check the user's login shell and its start-up files, a ForceCommand, and that /bin/sh exists`,
  );
}
