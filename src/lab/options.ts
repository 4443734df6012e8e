import type { CardModel } from './kernel/cards.ts';

/** What can be ordered to go wrong on one host, before the start or while the lab runs. */
export type Fault =
  /** The next boot ends nowhere. */
  | { readonly kind: 'never-returns' }
  /** The next boot comes up with another SSH host key. */
  | { readonly kind: 'new-host-key' }
  /** reboot says yes and does nothing. */
  | { readonly kind: 'same-boot-id' }
  /** A write to a driver's unbind file is not answered, for one function or for all. */
  | { readonly kind: 'hang-unbind'; readonly bdf?: string }
  /** /boot has no free block. */
  | { readonly kind: 'full-boot' }
  /** Milliseconds of delay in each direction, and a limit on the rate. */
  | { readonly kind: 'slow-link'; readonly delayMs: number; readonly bytesPerSecond?: number }
  /** Each connection is cut when the host has sent so many bytes over it. */
  | { readonly kind: 'drop-after-bytes'; readonly bytes: number }
  /** The banner and every program's output begin with text made to confuse a reader. */
  | { readonly kind: 'noise'; readonly text?: string }
  /** The next boot shows the machine-id of another machine. */
  | { readonly kind: 'wrong-machine-id' }
  /** The host resets itself so many milliseconds after its next boot. */
  | { readonly kind: 'second-reboot'; readonly afterMs: number };

export interface HostOptions {
  readonly name: string;
  /** A loopback address and a port; port 0 takes a free one. */
  readonly address: string;
  readonly port: number;
  readonly cpu: 'intel' | 'amd';
  readonly cards: readonly CardModel[];
  readonly role: 'compute' | 'controller';
  /** Whether the firmware publishes its IOMMU table. Default: it does. */
  readonly firmwareIommu?: boolean;
  /** Modules that are part of the kernel image on this host, beside the usual ones. */
  readonly builtin?: readonly string[];
  readonly faults?: readonly Fault[];
}

export interface LabOptions {
  /** Keys, known_hosts and console logs. Absent: `.lab` below the working directory. */
  readonly directory?: string;
  readonly hosts?: readonly HostOptions[];
  /** Milliseconds between a host's last word and its next, at a reboot. Default 1500. */
  readonly bootMs?: number;
}

export const defaultHosts: readonly HostOptions[] = [
  { name: 'gpu01', address: '127.77.0.11', port: 2222, cpu: 'intel', cards: ['k4200', 'k4200'], role: 'compute' },
  { name: 'gpu02', address: '127.77.0.12', port: 2222, cpu: 'intel', cards: ['tu116'], role: 'compute' },
  { name: 'gpu03', address: '127.77.0.13', port: 2222, cpu: 'amd', cards: ['a100', 'a100'], role: 'compute' },
  { name: 'ctl01', address: '127.77.0.2', port: 2222, cpu: 'intel', cards: [], role: 'controller' },
];
