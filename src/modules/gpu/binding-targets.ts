import { TaskError } from '../../contract/task-error.ts';
import type { PciAnchors } from '../../probes/pci-anchors.ts';
import type { PciFunction } from '../../probes/pci.ts';
import { isBridge, virtualFunctions } from './pci-classes.ts';
import { describeOffender, groupOffenders } from './group-offenders.ts';
import { obstacles } from './obstacles.ts';
import { describeSelector, matches, type PciSelector } from './pci-selector.ts';

export interface TargetRules {
  readonly devices: readonly PciSelector[];
  readonly exclude: readonly PciSelector[];
  readonly functions: 'slot' | 'listed';
  readonly groupPolicy: 'require-viable' | 'bind-all' | 'ignore';
}

/**
 * The functions to bind: those named, with the rest of their cards. Every function of a card must leave the host's
 * drivers (VFIO's group viability, Documentation/driver-api/vfio.rst); bridges stay where they are.
 */
export function expandTargets(functions: readonly PciFunction[], rules: TargetRules): readonly PciFunction[] {
  const isExcluded = (one: PciFunction) => rules.exclude.some((selector) => matches(one, selector));
  const listed = rules.devices.flatMap((selector) => selected(functions, selector));
  const named = new Set(listed.filter((one) => !isExcluded(one)));
  if (rules.functions === 'listed') return functions.filter((one) => named.has(one));
  const slots = new Set([...named].filter((one) => one.physfn === null).map((one) => one.slot));
  const consumers = new Set([...named].flatMap((one) => one.consumers));
  const isPart = (one: PciFunction) =>
    named.has(one) || (slots.has(one.slot) && one.physfn === null) || consumers.has(one.address);
  return functions.filter((one) => isPart(one) && !isExcluded(one) && !isBridge(one));
}

/** A selector that names nothing is a typo or a card that fell off the bus, never a reason to go on. */
function selected(functions: readonly PciFunction[], selector: PciSelector): readonly PciFunction[] {
  const found = functions.filter((one) => matches(one, selector) && !isBridge(one));
  if (found.length > 0) return found;
  const displays = functions
    .filter((one) => one.class.startsWith('03'))
    .map((one) => `${one.address} ${one.vendor}:${one.device}`);
  throw new TaskError(
    `no PCI function is ${describeSelector(selector)}; display controllers here: ${displays.length > 0 ? displays.join(', ') : 'none'}`,
    { failure: 'no-such-device' },
  );
}

/** With `bind-all`, the whole IOMMU groups of the targets. */
export function withGroups(functions: readonly PciFunction[], targets: readonly PciFunction[]): readonly PciFunction[] {
  const groups = new Set(targets.flatMap((one) => one.iommuGroup ?? []));
  return functions.filter(
    (one) => targets.includes(one) || (one.iommuGroup !== null && groups.has(one.iommuGroup) && !isBridge(one)),
  );
}

/** The host's own disk, or the network we talk over, is never given away, whatever the policy. */
export function refuseAnchors(targets: readonly PciFunction[], anchors: PciAnchors): void {
  const held = targets.flatMap((one) =>
    anchors.has(one.address) ? [`${one.address} ${anchors.get(one.address)}`] : [],
  );
  if (held.length > 0)
    throw new TaskError(`the host cannot do without ${held.join('; ')}: it is not taken away`, { failure: 'anchor' });
}

/** Taking its driver from a physical function ends its virtual ones, and the guests that use them with it. */
export function refuseShared(functions: readonly PciFunction[], moving: readonly PciFunction[]): void {
  const shared = moving.filter((one) => one.driver !== null && virtualFunctions(functions, one).length > 0);
  if (shared.length === 0) return;
  const named = shared.map((one) => `${one.address} has ${virtualFunctions(functions, one).length}`);
  throw new TaskError(
    `virtual functions would end with their card's driver: ${named.join(', ')}. Free them from guests and write 0 to sriov_numvfs first, or leave the card to Nova as it is.`,
    { failure: 'shared' },
  );
}

export function refuseWithoutIommu(targets: readonly PciFunction[]): void {
  const bare = targets.filter((one) => one.iommuGroup === null).map((one) => one.address);
  if (bare.length === 0) return;
  throw new TaskError(
    `E_NO_IOMMU: ${bare.join(', ')} ${bare.length === 1 ? 'is' : 'are'} in no IOMMU group, so VFIO cannot protect the host from a guest. Switch VT-d or AMD-Vi on in the firmware, put intel_iommu=on on the kernel command line (Intel), and reboot first.`,
    { failure: 'E_NO_IOMMU' },
  );
}

/** It is bound without complaint, and then no guest can have it. */
export function refuseReserved(targets: readonly PciFunction[]): void {
  const reserved = targets.filter((one) => one.isReserved).flatMap(obstacles);
  if (reserved.length > 0) throw new TaskError(reserved.join('; '), { failure: 'reserved-memory' });
}

/** A group is usable only while no other member is on a host driver; a root port's own driver is harmless. */
export function refuseUnviableGroups(
  functions: readonly PciFunction[],
  targets: readonly PciFunction[],
  anchors: PciAnchors,
): void {
  const offenders = groupOffenders(functions, targets, targets);
  if (offenders.length === 0) return;
  const named = offenders.map((one) =>
    describeOffender(one, anchors.has(one.address) ? `, ${anchors.get(one.address)}` : ''),
  );
  throw new TaskError(
    `IOMMU group is not viable: ${named.join('; ')} shares it and stays on a host driver. Bind it too (list it, or group_policy: bind-all), or move the card to another PCIe slot.`,
    { failure: 'group-not-viable', offenders: offenders.map((one) => one.address) },
  );
}
