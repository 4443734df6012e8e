import { randomBytes } from 'node:crypto';

import { BecomeFailed } from '../contract/connection.ts';
import type { Become } from '../contract/connection.ts';
import type { Secret } from '../contract/secret.ts';
import { waitFor } from './deadline.ts';
import type { Deadline } from './deadline.ts';
import { endDescription } from './describe.ts';
import { printable } from './printable.ts';
import { quote, quoteAll } from './quote.ts';
import type { RefusedPasswords } from './refused-passwords.ts';
import type { OpenChannel, ShellChannel } from './shell-channel.ts';
import { ShellSession } from './shell-session.ts';
import { Overheard } from './start-shell.ts';
import { WatchedText } from './watched-text.ts';

export interface BecomeContext {
  readonly host: string;
  readonly loginUser: string;
  readonly refused: RefusedPasswords;
  readonly deadline: Deadline;
}

/** @throws BecomeFailed, Unreachable */
export async function openBecomeSession(
  open: OpenChannel,
  become: Become,
  context: BecomeContext,
): Promise<ShellSession> {
  if (become.method === 'su' && context.loginUser !== 'root') throw new BecomeFailed(suMessage(context.host));
  const { password } = become;
  if (become.method === 'sudo' && password !== undefined) return withPassword(open, { ...become, password }, context);
  const channel = await open(`exec ${quoteAll(words(become))}`);
  const overheard = new Overheard(channel);
  const session = await ShellSession.start(channel, context.host, context.deadline);
  return session ? heard(session, overheard) : fail(channel, become, context, overheard);
}

function words({ method, user, flags = [] }: Become): readonly string[] {
  switch (method) {
    case 'sudo':
      return ['sudo', '-n', '-H', '-u', user, ...sudoFlags(flags), '--', '/bin/sh'];
    case 'doas':
      return ['doas', '-n', '-u', user, ...flags, '--', '/bin/sh'];
    case 'su':
      return ['su', ...flags, '-s', '/bin/sh', user];
    default:
      return method satisfies never;
  }
}

/** How a password is given is ours to say: `-S`, `-n` and `-H` are what Ansible's own default flags hold. */
function sudoFlags(flags: readonly string[]): readonly string[] {
  return flags.filter((flag) => !['-S', '-n', '-H'].includes(flag));
}

/**
 * The password is written only after a prompt that nobody could know: the text is sent to a plain `sh`, out of sight of
 * the login shell's start-up files. sudo-rs prints the same text as `[sudo: <prompt>] Password:`.
 */
async function withPassword(
  open: OpenChannel,
  become: Become & { readonly password: Secret },
  context: BecomeContext,
): Promise<ShellSession> {
  requireOneLine(become.password, context.host);
  const { host, refused, deadline } = context;
  await refused.begin(host, become);
  let outcome: PromptOutcome = 'not asked';
  try {
    const channel = await open('exec /bin/sh');
    const overheard = new Overheard(channel);
    outcome = await answerPrompt(channel, become, deadline);
    const session = outcome === 'refused' ? undefined : await ShellSession.start(channel, host, deadline);
    return session ? heard(session, overheard) : await fail(channel, become, context, overheard, outcome);
  } finally {
    refused.end(host, become, outcome);
  }
}

type PromptOutcome = 'accepted' | 'refused' | 'not asked';

async function answerPrompt(
  channel: ShellChannel,
  become: Become & { readonly password: Secret },
  deadline: Deadline,
): Promise<PromptOutcome> {
  const [prompt, ready] = [newNonce(), newNonce()];
  const flags = sudoFlags(become.flags ?? []);
  const argv = [
    'sudo',
    '-S',
    '-p',
    prompt,
    '-H',
    '-u',
    become.user,
    ...flags,
    '--',
    '/bin/sh',
    '-c',
    `echo ${ready} >&2; exec /bin/sh`,
  ];
  const stderr = new WatchedText(channel);
  channel.stdin.on('error', () => {});
  channel.stdout.resume();
  channel.stdin.write(`exec ${argv.map(quote).join(' ')}\n`);
  const first = await stderr.firstOf([prompt, ready], deadline);
  if (first !== prompt) return 'not asked';
  channel.stdin.write(`${become.password.reveal()}\n`);
  const second = await stderr.firstOf([prompt, ready], deadline);
  if (second === ready) return 'accepted';
  // A second prompt: the first answer was wrong, and there is no other.
  channel.stdin.end();
  return second === prompt || stderr.says(/incorrect password|try again|authentication fail/i)
    ? 'refused'
    : 'not asked';
}

function heard(session: ShellSession, overheard: Overheard): ShellSession {
  overheard.stop();
  return session;
}

async function fail(
  channel: ShellChannel,
  become: Become,
  context: BecomeContext,
  overheard: Overheard,
  outcome?: PromptOutcome,
): Promise<never> {
  const end = await waitFor(channel.ended, 3000);
  // Only now has everything come that it had to say.
  const said = overheard.stop();
  channel.destroy();
  const how = typeof end === 'object' ? endDescription(end.value) : 'no answer';
  const what = `${context.host}: ${context.loginUser} could not become ${printable(become.user)} with ${become.method}`;
  if (outcome === 'refused') throw new BecomeFailed(`${what}: wrong password (tried once)`);
  throw new BecomeFailed(`${what}: ${said.replaceAll(/[0-9a-f]{32}/g, '') || how}${advice(become, said)}`);
}

function advice({ method, password, user }: Become, said: string): string {
  if (/not found/.test(said)) return `. Install ${method} there, or log in as ${printable(user)}`;
  if (/password is required|authentication (is )?required|Authorization required/i.test(said) || method === 'doas')
    return passwordAdvice(method, password);
  if (/tty/.test(said)) return '. Take `requiretty` out of its sudoers';
  return '';
}

function passwordAdvice(method: Become['method'], password: Secret | undefined): string {
  if (method === 'doas')
    return '. doas asks for passwords on a terminal only: allow `permit nopass` for this user, or use sudo';
  return password === undefined
    ? '. Give a password (ansible_become_password, --ask-become-pass) or allow NOPASSWD in sudoers'
    : '';
}

function suMessage(host: string): string {
  return `${host}: su asks for a password on a terminal, which there is none; use sudo or doas, or log in as root`;
}

function requireOneLine(password: Secret, host: string): void {
  if (/[\n\r\0]/.test(password.reveal()))
    throw new BecomeFailed(`${host}: the become password holds a line break or NUL byte, which sudo cannot read`);
}

function newNonce(): string {
  return randomBytes(16).toString('hex');
}
