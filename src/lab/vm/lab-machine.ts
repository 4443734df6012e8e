import { rm, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import type { RunningLab } from '../command.ts';
import { machineImage } from './image.ts';
import { machineInventory } from './inventory.ts';
import { type Machine, startMachine } from './machine.ts';

/** Making the image and booting it, both under software emulation on a busy machine. */
export const MACHINE_START_MS = 30 * 60_000;
const BOOT_MS = 15 * 60_000;

/** `tsplay lab start --vm`: a fresh machine at each start, with an inventory beside it. */
export async function startLabMachine(directory: string, print: (line: string) => void): Promise<RunningLab> {
  await machineImage(print);
  await rm(join(directory, 'disk.qcow2'), { force: true });
  const machine = await startMachine({ name: 'vm01', directory });
  try {
    print(`booting with ${machine.accelerator}; its serial line: ${here(machine.serialLog)}`);
    await machine.waitForSsh(BOOT_MS);
    const inventory = join(directory, 'inventory.yaml');
    await writeFile(inventory, machineInventory(machine));
    return { introduction: introduction(machine, inventory), close: machine.close };
  } catch (error) {
    await machine.close();
    throw error;
  }
}

const here = (path: string): string => relative('.', path) || '.';

function introduction(machine: Machine, inventory: string): readonly string[] {
  const ssh = `ssh -i ${here(machine.privateKeyPath)} -o UserKnownHostsFile=${here(machine.knownHostsPath)}`;
  return [
    'Real: kernel, PCI functions, IOMMU, boot loader, initramfs, systemd, sshd, of a Debian 12 in a virtual machine.',
    'Emulated by QEMU: the hardware. Stood in for: nova-compute, which only reads its files.',
    `  ${machine.name}  ${ssh} -p ${machine.port} root@${machine.address}`,
    `Try: npx tsplay run playbooks/gpu-cloud.yaml -i ${here(inventory)}`,
  ];
}
