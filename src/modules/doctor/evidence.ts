import type { FileContent } from '../../contract/file-state.ts';
import type { BootLoader } from '../../probes/boot-loader.ts';
import type { BootEntry } from '../../probes/grub-config.ts';
import type { GrubDefaults } from '../../probes/grub-defaults.ts';
import type { CmdlineToken } from '../../probes/kernel-cmdline-tokens.ts';
import type { LibvirtDevices } from '../../probes/libvirt-devices.ts';
import type { OsloSource } from '../../probes/nova/effective-config.ts';
import type { ServiceUnit } from '../../probes/nova/service-unit.ts';
import type { PciTree } from '../../probes/pci.ts';
import type { GpuSelection } from '../gpu/gpu-cards.ts';
import type { Attempt } from './attempt.ts';

export type NovaRole = 'compute' | 'api' | 'scheduler' | 'conductor';

/** One Nova service of a host, with the configuration it reads. */
export interface NovaService {
  readonly role: NovaRole;
  /** `nova-compute`, or what stands for nova-api: `apache2`. */
  readonly name: string;
  /** The systemd unit, where there is one. */
  readonly unit: ServiceUnit | null;
  /** Files that exist, in reading order. */
  readonly config: Attempt<NovaConfig>;
}

export interface NovaConfig {
  readonly files: readonly FileContent[];
  readonly sources: readonly OsloSource[];
  /** Where it is known from that the service reads these. */
  readonly source: string;
}

export interface CmdlineEvidence {
  readonly live: readonly CmdlineToken[];
  readonly loader: BootLoader;
  /** What the next unattended boot takes. */
  readonly entry: BootEntry | null;
  readonly defaults: GrubDefaults;
}

/** A flavor as the inventory, or the command line, describes it. */
export interface FlavorWish {
  readonly name: string;
  /** The value of its property `pci_passthrough:alias`: `a100:2`. */
  readonly alias: string;
}

/** A flavor as Nova's API has it; `alias` is null when it asks for no PCI device. */
export interface ApiFlavor {
  readonly name: string;
  readonly alias: string | null;
}

/** Whether Placement has one more card for an alias. */
export interface FreeCards {
  readonly alias: string;
  readonly resourceClass: string;
  /** False: no compute has ever reported such a card. */
  readonly isKnown: boolean;
  readonly isFree: boolean;
}

/** A nova-compute as Nova's API has it. */
export interface ComputeService {
  /** The name it registered under: `[DEFAULT] host`, else its hostname. */
  readonly host: string;
  readonly isEnabled: boolean;
  readonly isUp: boolean;
  /** Why it was disabled, where somebody said so. */
  readonly reason?: string;
}

/** The cloud, asked from a controller; all null on other hosts. */
export interface CloudEvidence {
  readonly apiFlavors: Attempt<readonly ApiFlavor[]> | null;
  readonly computeServices: Attempt<readonly ComputeService[]> | null;
  /** Where Placement is, when it answers. */
  readonly placement: Attempt<string> | null;
  /** Null also where nobody asks Placement for cards. */
  readonly freeCards: Attempt<readonly FreeCards[]> | null;
}

/** Everything that was looked at on one host. */
export interface HostEvidence extends CloudEvidence {
  readonly host: string;
  /** What the kernel calls it. */
  readonly hostname: string;
  readonly roles: readonly ('compute' | 'controller')[];
  readonly tree: PciTree;
  readonly cards: Attempt<GpuSelection>;
  readonly isGpuRequired: boolean;
  readonly cmdline: Attempt<CmdlineEvidence>;
  readonly libvirt: Attempt<LibvirtDevices>;
  /** Nova's major version; null when neither the inventory nor the host says. */
  readonly release: number | null;
  readonly services: readonly NovaService[];
  /** Flavors of the role nova-controller in this host's variables. */
  readonly flavors: readonly FlavorWish[];
}
