import { spawn } from 'node:child_process';
import { connect, type Socket } from 'node:net';
import { Duplex } from 'node:stream';

import { Unreachable } from '../contract/connection.ts';
import type { UnreachableReason } from '../contract/connection.ts';
import { waitFor } from './deadline.ts';
import type { Deadline } from './deadline.ts';
import type { Endpoint } from './endpoint.ts';
import { printable } from './printable.ts';
import { where } from './ssh-failure.ts';

/** A stream to an SSH server that could not be had. */
export class DialFailure extends Unreachable {
  override name = 'Unreachable';
  readonly isTransient: boolean;

  constructor(reason: UnreachableReason, message: string, cause?: unknown) {
    super(reason, message, { cause });
    this.isTransient = reason === 'closed';
  }
}

/** @throws DialFailure */
export async function dialTcp(endpoint: Endpoint, deadline: Deadline): Promise<Duplex> {
  const { address, port, family } = endpoint;
  // Without noDelay ssh2 pays 40 ms a request.
  const socket = writingOnceATurn(connect({ host: address, port, family, noDelay: true, keepAlive: true }));
  const connected = new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject));
  try {
    const outcome = await waitFor(connected, deadline.left);
    if (typeof outcome === 'object') return socket.on('error', () => {});
  } catch (error) {
    throw tcpFailure(endpoint, error as NodeJS.ErrnoException);
  }
  socket.on('error', () => {}).destroy();
  const limit = `${endpoint.connectTimeoutMs / 1000} s`;
  throw new DialFailure(
    'timeout',
    `${where(endpoint)} did not answer within ${limit}; is it up, and does a firewall drop the port?`,
  );
}

/**
 * ssh2 writes the length, the body and the tag of every packet by themselves, and without Nagle's algorithm each becomes a
 * system call and a segment that wakes the server. What is written in one turn leaves in one piece.
 */
function writingOnceATurn(socket: Socket): Socket {
  const write = socket.write.bind(socket) as (...args: readonly unknown[]) => boolean;
  const corked = (...args: readonly unknown[]) => {
    if (socket.writableCorked === 0) {
      socket.cork();
      process.nextTick(() => socket.uncork());
    }
    return write(...args);
  };
  return Object.assign(socket, { write: corked });
}

const TCP_FAILURES: Readonly<Record<string, readonly [UnreachableReason, string]>> = {
  ECONNREFUSED: ['refused', 'refused the connection; is sshd running on that port?'],
  ENOTFOUND: ['unresolved', 'has no address: the name is unknown to DNS and /etc/hosts'],
  EAI_AGAIN: ['unresolved', 'has no address: the name server did not answer'],
  ECONNRESET: ['closed', 'reset the connection'],
  EMFILE: ['closed', 'was not tried: this program has too many open files (raise `ulimit -n`)'],
  ENFILE: ['closed', 'was not tried: this machine has too many open files'],
  ETIMEDOUT: ['timeout', 'did not answer; is it up, and does a firewall drop the port?'],
  EHOSTUNREACH: ['timeout', 'cannot be reached: no route, or the host is down'],
  ENETUNREACH: ['timeout', 'cannot be reached: this machine has no route to its network'],
};

function tcpFailure(endpoint: Endpoint, error: NodeJS.ErrnoException): DialFailure {
  const [reason, found] = TCP_FAILURES[error.code ?? ''] ?? [
    'closed',
    `cannot be connected to: ${printable(error.message)}`,
  ];
  return new DialFailure(reason, `${where(endpoint)} ${found}`, error);
}

export interface DialledCommand {
  readonly stream: Duplex;
  /** What it wrote to standard error, once it has ended. */
  said(): Promise<string>;
}

/** ssh_config(5) ProxyCommand: run by a shell, its standard input and output are the connection. */
export function dialCommand(command: string): DialledCommand {
  const child = spawn('/bin/sh', ['-c', `exec ${command}`], { stdio: ['pipe', 'pipe', 'pipe'] });
  let text = '';
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()).once('error', () => resolve()));
  child.stderr.on('data', (chunk: Buffer) => {
    text = (text + chunk.toString('utf8')).slice(-2000);
  });
  const stream = Duplex.from({ readable: child.stdout, writable: child.stdin });
  stream.on('error', () => {}).on('close', () => child.kill());
  return { stream, said: () => waitFor(ended, 500).then(() => printable(text)) };
}

/** How a failure through a jump host or proxy command is told apart from one of the host itself. */
export function proxyFailure(endpoint: Endpoint, proxy: string, cause: unknown): DialFailure {
  const message = cause instanceof Error ? cause.message : String(cause);
  return new DialFailure(
    'proxy',
    `${where(endpoint)} cannot be reached through ${proxy}: ${printable(message, 600)}`,
    cause,
  );
}
