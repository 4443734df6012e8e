import { randomBytes } from 'node:crypto';

import type { Command, Output } from '../contract/command.ts';
import { ConnectionLost, DeadlinePassed } from '../contract/connection.ts';
import type { ExchangeOptions } from '../contract/connection.ts';
import { waitFor } from './deadline.ts';
import type { Deadline } from './deadline.ts';
import { commandName, endDescription, seconds } from './describe.ts';
import { Reply } from './reply.ts';
import type { ReplyOptions } from './reply.ts';
import { exchangeText, forBash, lifeText, ownText } from './request.ts';
import type { ChannelEnd, ShellChannel } from './shell-channel.ts';
import { stopCommands } from './stop-commands.ts';

/** What every command finds: C locale, a PATH with the administrator's directories, umask 022, directory `/`. */
const PREPARE = `LC_ALL=C; PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\${PATH:+:$PATH}; export LC_ALL PATH
unset CDPATH ENV BASH_ENV; umask 022; cd /
o=\${BASH_VERSION:+bash}; ! command -v dd >/dev/null 2>&1 || o=$o+dd`;

/** Whose session the shell is in. `read` is a builtin, so /proc/self is the shell itself: proc(5). */
const SESSION = `read -r l </proc/self/stat; read -r p </proc/$PPID/comm; o="$$ \${l##*) } $p"`;

/** Milliseconds a shell gets to say whose session it is in. */
const STOP_MS = 2000;

/** Milliseconds a shell gets to end by itself when its session is closed. */
const CLOSE_MS = 1000;

/** Milliseconds until the shell is first asked whether the commands' subshell still lives, and at most between such questions. */
const FIRST_LIFE_MS = 4000;
const LONGEST_LIFE_MS = 60_000;

/** Bytes of a request from where on its answer is likely to be many small writes. */
const WORTH_GATHERING = 3000;

/** Milliseconds output may come later than the end of its channel. */
const LATE_OUTPUT_MS = 50;

export type SessionOptions = Omit<ExchangeOptions, 'become' | 'deadlineMs'> & { readonly deadline: Deadline };

/** One long-lived `sh` on a host. Exchanges run one at a time: the caller waits for each before the next. */
export class ShellSession {
  readonly #channel: ShellChannel;
  readonly #host: string;
  #reply: Reply | undefined;
  #isBash = false;
  #hasDd = false;
  #end: ChannelEnd | undefined;

  private constructor(channel: ShellChannel, host: string) {
    this.#channel = channel;
    this.#host = host;
    channel.stdin.on('error', () => {});
    channel.stdout.on('error', () => {}).on('data', (chunk: Buffer) => this.#reply?.push('stdout', chunk));
    channel.stderr.on('error', () => {}).on('data', (chunk: Buffer) => this.#reply?.push('stderr', chunk));
    void channel.ended.then((end) => {
      this.#end ??= end;
      setTimeout(() => this.#reply?.abandon(), LATE_OUTPUT_MS);
    });
  }

  /** Takes over a channel with a `sh` at its other end. Undefined when it does not answer as one before the deadline. */
  static async start(channel: ShellChannel, host: string, deadline: Deadline): Promise<ShellSession | undefined> {
    const session = new ShellSession(channel, host);
    const hello = await session.#ask(PREPARE, deadline.left);
    if (hello === undefined) return undefined;
    session.#isBash = hello.startsWith('bash');
    session.#hasDd = hello.endsWith('+dd');
    return session;
  }

  get isOpen(): boolean {
    return this.#end === undefined && this.#channel.stdin.writable;
  }

  /**
   * @throws ConnectionLost, DeadlinePassed, or the signal's reason. After the last two the commands were stopped and the
   * session can be used again, or it is no longer open.
   */
  async exchange(commands: readonly Command[], options: SessionOptions): Promise<readonly Output[]> {
    const { reply, outcome } = await this.#send((nonce) => this.#exchangeText(nonce, commands, options), {
      ...options,
      isWatched: true,
    });
    const current = commands[reply.ended];
    if (reply.isOrphaned) throw await this.#orphaned(current);
    if (typeof outcome === 'object') return outcome.value ?? this.#lost(current);
    const stopped = await this.#stop();
    if (outcome === 'aborted') throw options.signal?.reason;
    const limit = seconds(options.deadline.ms);
    throw new DeadlinePassed(`${this.#host}: ${commandName(current)} did not finish within ${limit}; ${stopped}`);
  }

  /** Ends the shell and what still runs in it. Never rejects. */
  async close(): Promise<void> {
    const interrupted = this.#reply;
    if (interrupted !== undefined && this.isOpen) await this.#stop();
    interrupted?.abandon();
    this.#channel.stdin.end();
    await waitFor(this.#channel.ended, CLOSE_MS);
    this.#giveUp();
  }

  /** For when the whole connection ends right after, and its idle shells with it. Never rejects. */
  async leave(): Promise<void> {
    if (this.#reply !== undefined) await this.close();
  }

  async #send(text: (nonce: string) => Buffer, options: SendOptions) {
    const nonce = randomBytes(16).toString('hex');
    const reply = new Reply(nonce, options);
    const bytes = text(nonce);
    this.#reply = reply;
    if (this.isOpen) this.#channel.stdin.write(this.#isBash ? forBash(bytes) : bytes);
    else reply.abandon();
    const endWatch = options.isWatched ? this.#watchOver(reply, nonce) : undefined;
    const outcome = await waitFor(reply.finished, options.deadline.left, options.signal);
    endWatch?.();
    if (this.#reply === reply) this.#reply = undefined;
    return { reply, outcome };
  }

  /** Nobody would tell that the subshell was killed (OOM, pkill); without this its exchange waits for the deadline. */
  #watchOver(reply: Reply, nonce: string): () => void {
    let timer: NodeJS.Timeout | undefined;
    const askAfter = (ms: number): void => {
      timer = setTimeout(() => {
        if (this.#reply === reply && this.isOpen) this.#channel.stdin.write(lifeText(nonce));
        askAfter(Math.min(ms * 2, LONGEST_LIFE_MS));
      }, ms);
    };
    askAfter(FIRST_LIFE_MS);
    return () => clearTimeout(timer);
  }

  /** What nobody watches as it comes, and is long, comes in large pieces. */
  #exchangeText(nonce: string, commands: readonly Command[], { stopOnFailure, onOutput }: SessionOptions): Buffer {
    const gathersFrom = this.#hasDd && onOutput === undefined ? WORTH_GATHERING : undefined;
    return exchangeText(nonce, commands, { stopOnFailure, gathersFrom });
  }

  async #ask(body: string, ms: number): Promise<string | undefined> {
    const { outcome } = await this.#send((nonce) => ownText(nonce, body), { deadline: { left: ms } });
    const answer = typeof outcome === 'object' ? outcome.value?.[0] : undefined;
    return answer && Buffer.from(answer.stdout).toString('latin1');
  }

  async #stop(): Promise<string> {
    const answer = await this.#ask(SESSION, STOP_MS);
    const session = answer === undefined ? undefined : ownSession(answer);
    const left = session === undefined ? undefined : await stopCommands((body, ms) => this.#ask(body, ms), session);
    if (left === 0) return 'it was stopped';
    this.#giveUp();
    return left === undefined
      ? 'it may still run: the host did not confirm that it was stopped'
      : 'it could not be killed and still runs';
  }

  #giveUp(): void {
    this.#end ??= {};
    this.#channel.destroy();
    this.#reply?.abandon();
  }

  async #orphaned(command: Command | undefined): Promise<ConnectionLost> {
    const stopped = await this.#stop();
    const name = commandName(command);
    return new ConnectionLost(
      `${this.#host}: lost the session during ${name} (the shell that ran it was killed, out of memory?; ${stopped}); whether it took effect is unknown`,
    );
  }

  #lost(command: Command | undefined): never {
    this.#giveUp();
    const how = endDescription(this.#end);
    throw new ConnectionLost(
      `${this.#host}: lost the session during ${commandName(command)} (${how}); whether it took effect is unknown`,
    );
  }
}

interface SendOptions extends ReplyOptions {
  readonly deadline: { readonly left: number };
  readonly signal?: AbortSignal | undefined;
  readonly isWatched?: boolean;
}

/**
 * The shell's session id, where that session is the shell's own or that of the sudo which started it: then all of it may
 * be killed. Dropbear runs commands in its own session.
 */
function ownSession(answer: string): number | undefined {
  const [pid, , ppid, , session, ...rest] = answer.split(' ');
  const isServers = /^(sshd|dropbear)/.test(rest.at(-1) ?? '');
  return session === pid || (session === ppid && !isServers) ? Number(session) : undefined;
}
