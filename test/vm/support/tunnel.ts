import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Machine } from '../../../src/lab/vm/machine.ts';
import { sshWords } from './test-machine.ts';

const DEADLINE_MS = 120_000;

/**
 * Ports of another address on the machine's own loopback, by ssh -R: the machine has no network that leads anywhere.
 * @returns closes it again. Rejects when a port is taken or the machine does not answer.
 */
export async function openTunnel(machine: Machine, to: string, ports: readonly number[]): Promise<() => Promise<void>> {
  const forwards = ports.flatMap((port) => ['-R', `127.0.0.1:${port}:${to}:${port}`]);
  const options = ['-o', 'ExitOnForwardFailure=yes', ...forwards];
  const [program, ...words] = sshWords(machine, options);
  const child = spawn(program, [...words, 'echo open; cat']);
  const ended = once(child, 'close');
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => (said = (said + chunk.toString()).slice(-2000)));
  child.stdin.on('error', () => {});
  const timer = setTimeout(() => child.kill('SIGKILL'), DEADLINE_MS);
  const isOpen = await Promise.race([once(child.stdout, 'data').then(() => true), ended.then(() => false)]);
  clearTimeout(timer);
  if (!isOpen) throw new Error(`no tunnel from ${machine.name} to ${to}: ${said.trim()}`);
  return async () => {
    child.kill('SIGTERM');
    await ended;
  };
}
