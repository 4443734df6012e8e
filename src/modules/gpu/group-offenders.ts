import type { PciFunction } from '../../probes/pci.ts';
import { isBusBridge, membersOf } from './pci-classes.ts';

/**
 * What keeps the groups of these functions from VFIO, once all that are `leaving` have left the host's drivers.
 * Source: Documentation/driver-api/vfio.rst.
 */
export function groupOffenders(
  functions: readonly PciFunction[],
  of: readonly PciFunction[],
  leaving: readonly PciFunction[],
): readonly PciFunction[] {
  return [...new Set(of.map((one) => one.iommuGroup))].flatMap((group) =>
    membersOf(functions, group).filter((one) => !leaving.includes(one) && !isHarmless(one)),
  );
}

/** @example '0000:84:01.0 (8086:10d3, e1000e) in group 40' */
export function describeOffender(one: PciFunction, remark = ''): string {
  return `${one.address} (${one.vendor}:${one.device}, ${one.driver}${remark}) in group ${one.iommuGroup}`;
}

/** Source: drivers/pci/pcie/portdrv.c and drivers/pci/pci-stub.c set `driver_managed_dma`; so do VFIO's own drivers. */
export function isHarmless(one: PciFunction): boolean {
  return (
    isBusBridge(one) ||
    one.driver === null ||
    one.driver === 'pci-stub' ||
    one.driver.startsWith('vfio') ||
    one.driver.endsWith('_vfio_pci')
  );
}
