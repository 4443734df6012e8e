import { matchHosts } from '../language/inventory/patterns.ts';
import type { Inventory } from '../language/inventory/types.ts';
import { isTemplate } from '../language/playbook/template-text.ts';
import type { Play, Playbook } from '../language/playbook/types.ts';

/** The hosts that a play may run on. A pattern that only variables can tell may mean any host. */
export function hostsOf(play: Play, inventory: Inventory, limit: ReadonlySet<string> | undefined): readonly string[] {
  const pattern = [play.hosts].flat();
  const hosts = pattern.some(isTemplate) ? [...inventory.hosts.keys()] : matchHosts(pattern.map(String), inventory);
  return hosts.filter((host) => limit === undefined || limit.has(host));
}

/** The hosts that take part in any play. */
export function hostsTakingPart(
  playbooks: readonly Playbook[],
  inventory: Inventory,
  limit: ReadonlySet<string> | undefined,
): ReadonlySet<string> {
  return new Set(playbooks.flatMap(({ plays }) => plays.flatMap((play) => hostsOf(play, inventory, limit))));
}
