import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { condition, type Subject } from './condition.ts';

describe('the condition of a machine', () => {
  const directory = mkdtempSync(join(tmpdir(), 'tsplay-condition-'));
  const at = (name: string): string => join(directory, name);
  const off: Subject = {
    accelerator: 'tcg',
    pid: undefined,
    said: 'no such disk\n',
    serialLog: at('none'),
    qmpSocket: at('none'),
  };
  afterAll(() => rm(directory, { recursive: true }));

  it('says what QEMU last said when it does not run, and how busy this machine is', async () => {
    expect(await condition(off)).toMatch(
      /^tcg; QEMU does not run, having said: no such disk; load here \d+\.\d \d+\.\d \d+\.\d on \d+ processors; no serial line$/,
    );
  });

  it('says how long a running one runs and works, also when its monitor says nothing', async () => {
    const silent = createServer(() => {}).listen(at('silent'));
    await once(silent, 'listening');
    const busy = spawn('sh', ['-c', 'echo go; while :; do :; done']);
    await once(busy.stdout, 'data');
    try {
      const said = await condition({ ...off, said: '', pid: busy.pid, qmpSocket: at('silent') });
      expect(said).toContain(`; QEMU ${busy.pid} has run for `);
      expect(said).toMatch(/run for \d+ s and used \d+ s of processors, and calls itself nothing;/);
    } finally {
      busy.kill('SIGKILL');
      silent.close();
    }
  });

  it('shows the last lines of the serial line as a person can read them', async () => {
    const lines = Array.from({ length: 40 }, (_, index) => `[ ${index}.0] line ${index}`);
    writeFileSync(
      at('log'),
      `\u001b[2J\u001bc${lines.join('\r\n')}\r\n\u001b[0;1;31mKernel\u0007 panic\u001b[0m\r\n\r\n`,
    );
    const said = (await condition({ ...off, serialLog: at('log') })).split('\n');
    expect(said.slice(1)).toEqual([...lines.slice(-14), 'Kernel panic']);
    expect(said[0]).toMatch(/; on its serial line \(\d+ bytes\) last:$/);
  });

  it('tells a machine that never said anything', async () => {
    writeFileSync(at('empty'), '');
    expect(await condition({ ...off, serialLog: at('empty') })).toMatch(/; nothing on its serial line$/);
  });
});
