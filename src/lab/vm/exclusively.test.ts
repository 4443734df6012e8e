import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it, onTestFinished } from 'vitest';
import { exclusively } from './exclusively.ts';

async function lockFile(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'tsplay-lock-'));
  onTestFinished(() => rm(directory, { recursive: true }));
  return join(directory, 'lock');
}

it('does one work after the other, and gives back what each made', async () => {
  const lock = await lockFile();
  const log: string[] = [];
  const work = (name: string) => async (): Promise<string> => {
    log.push(`${name} begins`);
    await sleep(50);
    log.push(`${name} ends`);
    return name;
  };
  expect(await Promise.all([exclusively(lock, work('a')), exclusively(lock, work('b'))])).toEqual(['a', 'b']);
  const [first] = log;
  expect(log[1]).toBe(first?.replace('begins', 'ends'));
});

it('goes on when the work before failed', async () => {
  const lock = await lockFile();
  await expect(exclusively(lock, () => Promise.reject(new Error('no space')))).rejects.toThrow('no space');
  expect(await exclusively(lock, () => Promise.resolve('done'))).toBe('done');
});

it('goes on when whoever held the lock was killed', async () => {
  const lock = await lockFile();
  const holder = spawn('flock', ['--no-fork', lock, 'sh', '-c', 'echo locked; exec sleep 60'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  await once(holder.stdout, 'data');
  const waiting = exclusively(lock, () => Promise.resolve('done'));
  expect(await Promise.race([waiting, sleep(200, 'waits')])).toBe('waits');
  holder.kill('SIGKILL');
  expect(await waiting).toBe('done');
});
