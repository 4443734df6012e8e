import { readFile, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Partition, SECTOR, writeBootCode } from './boot-disk.ts';
import { BOOT_UUID, ROOT_UUID } from './guest-files.ts';
import { runProgram } from './run.ts';

const MIB = 1024 * 1024;
const perMib = MIB / SECTOR;

/** A /boot of its own, as servers have it, and small enough to be filled. */
const BOOT: Partition = { start: perMib, sectors: 250 * perMib, isActive: true };
const ROOT: Partition = { start: BOOT.start + BOOT.sectors, sectors: 2500 * perMib, isActive: false };

/**
 * Makes a disk of a file tree, without a loop device and without a mount: mke2fs(8) fills the file systems itself, and GRUB's
 * boot code goes where grub-install(8) would put it. Consumes the tree's /boot.
 */
export async function makeGuestDisk(root: string, disk: string): Promise<void> {
  const boot = `${root}.boot`;
  const core = join(root, 'tmp/core.img');
  try {
    await runProgram(['chroot', root, ...CORE_IMAGE]);
    const code = {
      bootImage: await readFile(join(root, 'usr/lib/grub/i386-pc/boot.img')),
      coreImage: await readFile(core),
    };
    await rm(core);
    await rename(join(root, 'boot'), boot);
    await runProgram(['mkdir', '-m', '755', join(root, 'boot')]);
    await writeFile(disk, '');
    await truncate(disk, (ROOT.start + ROOT.sectors) * SECTOR);
    await makeFileSystem({ disk, partition: BOOT, uuid: BOOT_UUID, tree: boot });
    await makeFileSystem({ disk, partition: ROOT, uuid: ROOT_UUID, tree: root });
    await writeBootCode(disk, code, [BOOT, ROOT]);
  } finally {
    await rm(boot, { recursive: true, force: true });
  }
}

const CORE_IMAGE = [
  'grub-mkimage',
  '--format=i386-pc',
  '--output=/tmp/core.img',
  '--prefix=(hd0,msdos1)/grub',
  'biosdisk',
  'part_msdos',
  'ext2',
] as const;

interface FileSystem {
  readonly disk: string;
  readonly partition: Partition;
  readonly uuid: string;
  readonly tree: string;
}

/** Without what GRUB 2.06 cannot read: newer mke2fs.conf files switch both on. */
async function makeFileSystem({ disk, partition, uuid, tree }: FileSystem): Promise<void> {
  const blocks = (partition.sectors * SECTOR) / 4096;
  const offset = `offset=${partition.start * SECTOR}`;
  const words = ['-q', '-F', '-t', 'ext4', '-b', '4096', '-O', '^metadata_csum_seed,^orphan_file', '-E', offset];
  await runProgram(['mke2fs', ...words, '-U', uuid, '-m', '0', '-d', tree, disk, String(blocks)]);
}
