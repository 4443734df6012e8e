import type { BoardSlot } from './pci-layout.ts';

export type Accelerator = 'kvm' | 'tcg';

/** A virtual machine, as it is described before it is started. */
export interface MachineOptions {
  /** For process lists and messages. */
  readonly name: string;
  /** Where its disk, serial log and sockets are; made when there is none. A disk that is there is booted as it is. */
  readonly directory: string;
  /** The disk below the machine's own, which holds what the machine changes. Absent: the cached image. */
  readonly baseDisk?: string;
  /** Absent: `kvm` where it works, else `tcg`, QEMU's software emulation. */
  readonly accelerator?: Accelerator;
  /** `none`: the firmware announces no IOMMU. Default `intel`. */
  readonly iommu?: 'intel' | 'amd' | 'none';
  /** Default: {@link GPU_BOARD}. */
  readonly board?: readonly BoardSlot[];
  /** Default 1024. */
  readonly memoryMib?: number;
  /** Default 1: under emulation a second costs more than it does. */
  readonly cpus?: number;
  /**
   * `unsafe` ignores the guest's flushes and is fast. `none` writes past this machine's page cache and heeds them: for power
   * cuts. Default `unsafe`.
   */
  readonly diskCache?: 'unsafe' | 'none';
  /**
   * A raw image for a second disk, `/dev/disk/by-id/virtio-software` there: software that the first has no room for. What the
   * machine writes to it is gone at power off.
   */
  readonly softwareDisk?: string;
}
