import { relative } from 'node:path';
import type { Machine } from './machine.ts';

/** Cards of {@link GPU_BOARD} by what is to become of them. */
export const CARDS = {
  /** Display, audio and USB functions; its twin stays with the host. */
  guest: '0000:01:00.0',
  /** Another model, behind a bridge. */
  bridged: '0000:03:01.0',
  /** The same model as `guest`. */
  kept: '0000:04:00.0',
  /** Shares its IOMMU group with a network card. */
  shared: '0000:06:01.0',
} as const;

/** The inventory of one machine, as a person would write it. Paths are relative to the working directory. */
export function machineInventory(machine: Machine): string {
  const here = (path: string): string => relative('.', path) || '.';
  return `# Written by \`tsplay lab start --vm\`: the virtual machine it started.
all:
  vars:
    ansible_user: root
    ansible_ssh_private_key_file: ${here(machine.privateKeyPath)}
    ansible_ssh_common_args: -o UserKnownHostsFile=${here(machine.knownHostsPath)}

    # ${CARDS.kept} is of the same model as the first card and stays with the host.
    # ${CARDS.shared} shares its IOMMU group with a network card: name it, and see it refused.
    gpu_devices: ["${CARDS.guest}", "${CARDS.bridged}"]

    # Nova is not installed there; nova-compute is a unit that only reads its files.
    nova_release: "2025.1"
    nova_gpu_aliases:
      - {name: bochs, vendor_id: "1234", product_id: "1111"}
      - {name: virtio, vendor_id: "1af4", product_id: "1050"}
    gpu_nova_settle: 2

    # Without hardware virtualization a boot takes minutes.
    gpu_reboot_deadline: 900
    gpu_reboot_stable: 3
  children:
    gpu_hosts:
      hosts:
        ${machine.name}:
          ansible_host: ${machine.address}
          ansible_port: ${machine.port}
    nova_controllers:
      hosts: {}
`;
}
