import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Accelerator } from './machine-options.ts';

/**
 * A boot sector that counts down from a hundred million, then writes 0x10 to port 0xf4, where isa-debug-exit ends QEMU with status
 * 2 * 0x10 + 1: mov ecx, 100000000; dec ecx; jnz back; mov al, 0x10; out 0xf4, al; hlt; jmp back. The firmware reads no disk
 * smaller than a track.
 */
const BOOT_SECTOR = Buffer.alloc(1024 * 1024);
BOOT_SECTOR.write('66b900e1f505664975fcb010e6f4f4ebfd', 'hex');
BOOT_SECTOR.writeUInt16LE(0xaa55, 510);
const REACHED = 33;

/** Firmware, countdown and all take half a second where the machine has nothing else to do. */
const DEADLINE_MS = 30_000;

let found: Promise<Accelerator> | undefined;

/**
 * `kvm` where a guest really runs faster with it than by emulation. A device that opens proves little: where virtual machines nest,
 * each exit from a guest can cost so much that emulation is faster, or that a kernel never gets to its first line. Both are tried
 * with the same boot sector, once in a process.
 */
export function bestAccelerator(): Promise<Accelerator> {
  return (found ??= fasterAccelerator());
}

async function fasterAccelerator(): Promise<Accelerator> {
  try {
    accessSync('/dev/kvm', constants.R_OK | constants.W_OK);
  } catch {
    return 'tcg';
  }
  const directory = await mkdtemp(join(tmpdir(), 'tsplay-kvm-'));
  try {
    const disk = join(directory, 'disk');
    await writeFile(disk, BOOT_SECTOR);
    const emulated = await timeOf('tcg', disk, DEADLINE_MS);
    const virtual = await timeOf('kvm', disk, emulated);
    if (virtual >= emulated) return 'tcg';
    // A busy moment may have held the first up: emulation has a second try.
    return virtual < (await timeOf('tcg', disk, DEADLINE_MS)) ? 'kvm' : 'tcg';
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** Milliseconds until the boot sector is done; no end at all when it is not done in time. */
async function timeOf(accelerator: Accelerator, disk: string, deadlineMs: number): Promise<number> {
  const words = ['-nodefaults', '-no-user-config', '-display', 'none', '-cpu', 'max', '-m', '64'];
  const machine = [
    '-machine',
    `q35,accel=${accelerator},kernel-irqchip=split`,
    '-device',
    'isa-debug-exit,iobase=0xf4,iosize=0x04',
  ];
  const began = performance.now();
  const child = spawn(QEMU, [...words, ...machine, '-drive', `file=${disk},format=raw,if=ide`], { stdio: 'ignore' });
  const timer = setTimeout(() => child.kill('SIGKILL'), Math.min(deadlineMs, DEADLINE_MS));
  try {
    const [code] = (await once(child, 'close')) as [number | null];
    return code === REACHED ? performance.now() - began : Number.POSITIVE_INFINITY;
  } catch {
    return Number.POSITIVE_INFINITY;
  } finally {
    clearTimeout(timer);
  }
}

export const QEMU = 'qemu-system-x86_64';
