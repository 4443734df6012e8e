import { existsSync, readdirSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { exclusively } from '../../../src/lab/vm/exclusively.ts';
import { imageCache } from '../../../src/lab/vm/image.ts';
import { runProgram } from '../../../src/lab/vm/run.ts';
import { openEngine } from '../../support/docker/engine.ts';
import { buildImage, recipeOf } from '../../support/docker/image.ts';

/**
 * A disk with what docker/<name> holds, for a virtual machine; made where there is none of this recipe, in a minute or two.
 * @returns a raw image with one ext4 file system and no partitions
 */
export async function softwareDisk(name: string): Promise<string> {
  const disk = join(imageCache(), `software-${name}-${recipeOf(name).hash}.raw`);
  if (existsSync(disk)) return disk;
  const tag = await buildImage(name);
  await mkdir(imageCache(), { recursive: true });
  await exclusively(join(imageCache(), 'lock'), async () => {
    if (existsSync(disk)) return;
    await makeDisk(tag, disk);
    const older = readdirSync(imageCache()).filter(
      (each) => each.startsWith(`software-${name}-`) && !disk.endsWith(each),
    );
    for (const each of older) await rm(join(imageCache(), each), { force: true });
  });
  return disk;
}

/** Sparse: room for guests' disks costs nothing. */
const SIZE = '8G';

async function makeDisk(tag: string, disk: string): Promise<void> {
  const unfinished = await mkdtemp(join(imageCache(), 'unfinished-'));
  try {
    const root = join(unfinished, 'root');
    await mkdir(root);
    await unpack(tag, root);
    const raw = join(unfinished, 'disk.raw');
    await runProgram(['mke2fs', '-q', '-F', '-t', 'ext4', '-m', '0', '-d', root, raw, SIZE]);
    await rename(raw, disk);
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
}

/** docker-cp(1) would give every file to root. */
const UNPACK = 'set -o pipefail; docker -H "$1" export "$2" | tar -x -C "$3"';

async function unpack(tag: string, root: string): Promise<void> {
  const { host } = await openEngine();
  const id = (await runProgram(['docker', '-H', host, 'create', tag, 'true'])).trim();
  try {
    await runProgram(['bash', '-c', UNPACK, 'unpack', host, id, root]);
  } finally {
    await runProgram(['docker', '-H', host, 'rm', id]);
  }
}
