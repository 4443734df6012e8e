import { open } from 'node:fs/promises';

/** A partition of a disk with an MBR; sectors of 512 bytes. */
export interface Partition {
  readonly start: number;
  readonly sectors: number;
  readonly isActive: boolean;
}

export const SECTOR = 512;
const LINUX = 0x83;

/**
 * The first sector: GRUB's boot.img up to its disk signature, then the partition table. boot.img loads sector 1, where
 * core.img begins, and core.img's first sector loads the rest from sector 2: GRUB's own defaults, so that neither has to be
 * patched with block lists (GRUB manual, "BIOS installation"; grub-core/boot/i386/pc/boot.S and diskboot.S).
 */
export function masterBootRecord(bootImage: Uint8Array, partitions: readonly Partition[]): Buffer {
  const sector = Buffer.alloc(SECTOR);
  Buffer.from(bootImage).copy(sector, 0, 0, 440);
  for (const [index, { start, sectors, isActive }] of partitions.entries()) {
    const at = 446 + 16 * index;
    sector[at] = isActive ? 0x80 : 0;
    // Cylinders and heads of a large disk cannot be said: this is how LBA-only tables write them.
    sector.write('feffff', at + 1, 'hex');
    sector[at + 4] = LINUX;
    sector.write('feffff', at + 5, 'hex');
    sector.writeUInt32LE(start, at + 8);
    sector.writeUInt32LE(sectors, at + 12);
  }
  sector.writeUInt16LE(0xaa55, 510);
  return sector;
}

export interface BootCode {
  readonly bootImage: Uint8Array;
  readonly coreImage: Uint8Array;
}

/** Writes boot code and partition table in front of the first partition. @throws Error when core.img does not fit there. */
export async function writeBootCode(disk: string, code: BootCode, partitions: readonly Partition[]): Promise<void> {
  const room = (Math.min(...partitions.map(({ start }) => start)) - 1) * SECTOR;
  if (code.coreImage.length > room)
    throw new Error(`core.img has ${code.coreImage.length} bytes, and ${room} are free before the first partition`);
  const file = await open(disk, 'r+');
  try {
    await file.write(masterBootRecord(code.bootImage, partitions), 0, SECTOR, 0);
    await file.write(Buffer.from(code.coreImage), 0, code.coreImage.length, SECTOR);
  } finally {
    await file.close();
  }
}
