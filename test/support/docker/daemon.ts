import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { answers, askEngine } from './http.ts';

export interface Daemon {
  readonly socket: string;
  /** Ends it when it is ours; somebody else's engine is left alone. */
  stop(): Promise<void>;
}

/** Containers are hosts on a bridge of their own: reached by address from here, and with no way to anywhere else. */
const BRIDGE = 'tsplay-test0';
const BRIDGE_ADDRESS = '172.30.177.1/24';

/**
 * What belongs to one boot of this machine, below /run: after a reboot, pid files on a disk would name processes of
 * somebody else, which dockerd would take for its own.
 */
function volatile(directory: string): string {
  return `/run/tsplay-docker-${createHash('sha256').update(directory).digest('hex').slice(0, 8)}`;
}

/** The engine that answers already, else one of our own below `directory`. Rejects, saying why, when there is neither. */
export async function openDaemon(directory: string): Promise<Daemon> {
  const foreign = (process.env.DOCKER_HOST ?? 'unix:///var/run/docker.sock').replace('unix://', '');
  if (await answers(foreign)) return { socket: foreign, stop: async () => {} };
  const socket = join(directory, 'engine.sock');
  mkdirSync(directory, { recursive: true, mode: 0o711 });
  if (await answers(socket)) return { socket, stop: () => stopByPidFile(directory) };
  makeBridge();
  const child = startDaemon(directory, socket);
  for (let attempt = 0; attempt < 300 && child.exitCode === null; attempt += 1) {
    if (await answers(socket)) return fresh(child, socket);
    await sleep(200);
  }
  child.kill('SIGTERM');
  const log = readFileSync(join(directory, 'engine.log'), 'utf8').slice(-2000);
  throw new Error(`dockerd did not start (as root? with control groups mounted?): ${log}`);
}

/** Containers of an engine that just started are those of one that was killed. */
async function fresh(child: ChildProcess, socket: string): Promise<Daemon> {
  const { body } = await askEngine(socket, 'GET', '/containers/json?all=1');
  for (const { Id } of JSON.parse(body) as readonly { readonly Id: string }[])
    await askEngine(socket, 'DELETE', `/containers/${Id}?force=1&v=1`);
  return { socket, stop: () => stopChild(child) };
}

function makeBridge(): void {
  if (existsSync(`/sys/class/net/${BRIDGE}`)) return;
  execFileSync('ip', ['link', 'add', BRIDGE, 'type', 'bridge']);
  execFileSync('ip', ['addr', 'add', BRIDGE_ADDRESS, 'dev', BRIDGE]);
  execFileSync('ip', ['link', 'set', BRIDGE, 'up']);
}

function removeBridge(): void {
  if (existsSync(`/sys/class/net/${BRIDGE}`)) execFileSync('ip', ['link', 'delete', BRIDGE]);
}

/** No rule of the machine's firewall and no setting of its network is touched. */
function startDaemon(directory: string, socket: string): ChildProcess {
  const log = openSync(join(directory, 'engine.log'), 'w');
  const words = [
    ...['--data-root', join(directory, 'images'), '--exec-root', volatile(directory)],
    ...['--pidfile', `${volatile(directory)}.pid`, '--host', `unix://${socket}`],
    ...[`--bridge=${BRIDGE}`, '--iptables=false', '--ip6tables=false', '--ip-forward=false', '--ip-masq=false'],
    ...['--log-level', 'warn'],
  ];
  return spawn('dockerd', words, { stdio: ['ignore', log, log], env: withSbin(process.env) });
}

export function withSbin(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return { ...env, PATH: `${env.PATH ?? ''}:/usr/local/sbin:/usr/sbin:/sbin` };
}

async function stopChild(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) {
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    await Promise.race([ended, sleep(30_000)]);
    if (child.exitCode === null) child.kill('SIGKILL');
  }
  removeBridge();
}

/** One that outlived whoever started it. */
async function stopByPidFile(directory: string): Promise<void> {
  const pid = Number(readFileSync(`${volatile(directory)}.pid`, 'utf8'));
  process.kill(pid, 'SIGTERM');
  for (let attempt = 0; attempt < 150 && existsSync(`/proc/${pid}`); attempt += 1) await sleep(200);
  removeBridge();
}
