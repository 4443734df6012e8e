import { mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { masterBootRecord, writeBootCode } from './boot-disk.ts';

const bootImage = Buffer.alloc(512, 0xb0);
const partitions = [
  { start: 2048, sectors: 4096, isActive: true },
  { start: 6144, sectors: 8192, isActive: false },
];

it('keeps boot.img out of the partition table, and marks one partition active', () => {
  const sector = masterBootRecord(bootImage, partitions);
  expect(sector.subarray(0, 440)).toEqual(Buffer.alloc(440, 0xb0));
  expect(sector.subarray(440, 446)).toEqual(Buffer.alloc(6));
  expect(sector.subarray(446, 462).toString('hex')).toBe('80feffff83feffff0008000000100000');
  expect(sector.subarray(462, 478).toString('hex')).toBe('00feffff83feffff0018000000200000');
  expect(sector.subarray(478, 510)).toEqual(Buffer.alloc(32));
  expect(sector.subarray(510).toString('hex')).toBe('55aa');
});

it('puts core.img behind the first sector, and refuses one that would reach into a partition', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'tsplay-disk-'));
  onTestFinished(() => rm(directory, { recursive: true }));
  const disk = join(directory, 'disk');
  await writeFile(disk, '');
  await truncate(disk, 2048 * 512);
  const coreImage = Buffer.alloc(2047 * 512, 0xc0);
  await writeBootCode(disk, { bootImage, coreImage }, partitions);
  expect((await readFile(disk)).subarray(512)).toEqual(coreImage);
  const tooLong = { bootImage, coreImage: Buffer.alloc(2047 * 512 + 1) };
  await expect(writeBootCode(disk, tooLong, partitions)).rejects.toThrow(/core\.img has 1048065 bytes, and 1048064/);
});
