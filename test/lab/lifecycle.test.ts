import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile, readlink, stat } from 'node:fs/promises';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { labCommand } from '../../src/lab/command.ts';
import { startLab } from '../../src/lab/lab.ts';
import { host, labObstacle, run } from './lab-fixture.ts';

const obstacle = labObstacle();
const program = join(import.meta.dirname, 'run-lab.ts');

/** Processes whose mount namespace holds something of this directory. */
async function inhabitants(directory: string): Promise<readonly string[]> {
  const own = await readlink('/proc/self/ns/mnt');
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(
    pids.map(async (pid) => {
      const space = await readlink(`/proc/${pid}/ns/mnt`).catch(() => own);
      const mounts = space === own ? '' : await readFile(`/proc/${pid}/mounts`, 'utf8').catch(() => '');
      return mounts.includes(directory) ? [pid] : [];
    }),
  );
  return found.flat();
}

describe.skipIf(obstacle)(`the life of a lab${obstacle ? ` (left out: ${obstacle})` : ''}`, () => {
  let directory = '';
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'tsplay-lab-'));
  });
  afterEach(() => rm(directory, { recursive: true, force: true }));

  const start = (): ReturnType<typeof startLab> => startLab({ directory, hosts: [host('solo')] });

  it('keeps its keys from one start to the next, for its owner only', async () => {
    const first = await start();
    const key = await readFile(first.privateKeyPath, 'utf8');
    const known = (await readFile(first.knownHostsPath, 'utf8')).split(' ')[2];
    expect((await stat(first.privateKeyPath)).mode & 0o777).toBe(0o600);
    await first.close();
    const second = await start();
    expect(await readFile(second.privateKeyPath, 'utf8')).toBe(key);
    expect((await readFile(second.knownHostsPath, 'utf8')).split(' ')[2]).toBe(known);
    await second.close();
  });

  it('runs beside another lab', async () => {
    const other = await mkdtemp(join(tmpdir(), 'tsplay-lab-'));
    const labs = await Promise.all([start(), startLab({ directory: other, hosts: [host('solo')] })]);
    expect(new Set(labs.map((lab) => lab.hosts[0]?.port)).size).toBe(2);
    await Promise.all(labs.map((lab) => lab.close()));
    await rm(other, { recursive: true });
  });

  it('leaves no process and no mount when it is closed', async () => {
    const lab = await start();
    expect((await inhabitants(directory)).length).toBeGreaterThan(0);
    expect(await readFile('/proc/mounts', 'utf8')).not.toContain(directory);
    await lab.close();
    expect(await inhabitants(directory)).toEqual([]);
  });

  it('leaves nothing when it is killed without a word', async () => {
    const child = spawn(process.execPath, [program, directory], { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(child.stdout, 'data');
    expect((await inhabitants(directory)).length).toBeGreaterThan(0);
    child.kill('SIGKILL');
    await once(child, 'exit');
    await expect.poll(() => inhabitants(directory), { timeout: 5000 }).toEqual([]);
  });

  it('starts detached, is found by its pid file and stops', async () => {
    const lines: string[] = [];
    const command = {
      foreground: [process.execPath, program, directory] as const,
      lab: { directory },
      print: (line: string) => void lines.push(line),
    };
    expect(await labCommand({ ...command, action: 'start', detach: true })).toBe(0);
    expect(await readFile(join(directory, 'lab.log'), 'utf8')).toMatch(/ssh -i .*id_ed25519 .* root@127\.77\.9\.1/);
    expect(await labCommand({ ...command, action: 'start' })).toBe(1);
    expect(await labCommand({ ...command, action: 'status' })).toBe(0);
    expect(await labCommand({ ...command, action: 'stop' })).toBe(0);
    expect(await labCommand({ ...command, action: 'status' })).toBe(1);
    expect(await inhabitants(directory)).toEqual([]);
    expect(lines.join('\n')).toContain('a lab already runs');
  });

  it('says what is missing where it may not run', async () => {
    const code = `import { startLab } from ${JSON.stringify(join(import.meta.dirname, '../../src/lab/lab.ts'))}; process.setuid(65534); await startLab({ directory: '/tmp/none' }).catch((error) => console.log(error.message));`;
    const said = await run([process.execPath, '--input-type=module', '-e', code]);
    expect(said.out).toContain('the lab needs root');
  });
});
