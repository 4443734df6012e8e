import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Accelerator } from './machine-options.ts';

/**
 * A boot sector that writes 0x10 to port 0xf4, where isa-debug-exit ends QEMU with status 2 * 0x10 + 1:
 * mov al, 0x10; out 0xf4, al; hlt; jmp back. The firmware reads no disk smaller than a track.
 */
const BOOT_SECTOR = Buffer.alloc(1024 * 1024);
BOOT_SECTOR.write('b010e6f4f4ebfd', 'hex');
BOOT_SECTOR.writeUInt16LE(0xaa55, 510);
const REACHED = 33;

/**
 * A device that opens proves little: where virtual machines nest, each exit from a guest can cost so much that emulation is
 * faster. Firmware and boot sector take a quarter of a second by emulation, and must not take ten times as long.
 */
const PROOF_MS = 2_500;

let found: Promise<Accelerator> | undefined;

/** `kvm` where a guest really runs with it. Tried once in a process. */
export function bestAccelerator(): Promise<Accelerator> {
  return (found ??= isKvmUsable().then((isUsable) => (isUsable ? 'kvm' : 'tcg')));
}

async function isKvmUsable(): Promise<boolean> {
  try {
    accessSync('/dev/kvm', constants.R_OK | constants.W_OK);
  } catch {
    return false;
  }
  const directory = await mkdtemp(join(tmpdir(), 'tsplay-kvm-'));
  try {
    const disk = join(directory, 'disk');
    await writeFile(disk, BOOT_SECTOR);
    return (await exitOf(disk)) === REACHED;
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function exitOf(disk: string): Promise<number | null> {
  const words = ['-nodefaults', '-no-user-config', '-display', 'none', '-cpu', 'max', '-m', '64'];
  const machine = [
    '-machine',
    'q35,accel=kvm,kernel-irqchip=split',
    '-device',
    'isa-debug-exit,iobase=0xf4,iosize=0x04',
  ];
  const child = spawn(QEMU, [...words, ...machine, '-drive', `file=${disk},format=raw,if=ide`], { stdio: 'ignore' });
  const timer = setTimeout(() => child.kill('SIGKILL'), PROOF_MS);
  try {
    const [code] = (await once(child, 'close')) as [number | null];
    return code;
  } catch {
    return null;
  } finally {
    clearTimeout(timer);
  }
}

export const QEMU = 'qemu-system-x86_64';
