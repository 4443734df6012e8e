import { execFileSync, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, openSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

export type KeyType = 'ed25519' | 'ecdsa' | 'rsa';

export interface SshdOptions {
  /** Lines of sshd_config that win over the fixture's own, e.g. `MaxSessions 1`, `ForceCommand /usr/sbin/nologin`. */
  readonly config?: readonly string[];
  /** Default `['ed25519']`. */
  readonly hostKeys?: readonly KeyType[];
  /** More lines of authorized_keys; the fixture's own user key is always accepted. */
  readonly authorizedKeys?: readonly string[];
  readonly port?: number;
  /** HOME of every session. Default: an empty directory, so that start-up files of whoever runs the tests play no part. */
  readonly home?: string;
  /** Where it listens, and how it is reached. Default 127.0.0.1. */
  readonly address?: string;
  /** Words in front of the server's own, e.g. `['ip', 'netns', 'exec', 'name']`. */
  readonly through?: readonly string[];
}

/** A real OpenSSH server with files of its own. */
export interface Sshd extends AsyncDisposable {
  readonly address: string;
  readonly port: number;
  readonly pid: number;
  readonly user: string;
  /** 0700, removed by {@link stop}: a place for a test's own files too. */
  readonly directory: string;
  /** Private key that may log in as {@link user}. */
  readonly identityFile: string;
  /** Holds the server's host keys as `[address]:port …`. */
  readonly knownHostsFile: string;
  /** What sshd wrote so far. */
  log(): string;
  /** Processes serving one connection each. */
  sessionPids(): readonly number[];
  /** Ends the listener and every session, and removes the directory. */
  stop(): Promise<void>;
}

/** @example await using sshd = await startSshd({ config: ['MaxSessions 1'] }); */
export async function startSshd(options: SshdOptions = {}): Promise<Sshd> {
  mkdirSync('/run/sshd', { recursive: true, mode: 0o755 });
  const directory = mkdtempSync(join(tmpdir(), 'sshd-'));
  const port = options.port ?? (await freePort());
  const { address = '127.0.0.1', through = [] } = options;
  const identityFile = makeKey(directory, 'user_key', 'ed25519');
  const hostKeys = (options.hostKeys ?? ['ed25519']).map((type) => makeKey(directory, `host_${type}`, type));
  writeFileSync(join(directory, 'authorized_keys'), authorizedKeys(identityFile, options));
  writeFileSync(join(directory, 'sshd_config'), configText(directory, port, hostKeys, options));
  const knownHostsFile = join(directory, 'known_hosts');
  writeFileSync(knownHostsFile, hostKeys.map((key) => `[${address}]:${port} ${publicKey(key)}\n`).join(''));
  const child = await listening(directory, [...through, '/usr/sbin/sshd'], { port, host: address });
  const stop = (): Promise<void> => stopAll(child, directory);
  return {
    address,
    port,
    pid: child.pid ?? -1,
    user: userInfo().username,
    directory,
    identityFile,
    knownHostsFile,
    log: () => readFileSync(join(directory, 'log'), 'utf8'),
    sessionPids: () => childrenOf(child.pid),
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

/** A port of 127.0.0.1 that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port was given');
  return address.port;
}

/** Makes a key pair and returns the path of its private half. */
export function makeKey(directory: string, name: string, type: KeyType, passphrase = ''): string {
  const path = join(directory, name);
  execFileSync('ssh-keygen', ['-q', '-t', type, '-N', passphrase, '-C', name, '-f', path]);
  return path;
}

/** `type base64`, without the comment. */
export function publicKey(privatePath: string): string {
  return readFileSync(`${privatePath}.pub`, 'utf8').split(' ').slice(0, 2).join(' ').trim();
}

function authorizedKeys(identityFile: string, { authorizedKeys: more = [] }: SshdOptions): string {
  return [publicKey(identityFile), ...more].map((line) => `${line}\n`).join('');
}

/** sshd takes the first value of an option, so the test's lines come first. */
function configText(directory: string, port: number, hostKeys: readonly string[], options: SshdOptions): string {
  return [
    ...(options.config ?? []),
    `SetEnv HOME=${options.home ?? makeHome(directory)}`,
    `Port ${port}`,
    `ListenAddress ${options.address ?? '127.0.0.1'}`,
    ...hostKeys.map((key) => `HostKey ${key}`),
    `AuthorizedKeysFile ${join(directory, 'authorized_keys')}`,
    'PidFile none',
    'UsePAM no',
    'StrictModes no',
    'PasswordAuthentication no',
    'KbdInteractiveAuthentication no',
    'PermitRootLogin yes',
    'PrintMotd no',
    'Subsystem sftp internal-sftp',
    '',
  ].join('\n');
}

function makeHome(directory: string): string {
  const home = join(directory, 'home');
  mkdirSync(home, { mode: 0o755 });
  return home;
}

interface Place {
  readonly port: number;
  readonly host: string;
}

async function listening(directory: string, command: readonly string[], place: Place): Promise<ChildProcess> {
  const log = openSync(join(directory, 'log'), 'a');
  const [program = '', ...words] = command;
  const child = spawn(program, [...words, '-D', '-e', '-f', join(directory, 'sshd_config')], {
    stdio: ['ignore', log, log],
  });
  const end = (): void => void child.kill('SIGKILL');
  process.once('exit', end);
  child.once('exit', () => process.off('exit', end));
  for (let attempt = 0; attempt < 200; attempt += 1) {
    if (child.exitCode !== null) break;
    if (await accepts(place)) return child;
    await sleep(25);
  }
  child.kill('SIGKILL');
  throw new Error(`sshd did not start: ${readFileSync(join(directory, 'log'), 'utf8')}`);
}

function accepts(place: Place): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(place);
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}

async function stopAll(child: ChildProcess, directory: string): Promise<void> {
  const sessions = descendantsOf(child.pid);
  const ended =
    child.exitCode === null && child.signalCode === null && new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  for (const pid of sessions) kill(pid);
  await ended;
  rmSync(directory, { recursive: true, force: true });
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // Ended in between.
  }
}

function descendantsOf(parent: number | undefined): readonly number[] {
  return childrenOf(parent).flatMap((pid) => [...descendantsOf(pid), pid]);
}

function childrenOf(parent: number | undefined): readonly number[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.map(Number).filter((pid) => parentOf(pid) === parent);
}

/** proc(5): the parent's id is the second field after the name in parentheses. */
function parentOf(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
  } catch {
    return undefined;
  }
}
