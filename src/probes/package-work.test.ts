import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readHere } from '../../test/support/read-here.ts';
import { packageWork } from './package-work.ts';

let root: string;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'packages-'));
  for (const place of ['var/lib/dpkg', 'var/lib/rpm']) mkdirSync(join(root, place), { recursive: true });
});
afterAll(() => rmSync(root, { recursive: true }));

it.each(['var/lib/dpkg/lock-frontend', 'var/lib/rpm/.rpm.lock'])(
  'knows who holds %s, and that nobody does any more',
  async (name) => {
    const path = join(root, name);
    writeFileSync(path, '');
    expect(readHere(packageWork(root))).toBeNull();
    const holder = spawn('flock', [path, 'sh', '-c', 'echo held; read -r _']);
    await once(holder.stdout, 'data');
    const work = readHere(packageWork(root));
    holder.stdin.end();
    await once(holder, 'close');
    expect(work).toEqual({ pid: holder.pid, command: 'flock' });
    expect(readHere(packageWork(root))).toBeNull();
  },
);

it('takes nobody on a host without packages for somebody at work', () => {
  expect(readHere(packageWork(join(root, 'nowhere')))).toBeNull();
});
