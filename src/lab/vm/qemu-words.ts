import type { Accelerator, MachineOptions } from './machine-options.ts';
import { boardWords, deviceWords, GPU_BOARD } from './pci-layout.ts';

export interface MachineFiles {
  readonly disk: string;
  readonly serialLog: string;
  readonly qmpSocket: string;
  /** A second monitor, for its events: each serves one client at a time. */
  readonly eventSocket: string;
}

export interface Launch {
  readonly options: MachineOptions;
  readonly accelerator: Accelerator;
  readonly files: MachineFiles;
  /** Port of 127.0.0.1 that leads to the guest's port 22. */
  readonly port: number;
}

/**
 * The words after `qemu-system-x86_64`. An emulated IOMMU needs the machine type q35 and, for interrupt remapping, an interrupt
 * controller that is not wholly in the kernel (qemu(1), intel-iommu). The guest reaches nothing outside: `restrict=on`.
 */
export function qemuWords({ options, accelerator, files, port }: Launch): readonly string[] {
  const { name, iommu = 'intel', board = GPU_BOARD, memoryMib = 1024, cpus = 1, diskCache = 'unsafe' } = options;
  const display = ['-nodefaults', '-no-user-config', '-display', 'none'];
  const machine = ['-machine', `q35,accel=${accelerator},kernel-irqchip=split`, '-cpu', 'max'];
  const size = ['-smp', String(cpus), '-m', String(memoryMib)];
  const disk = `if=none,id=disk,file=${files.disk},format=qcow2,cache=${diskCache},discard=unmap`;
  const network = `user,id=net,restrict=on,hostfwd=tcp:127.0.0.1:${port}-:22`;
  const monitors = [files.qmpSocket, files.eventSocket].flatMap((path) => ['-qmp', `unix:${path},server=on,wait=off`]);
  const serial = ['-chardev', `file,id=serial,path=${files.serialLog},append=on`, '-serial', 'chardev:serial'];
  return [
    '-name',
    `tsplay-${name}`,
    ...display.concat(machine, size, '-no-reboot'),
    // The console of a server is its management controller's own small display: no GPU that a guest would want.
    ...deviceWords('cirrus-vga', { bus: 'pcie.0', addr: '01.0' }),
    ...deviceWords('virtio-blk-pci', { drive: 'disk', bus: 'pcie.0', addr: '02.0' }),
    ...softwareDiskWords(options.softwareDisk),
    ...deviceWords('virtio-net-pci', { netdev: 'net', bus: 'pcie.0', addr: '03.0', romfile: '' }),
    ...boardWords(board),
    ...serial.concat('-drive', disk, '-netdev', network),
    ...monitors,
    // AMD's takes a slot of its own choice: those of the others are taken by now.
    ...iommuWords(iommu),
  ];
}

function softwareDiskWords(file: string | undefined): readonly string[] {
  if (file === undefined) return [];
  const drive = `if=none,id=software,file=${file},format=raw,cache=unsafe,snapshot=on`;
  const place = { bus: 'pcie.0', addr: '04.0' };
  return ['-drive', drive, ...deviceWords('virtio-blk-pci', { drive: 'software', serial: 'software', ...place })];
}

function iommuWords(iommu: 'intel' | 'amd' | 'none'): readonly string[] {
  if (iommu === 'intel') return deviceWords('intel-iommu', { intremap: 'on' });
  return iommu === 'amd' ? deviceWords('amd-iommu', { intremap: 'on' }) : [];
}
