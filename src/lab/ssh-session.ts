import type { ChildProcess } from 'node:child_process';
import { constants } from 'node:os';
import type { Readable, Writable } from 'node:stream';
import type { ServerChannel, Session } from 'ssh2';

/** What a client asked a channel to run. */
export interface ChannelRequest {
  readonly user: string;
  /** Absent: a login shell. */
  readonly command: string | undefined;
  readonly env: Readonly<Record<string, string>>;
  readonly terminal: Terminal | undefined;
}

export interface Terminal {
  readonly rows: number;
  readonly columns: number;
  readonly type: string;
}

export interface Spawned {
  readonly child: ChildProcess;
  /** Written before anything the program says. */
  readonly noise: string | undefined;
}

export type Spawn = (request: ChannelRequest) => Spawned;

const sftpServer = '/usr/lib/openssh/sftp-server';

/** One session channel: its settings arrive one by one, then the request to run something. */
export function acceptSession(session: Session, user: string, spawn: Spawn): void {
  const env: Record<string, string> = {};
  let terminal: Terminal | undefined;
  let running: ChildProcess | undefined;
  const run = (channel: ServerChannel, command: string | undefined): void => {
    running = connect(channel, spawn({ user, command, env, terminal }), terminal !== undefined);
  };
  session.on('env', (accept, _reject, { key, val }) => {
    if (/^(LANG|LC_[A-Z]+|TERM|TZ)$/.test(key)) env[key] = val;
    accept?.();
  });
  session.on('pty', (accept, _reject, pty) => {
    const type = (pty as unknown as { term?: string }).term ?? 'xterm';
    terminal = { rows: pty.rows || 24, columns: pty.cols || 80, type };
    accept?.();
  });
  session.on('window-change', (accept) => accept?.());
  session.on('exec', (accept, _reject, { command }) => run(accept(), command));
  session.on('shell', (accept) => run(accept(), undefined));
  session.on('subsystem', (accept, reject, { name }) => {
    if (name === 'sftp') run(accept(), `exec ${sftpServer}`);
    else reject();
  });
  session.on('signal', (accept, _reject, { name }) => {
    if (running) signalAll(running, `SIG${name}`);
    accept?.();
  });
}

/** The child leads a session of its own: the whole of its process group gets the signal. */
export function signalAll(child: ChildProcess, name: string): void {
  if (child.pid === undefined || child.exitCode !== null || !Object.hasOwn(constants.signals, name)) return;
  try {
    process.kill(-child.pid, name as NodeJS.Signals);
  } catch {
    // It has ended in the meantime.
  }
}

function connect(channel: ServerChannel, { child, noise }: Spawned, hasTerminal: boolean): ChildProcess {
  if (noise) channel.write(noise);
  plug(channel, child.stdin);
  plug(child.stdout, channel, { end: false });
  plug(child.stderr, channel.stderr, { end: false });
  channel.on('error', () => {});
  child.on('error', (error) => channel.stderr.write(`lab: ${error.message}\n`));
  child.on('close', (code, signal) => finish(channel, code, signal));
  channel.on('close', () => {
    // As sshd does: a program without a terminal outlives its connection, one with a terminal is hung up.
    if (hasTerminal) signalAll(child, 'SIGHUP');
    for (const stream of child.stdio) stream?.destroy();
  });
  return child;
}

function plug(from: Readable | null, to: Writable | null, options?: { readonly end: boolean }): void {
  from?.on('error', () => {});
  to?.on('error', () => {});
  if (from && to) from.pipe(to, options);
}

function finish(channel: ServerChannel, code: number | null, signal: NodeJS.Signals | null): void {
  if (signal) channel.exit(signal.slice('SIG'.length), false, '');
  else channel.exit(code ?? 255);
  channel.end();
}
