import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { copyFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { imageCache, recipeHash } from '../../../src/lab/vm/image.ts';
import { until } from '../../integration/support/until.ts';
import { complaints } from './look.ts';
import { GPU_CLOUD, REPOSITORY, startTestMachine, type TestMachine } from './test-machine.ts';

/** What decides how a provisioned disk looks. */
const SOURCES = ['playbooks', 'roles', 'src/modules', 'src/probes', 'src/changes', 'src/lab/vm'];

/** Where the disk of a host lies that gpu-cloud.yaml, as it is in this checkout, went through. */
function provisionedPath(): string {
  const hash = createHash('sha256').update(recipeHash());
  for (const source of SOURCES)
    for (const file of readdirSync(join(REPOSITORY, source), { recursive: true, encoding: 'utf8' }).sort())
      if (/(?<!\.test)\.(ts|ya?ml)$/.test(file)) hash.update(file).update(readFileSync(join(REPOSITORY, source, file)));
  return join(imageCache(), `provisioned-${hash.digest('hex').slice(0, 16)}.qcow2`);
}

/** Shuts a provisioned machine down and keeps its disk, so that other tests need not take a bare host the whole way again. */
export async function keepProvisioned(host: TestMachine): Promise<void> {
  await powerOff(host);
  const path = provisionedPath();
  await copyFile(host.machine.disk, `${path}.${process.pid}`);
  await rename(`${path}.${process.pid}`, path);
  await removeOld();
}

const DAY_MS = 24 * 3600 * 1000;

/** Each edit of a module makes another disk. One that a machine of another run may still need is younger than a day. */
async function removeOld(): Promise<void> {
  for (const name of readdirSync(imageCache()).filter((each) => each.startsWith('provisioned-'))) {
    const path = join(imageCache(), name);
    if (Date.now() - statSync(path).mtimeMs > DAY_MS) await rm(path, { force: true });
  }
}

/**
 * The disk of a provisioned host, made on a machine of its own when no test has left one. TSPLAY_VM_DISK names another: for work
 * on these tests, where each edit of a module would cost a whole run.
 */
export async function provisionedDisk(): Promise<string> {
  const path = process.env['TSPLAY_VM_DISK'] ?? provisionedPath();
  if (existsSync(path)) return path;
  const host = await startTestMachine({ name: 'vm01' });
  try {
    const played = await host.play(GPU_CLOUD);
    if (played.exitCode !== 0)
      throw new Error(`gpu-cloud.yaml: ${complaints(played).join('\n')}\n${await host.machine.condition()}`);
    await keepProvisioned(host);
  } finally {
    await host.close();
  }
  return path;
}

async function powerOff(host: TestMachine): Promise<void> {
  await host.ssh('systemctl poweroff').catch(() => {});
  await until('the machine to power off', 300_000, () => host.machine.pid === undefined).catch(async (error: Error) => {
    throw new Error(`${error.message}: ${await host.machine.condition()}`);
  });
}
