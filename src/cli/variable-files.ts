import type { Inventory } from '../language/inventory/types.ts';
import type { Playbook } from '../language/playbook/types.ts';
import { hostsOf } from './taking-part.ts';

/**
 * Reads group_vars/ and host_vars/ of every host that a play may run on. They are read when a host first asks, which is
 * too late for mistakes: a file that cannot be read or decrypted would be a host without its variables.
 */
export function readVariableFiles(
  inventory: Inventory,
  playbooks: readonly Playbook[],
  limit: ReadonlySet<string> | undefined,
): void {
  for (const play of playbooks.flatMap(({ plays }) => plays))
    for (const host of hostsOf(play, inventory, limit)) inventory.layersFor(host, play.directory);
}
