import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { abstractName } from './place.ts';

/** A Docker engine that lives at least as long as this program. */
export interface Engine {
  /** `unix:///…`, for `DOCKER_HOST`. */
  readonly host: string;
  readonly socket: string;
  /** Removes the container when this program ends without having done it. */
  own(containerId: string): void;
  disown(containerId: string): void;
}

let opened: Promise<Engine> | undefined;

/**
 * The engine that answers on `DOCKER_HOST` or /var/run/docker.sock, else one that is started for these tests and ended
 * soon after the last of them. Rejects, saying why, when there is neither.
 */
export function openEngine(): Promise<Engine> {
  opened ??= open();
  return opened;
}

async function open(): Promise<Engine> {
  const keeper = await reachKeeper();
  const [line] = (await once(createInterface({ input: keeper }), 'line')) as [string];
  const answer = JSON.parse(line) as { readonly socket?: string; readonly error?: string };
  if (answer.socket === undefined) throw new Error(`no Docker engine for the container tests: ${answer.error}`);
  // The connection says that this program lives; it must not keep it alive.
  keeper.unref();
  const host = `unix://${answer.socket}`;
  process.env.DOCKER_HOST = host;
  process.env.TESTCONTAINERS_RYUK_DISABLED = 'true';
  return {
    host,
    socket: answer.socket,
    own: (id) => void keeper.write(`own ${id}\n`),
    disown: (id) => void keeper.write(`disown ${id}\n`),
  };
}

async function reachKeeper(): Promise<Socket> {
  for (let attempt = 0; attempt < 50; attempt += 1) {
    const socket = await dial();
    if (socket) return socket;
    if (attempt % 25 === 0) startKeeper();
    await sleep(200);
  }
  throw new Error('the program that keeps the Docker engine of the container tests did not start');
}

function dial(): Promise<Socket | undefined> {
  return new Promise((resolve) => {
    const socket = connect(abstractName('keeper'));
    socket.once('connect', () => resolve(socket)).once('error', () => resolve(undefined));
  });
}

function startKeeper(): void {
  const keeper = spawn(process.execPath, [join(import.meta.dirname, 'keeper.ts')], { detached: true, stdio: 'ignore' });
  keeper.unref();
}
