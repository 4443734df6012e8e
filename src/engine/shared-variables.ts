import type { Inventory } from '../language/inventory/types.ts';
import { type Layer, layerOf } from './scope.ts';

/**
 * What the inventory says alike about all hosts of a play, for keywords of the play itself. Ansible sees nothing of the
 * inventory there; a limit such as `serial` that a site keeps in group_vars would be passed over without a word.
 */
export function sharedLayer(
  inventory: Inventory,
  hosts: readonly string[],
  playbookDirectory: string | undefined,
): Layer {
  const [first = {}, ...others] = hosts.map((host) => variablesOf(inventory, host, playbookDirectory));
  const shared = Object.entries(first).filter(([name, value]) =>
    others.every((vars) => Object.hasOwn(vars, name) && vars[name] === value),
  );
  return layerOf(Object.fromEntries(shared));
}

/** Not rendered, so that values of one group_vars file are the same objects for all its hosts. */
function variablesOf(
  inventory: Inventory,
  host: string,
  playbookDirectory: string | undefined,
): Readonly<Record<string, unknown>> {
  return Object.assign({}, ...inventory.layersFor(host, playbookDirectory).map(({ vars }) => vars));
}
