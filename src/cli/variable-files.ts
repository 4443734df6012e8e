import { matchHosts } from '../language/inventory/patterns.ts';
import type { Inventory } from '../language/inventory/types.ts';
import { isTemplate } from '../language/playbook/template-text.ts';
import type { Play, Playbook } from '../language/playbook/types.ts';

/**
 * Reads group_vars/ and host_vars/ of every host that a play may run on. They are read when a host first asks, which is
 * too late for mistakes: a file that cannot be read or decrypted would be a host without its variables.
 */
export function readVariableFiles(
  inventory: Inventory,
  playbooks: readonly Playbook[],
  limit: ReadonlySet<string> | undefined,
): void {
  for (const play of playbooks.flatMap(({ plays }) => plays)) {
    for (const host of hostsOf(play, inventory))
      if (limit === undefined || limit.has(host)) inventory.layersFor(host, play.directory);
  }
}

/** A pattern that only variables can tell may mean any host. */
function hostsOf(play: Play, inventory: Inventory): Iterable<string> {
  const pattern = [play.hosts].flat();
  return pattern.some(isTemplate) ? inventory.hosts.keys() : matchHosts(pattern.map(String), inventory);
}
