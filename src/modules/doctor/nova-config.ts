import { lastValue, type OptionName, type OsloSource } from '../../probes/nova/effective-config.ts';
import { type Aspect, aspectFaults, effectiveAliases, effectiveSpecs, isOn, readingFaults } from '../nova/checks.ts';
import type { HostFunction } from '../nova/cross-check.ts';
import { knownSince, NEWEST_KNOWN, PCI_IN_PLACEMENT } from '../nova/options.ts';
import type { JsonObject } from '../nova/oslo-json.ts';
import type { Attempt } from './attempt.ts';
import type { HostEvidence, NovaConfig, NovaRole, NovaService } from './evidence.ts';
import type { PciFunction } from '../../probes/pci.ts';

/** The release a host's configuration is judged by. */
export function releaseOf({ release }: HostEvidence): number {
  return release ?? NEWEST_KNOWN;
}

/** Said wherever the release decides: which names and filters count. */
export function releaseNote({ release }: HostEvidence): string {
  return release === null ? `; Nova's release is not known, so it is judged as ${NEWEST_KNOWN}: say nova_release` : '';
}

export function serviceOf({ services }: HostEvidence, ...roles: readonly NovaRole[]): NovaService | undefined {
  return roles.flatMap((role) => services.find((service) => service.role === role) ?? [])[0];
}

/** The service whose answer counts for requests: nova-api, else whatever else reads the controller's file. */
export function apiOf(evidence: HostEvidence): NovaService | undefined {
  return serviceOf(evidence, 'api', 'scheduler', 'conductor');
}

/** The files a service reads, or why there is nothing to judge. */
export function sourcesOf(service: NovaService | undefined): Attempt<readonly OsloSource[]> {
  if (!service) return { ok: false, reason: 'no Nova service was found here' };
  if (!service.config.ok) return service.config;
  return { ok: true, value: service.config.value.sources };
}

export function sourcesOrNone(service: NovaService | undefined): readonly OsloSource[] {
  const read = sourcesOf(service);
  return read.ok ? read.value : [];
}

/** Why Nova would not read these files, or would refuse one of the options; the place is in each text. */
export function faultsOf(sources: readonly OsloSource[], aspect: Aspect, release: number): readonly string[] {
  const unreadable = readingFaults(sources);
  return unreadable.length > 0 ? unreadable : aspectFaults(aspect, sources, release);
}

export function aliasesOf(evidence: HostEvidence, service: NovaService | undefined): readonly JsonObject[] {
  return effectiveAliases(sourcesOrNone(service), releaseOf(evidence));
}

export function specsOf(evidence: HostEvidence): readonly JsonObject[] {
  return effectiveSpecs(sourcesOrNone(serviceOf(evidence, 'compute')), releaseOf(evidence));
}

/** A host's PCI functions as Nova knows them: none in 32-bit domains; the type is libvirt's where it was asked. */
export function novaFunctions({ tree, libvirt }: HostEvidence): readonly HostFunction[] {
  const asked = libvirt.ok && libvirt.value.kind === 'answered' ? libvirt.value.capabilities : new Map();
  return tree.functions
    .filter(({ address }) => address.indexOf(':') === 4)
    .map((one) => ({ ...plainFunction(one), type: typeOf(asked.get(one.address), one) }));
}

function plainFunction({ address, vendor, device, physfn }: PciFunction) {
  return { address, vendor, device, ...(physfn === null ? {} : { parent: physfn }) };
}

function typeOf(capabilities: readonly string[] | undefined, one: PciFunction): HostFunction['type'] {
  if (capabilities?.includes('virt_functions')) return 'type-PF';
  if (capabilities?.includes('phys_function')) return 'type-VF';
  return capabilities ? 'type-PCI' : one.novaType;
}

/** The file a new line belongs into. The first one that Debian's nova-api reads as configuration is its api-paste.ini. */
export function mainFile(service: NovaService | undefined, fallback = '/etc/nova/nova.conf'): string {
  const read: Attempt<NovaConfig> | undefined = service?.config;
  const paths = read?.ok ? read.value.files.map(({ path }) => path) : [];
  return paths.find((path) => path.endsWith('/nova.conf')) ?? paths.find((path) => path.endsWith('.conf')) ?? fallback;
}

/** Whether the scheduler asks Placement for cards; Nova before 2023.1 does not know the option. */
export function asksPlacement(sources: readonly OsloSource[], release: number): boolean {
  return isOn(sources, PCI_IN_PLACEMENT) && release >= (knownSince('filter_scheduler', 'pci_in_placement') ?? 0);
}

/** @example setting(sources, {section: 'pci', key: 'report_in_placement'}) // { text: 'true', place: '/etc/nova/nova.conf:12' } */
export function setting(sources: readonly OsloSource[], name: OptionName) {
  const found = lastValue(sources, [name]);
  return found ? { text: found.value, place: `${found.path}:${found.line}` } : undefined;
}
