import type { PciFunction } from '../../probes/pci.ts';

/** Management controllers' own display chips: ASPEED and Matrox. */
const BMC_VENDORS = new Set(['1a03', '102b']);

export function isBridge(one: PciFunction): boolean {
  return one.class.startsWith('06');
}

/** Display controllers (03xx) and processing accelerators (1200), the class of AMD's MI300X. */
export function isGpu(one: PciFunction): boolean {
  return (one.class.startsWith('03') || one.class.startsWith('1200')) && !BMC_VENDORS.has(one.vendor);
}

export function membersOf(functions: readonly PciFunction[], group: number | null): readonly PciFunction[] {
  return group === null ? [] : functions.filter((one) => one.iommuGroup === group);
}

export function virtualFunctions(functions: readonly PciFunction[], physical: PciFunction): readonly PciFunction[] {
  return functions.filter((one) => one.physfn === physical.address);
}
