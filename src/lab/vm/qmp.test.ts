import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { qmp, shutdownReason } from './qmp.ts';

/** Answers as QEMU does: a greeting, and an event between question and answer. */
async function monitor(answer: object | 'hang up'): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'tsplay-qmp-'));
  const server = createServer((socket) => {
    const say = (line: object): void => void socket.write(`${JSON.stringify(line)}\r\n`);
    say({ QMP: { version: {}, capabilities: [] } });
    socket.on('data', (chunk: Buffer) => {
      const { execute } = JSON.parse(chunk.toString()) as { readonly execute: string };
      if (execute === 'qmp_capabilities') return say({ return: {} });
      say({ event: 'RTC_CHANGE', data: {} });
      if (answer === 'hang up') socket.destroy();
      else say(answer);
    });
  }).listen(join(directory, 'qmp.sock'));
  await once(server, 'listening');
  onTestFinished(async () => {
    server.close();
    await rm(directory, { recursive: true, force: true });
  });
  return join(directory, 'qmp.sock');
}

it('gives back the answer, not the event before it', async () => {
  expect(await qmp(await monitor({ return: { status: 'running' } }), 'query-status')).toEqual({ status: 'running' });
});

it("passes QEMU's refusal on", async () => {
  await expect(qmp(await monitor({ error: { desc: 'no such command' } }), 'x')).rejects.toThrow(
    'QEMU: no such command',
  );
});

it('ends when QEMU ends, and when nobody listens', async () => {
  await expect(qmp(await monitor('hang up'), 'stop')).rejects.toThrow('closed its monitor');
  await expect(qmp('/nonexistent/qmp.sock', 'stop')).rejects.toThrow('ENOENT');
});

it('tells a reset from a power-off by the event before the end, and says nothing of a QEMU that was killed', async () => {
  const reset = { event: 'SHUTDOWN', data: { guest: true, reason: 'guest-reset' } };
  expect(await shutdownReason(await endingMonitor([reset]))).toBe('guest-reset');
  expect(await shutdownReason(await endingMonitor([{ event: 'STOP' }]))).toBeUndefined();
});

/** Says these lines to whoever negotiates, and ends. */
async function endingMonitor(lines: readonly object[]): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'tsplay-qmp-'));
  const server = createServer((socket) => {
    socket.once('data', () => socket.end(lines.map((line) => `${JSON.stringify(line)}\r\n`).join('')));
  }).listen(join(directory, 'events.sock'));
  await once(server, 'listening');
  onTestFinished(async () => {
    server.close();
    await rm(directory, { recursive: true, force: true });
  });
  return join(directory, 'events.sock');
}
