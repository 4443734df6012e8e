import type { Entry } from './sandbox.ts';
import type { ChannelRequest } from './ssh-session.ts';
import { rootEnv } from './sandbox-run.ts';
import { quoted } from './tools/tool.ts';

const operator = { id: '1500', home: '/home/operator' } as const;

/** What sshd would run for a channel: the user's shell in its home, on a terminal when one was asked for. */
export function loginEntry(request: ChannelRequest): Entry {
  const isRoot = request.user === 'root';
  const home = isRoot ? rootEnv.HOME : operator.home;
  const env = { ...rootEnv, ...request.env, HOME: home, USER: request.user, LOGNAME: request.user };
  const become = isRoot ? [] : ['setpriv', '--reuid', operator.id, '--regid', operator.id, '--clear-groups', '--'];
  const shell = ['/bin/sh', '-c', 'cd "$HOME" 2>/dev/null; eval "$1"', 'sh', shellCommand(request)];
  return { argv: [...become, ...shell], env: request.terminal ? { ...env, TERM: request.terminal.type } : env };
}

/** script(1) of util-linux owns the terminal; its size is set once, when the channel opens. */
function shellCommand({ command, terminal }: ChannelRequest): string {
  const program = command === undefined ? 'exec /bin/sh -l' : `exec /bin/sh -c ${quoted(command)}`;
  if (!terminal) return program;
  const { rows, columns } = terminal;
  const greeting = command === undefined ? '[ ! -f /etc/motd ] || cat /etc/motd; ' : '';
  return `exec script -qefc ${quoted(`stty rows ${rows} cols ${columns}; ${greeting}${program}`)} /dev/null`;
}
