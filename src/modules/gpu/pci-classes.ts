import type { PciFunction } from '../../probes/pci.ts';

/** Management controllers' own display chips: ASPEED and Matrox. */
const BMC_VENDORS = new Set(['1a03', '102b']);

/** What is never handed to a guest. An NVSwitch (class 0680, "other bridge") is an endpoint, and may be. */
export function isBridge(one: PciFunction): boolean {
  return one.class.startsWith('06') && !isNvSwitch(one);
}

/** A bridge between buses, whose own driver VFIO does not mind; an ISA bridge, say, is a device like others to it. */
export function isBusBridge(one: PciFunction): boolean {
  return one.class.startsWith('0604') || one.class.startsWith('0609');
}

/** The switch between the GPUs of an HGX board: its partitions decide which of them CUDA can use together. */
export function isNvSwitch(one: PciFunction): boolean {
  return one.vendor === '10de' && one.class.startsWith('0680');
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
