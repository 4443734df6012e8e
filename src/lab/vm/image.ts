import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { keyPair } from '../keys.ts';
import { exclusively } from './exclusively.ts';
import { makeGuestDisk } from './guest-disk.ts';
import { FIRST_INITRAMFS, firstBootMenu, GUEST_FILES } from './guest-files.ts';
import { CONFIGURE, makeGuestSystem, PACKAGES, SUITE } from './guest-system.ts';

/** A disk image with a Debian on it, and the keys that were put there. */
export interface MachineImage {
  readonly directory: string;
  readonly disk: string;
  readonly privateKeyPath: string;
  /** `ssh-ed25519 AAAA…` of every machine with this image. */
  readonly hostKey: string;
}

/** Raised when the way the image is made changes without its recipe. */
const FORMAT = 1;

const UNFINISHED = 'unfinished-';

/** Whatever the image is made of but the packages' versions: a machine of yesterday's Debian is good enough. */
export function recipeHash(): string {
  const recipe = [FORMAT, SUITE, PACKAGES, GUEST_FILES, FIRST_INITRAMFS, firstBootMenu(''), CONFIGURE];
  return createHash('sha256').update(JSON.stringify(recipe)).digest('hex').slice(0, 16);
}

/** `$XDG_CACHE_HOME/tsplay/vm`, else below `~/.cache` (XDG Base Directory Specification). */
export function imageCache(): string {
  return join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'tsplay', 'vm');
}

/**
 * The cached image, made when there is none for this recipe: some three minutes and a gigabyte, once. Processes that want it
 * at the same time wait for the first. It appears complete or not at all.
 * @throws Error without root, and when a program fails; nothing is left behind then.
 */
export async function machineImage(report: (line: string) => void = () => {}): Promise<MachineImage> {
  const cache = imageCache();
  const directory = join(cache, recipeHash());
  if (await isThere(directory)) return imageIn(directory);
  if (process.getuid?.() !== 0)
    throw new Error(
      'the virtual machine needs an image, and making one needs root (mmdebstrap, mke2fs): run this once with sudo',
    );
  await mkdir(cache, { recursive: true });
  await exclusively(join(cache, 'lock'), async () => {
    if (await isThere(directory)) return;
    await removeUnfinished(cache);
    report(`making the image of the virtual machine in ${directory}, which takes some minutes, once`);
    await makeImage(cache, directory);
  });
  return imageIn(directory);
}

/** What a killed process left. Called under the lock: nobody is at work on these. */
async function removeUnfinished(cache: string): Promise<void> {
  const left = (await readdir(cache)).filter((name) => name.startsWith(UNFINISHED));
  await Promise.all(left.map((name) => rm(join(cache, name), { recursive: true, force: true })));
}

async function makeImage(cache: string, directory: string): Promise<void> {
  const unfinished = await mkdtemp(join(cache, UNFINISHED));
  try {
    const login = await keyPair(join(unfinished, 'id_ed25519'), 'tsplay-vm');
    const host = await keyPair(join(unfinished, 'ssh_host_ed25519_key'), 'tsplay-vm');
    const root = join(unfinished, 'root');
    await makeGuestSystem(root, { login, host });
    await makeGuestDisk(root, join(unfinished, 'disk.raw'));
    await rm(root, { recursive: true, force: true });
    await rename(unfinished, directory);
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
}

async function imageIn(directory: string): Promise<MachineImage> {
  const publicKey = await readFile(join(directory, 'ssh_host_ed25519_key.pub'), 'utf8');
  return {
    directory,
    disk: join(directory, 'disk.raw'),
    privateKeyPath: join(directory, 'id_ed25519'),
    hostKey: publicKey.split(' ').slice(0, 2).join(' ').trim(),
  };
}

const isThere = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );
