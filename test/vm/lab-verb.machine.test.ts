import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { CARDS } from '../../src/lab/vm/inventory.ts';
import { BOOT_MS, REPOSITORY, vmObstacle } from './support/test-machine.ts';

const obstacle = vmObstacle();

/** The program as its user starts it; the machine it starts is a qemu-system-x86_64 with files in the lab's directory. */
const TSPLAY = [join(REPOSITORY, 'bin', 'tsplay.cjs')];

interface Ended {
  readonly code: number;
  readonly output: string;
}

const tsplay = (...args: readonly string[]): Promise<Ended> =>
  new Promise((resolve) =>
    execFile(process.execPath, [...TSPLAY, ...args], { cwd: REPOSITORY, timeout: BOOT_MS }, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : Number(error.code ?? -1), output: stdout + stderr }),
    ),
  );

/** Running programs with the directory among their words. */
function programsIn(directory: string): readonly string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
        return words.some((word) => word.includes(directory)) ? [words[0]?.replace(/.*\//, '') ?? ''] : [];
      } catch {
        return [];
      }
    });
}

async function waitFor(what: string, holds: () => boolean): Promise<void> {
  for (const end = performance.now() + BOOT_MS; !holds(); await sleep(100))
    if (performance.now() > end) throw new Error(`not within ${BOOT_MS / 60_000} minutes: ${what}`);
}

describe.skipIf(obstacle)(`tsplay lab --vm${obstacle ? ` (left out: ${obstacle})` : ''}`, { timeout: BOOT_MS }, () => {
  const state = mkdtempSync(join(tmpdir(), 'tsplay-verb-'));
  const directory = join(state, 'vm');
  const log = join(directory, 'lab.log');
  const lab = (...args: readonly string[]): Promise<Ended> => tsplay('lab', ...args, '--state', state);

  beforeAll(async () => {
    expect(await lab('start', '--vm', '--detach')).toEqual({ code: 0, output: expect.stringContaining(log) });
  });
  afterEach(({ task }) => {
    if (task.result?.state === 'fail' && existsSync(log)) console.error(readFileSync(log, 'utf8'));
  });
  afterAll(async () => {
    await lab('stop', '--vm');
    await rm(state, { recursive: true });
  });

  it('is told as running, and not started twice', async () => {
    expect(await lab('status', '--vm')).toEqual({ code: 0, output: expect.stringContaining('the lab runs') });
    expect(await lab('start', '--vm', '--detach')).toEqual({
      code: 1,
      output: expect.stringContaining('already runs'),
    });
    expect(programsIn(state)).toContain('qemu-system-x86_64');
  });

  it('is reached with the ssh command that its log tells', async () => {
    const [, words = ''] = /^ {2}vm01 +(ssh .*)$/m.exec(readFileSync(log, 'utf8')) ?? [];
    const [file = '', ...args] = words.split(' ');
    const ssh = spawn(file, [...args, 'cat', '/sys/bus/pci/devices/0000:01:00.0/vendor'], {
      cwd: REPOSITORY,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let said = '';
    ssh.stdout.on('data', (chunk: Buffer) => (said += chunk));
    await once(ssh, 'close');
    expect(said).toBe('0x1234\n');
  });

  it('shows its cards through the inventory beside it', async () => {
    const { output } = await tsplay('gpus', '-i', join(directory, 'inventory.yaml'), '--output', 'json');
    for (const address of Object.values(CARDS)) expect(output).toContain(address);
  });

  it('ends with the word that ends a lab, and leaves no program', async () => {
    expect((await lab('stop')).code).toBe(0);
    expect(await lab('status', '--vm')).toEqual({ code: 1, output: 'no lab runs\n' });
    expect(programsIn(state)).toEqual([]);
  });

  it('ends its machine when it is ended itself while that boots', async () => {
    const starting = spawn(process.execPath, [...TSPLAY, 'lab', 'start', '--vm', '--state', state], {
      cwd: REPOSITORY,
      stdio: 'ignore',
    });
    const ended = once(starting, 'close');
    await waitFor('a machine that boots', () => programsIn(directory).includes('qemu-system-x86_64'));
    starting.kill('SIGTERM');
    await ended;
    await waitFor('the end of that machine', () => programsIn(state).length === 0);
    expect(existsSync(join(directory, 'lab.pid'))).toBe(false);
  });
});
