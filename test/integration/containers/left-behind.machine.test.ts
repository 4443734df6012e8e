import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { startContainer } from '../../support/containers.ts';
import { openEngine } from '../../support/docker/engine.ts';
import { askEngine } from '../../support/docker/http.ts';
import { until } from '../support/until.ts';

async function isThere(name: string): Promise<boolean> {
  const { socket } = await openEngine();
  return (await askEngine(socket, 'GET', `/containers/${name}/json`)).status === 200;
}

it('a container of a test run that was killed is removed, and those of others are not', async () => {
  await using own = await startContainer('busybox');
  const child = spawn(process.execPath, [join(import.meta.dirname, 'abandon.ts')], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let said = '';
  child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
  await once(child, 'close');
  expect(child.signalCode).toBe('SIGKILL');
  await until(`the removal of ${said.trim()}`, 60_000, async () => !(await isThere(said.trim())));
  expect(await isThere(own.name)).toBe(true);
});
