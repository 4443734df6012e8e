import type { VarsLayer } from '../playbook/types.ts';
import type { Inventory, InventoryHost } from './types.ts';

const names: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '::1']);

/** Variables of a localhost that no source names: it is reached without ssh. */
export const implicitLayer: VarsLayer = { vars: { ansible_connection: 'local' }, source: 'implicit localhost' };

/** Whether the controller is meant without an inventory naming it; `all` never includes it. */
export function isImplicitLocalhost(name: string, inventory: Pick<Inventory, 'hosts'>): boolean {
  return names.has(name) && !inventory.hosts.has(name);
}

/** A host of the inventory, or the implicit localhost, which has the variables of `all`. */
export function findHost(name: string, inventory: Pick<Inventory, 'hosts'>): InventoryHost | undefined {
  return inventory.hosts.get(name) ?? (isImplicitLocalhost(name, inventory) ? { name, groups: ['all'] } : undefined);
}
