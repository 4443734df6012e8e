import { appendFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it, onTestFinished } from 'vitest';
import { silenceOf } from './silence.ts';

it('lasts from the last line on, and from the first question where there is no file', async () => {
  const log = join(tmpdir(), `tsplay-silence-${process.pid}`);
  onTestFinished(() => rm(log, { force: true }));
  const silence = silenceOf(log);
  expect(await silence()).toBeLessThan(30);
  await sleep(50);
  expect(await silence()).toBeGreaterThanOrEqual(45);
  await appendFile(log, 'Loading Linux ...');
  expect(await silence()).toBeLessThan(30);
  await sleep(50);
  expect(await silence()).toBeGreaterThanOrEqual(45);
});
