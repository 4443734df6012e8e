import type { JsonObject } from '../nova/oslo-json.ts';

/** Classes of os-resource-classes that a card can have; all others are custom. */
const STANDARD: ReadonlySet<string> = new Set(['PCI_DEVICE', 'PGPU', 'VGPU', 'FPGA', 'SRIOV_NET_VF']);

/**
 * The resource class a card is counted as.
 *
 * Source: nova `compute/pci_placement_translator.py` `get_resource_class`.
 * @example resourceClassOf({ vendor_id: '10de', product_id: '20f1' }) // 'CUSTOM_PCI_10DE_20F1'
 */
export function resourceClassOf({ resource_class: given, vendor_id, product_id }: JsonObject): string {
  if (given === undefined || given === null || given === '')
    return `CUSTOM_PCI_${String(vendor_id)}_${String(product_id)}`.toUpperCase();
  const upper = String(given).toUpperCase();
  if (STANDARD.has(upper)) return upper;
  const plain = upper.replaceAll(/[^A-Z0-9_]+/g, '_');
  return plain.startsWith('CUSTOM_') ? plain : `CUSTOM_${plain}`;
}
