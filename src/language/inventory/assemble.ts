import { Problems } from '../../contract/problem.ts';
import type { VarsLayer } from '../playbook/types.ts';
import { addGroup, addHostLayer, addHosts, type Draft } from './draft.ts';
import { buildGraph } from './graph.ts';
import { parseHostAddress } from './host-name.ts';
import { createLayers, type FileLayers } from './layers.ts';
import type { Inventory } from './types.ts';

export interface Origin {
  readonly draft: Draft;
  /** Where group_vars/ and host_vars/ of the inventory are, in order of the sources. */
  readonly directories: readonly string[];
  readonly fileLayers: FileLayers;
}

/** What an inventory was made of, to make a larger one of it. */
const origins = new WeakMap<Inventory, Origin>();

export function assemble(origin: Origin): Inventory {
  const graph = buildGraph(origin.draft);
  const inventory = { ...graph, sources: origin.draft.sources, layersFor: createLayers({ ...origin, graph }) };
  origins.set(inventory, origin);
  return inventory;
}

/** A host to add, or groups to put a known host into. */
export interface Addition {
  readonly host: string;
  /** Those that do not exist are made. */
  readonly groups: readonly string[];
  readonly vars?: VarsLayer;
}

/**
 * An inventory with more hosts and groups, for `add_host` and `group_by`; the given one stays as it is. Names that are
 * not host or group names become problems and are left out.
 *
 * @example extendInventory(inventory, [{ host: 'gpu17', groups: ['gpu'] }], problems)
 */
export function extendInventory(inventory: Inventory, additions: readonly Addition[], problems: Problems): Inventory {
  const origin = origins.get(inventory);
  if (!origin) throw new Error('only an inventory that was loaded can be extended');
  const draft = copyOf(origin.draft, problems);
  for (const addition of additions) add(draft, addition);
  // Mistakes of the sources were reported when they were loaded.
  return assemble({ ...origin, draft: { ...draft, problems: new Problems() } });
}

function add(draft: Draft, { host, groups, vars }: Addition): void {
  const address = parseHostAddress(host);
  if (address.mistake !== undefined) return draft.problems.error(address.mistake);
  const position = { file: vars?.source ?? 'add_host', line: 1, column: 1 };
  for (const name of ['all', ...groups]) {
    const group = addGroup(draft, name, position);
    if (group) addHosts(draft, group, host, position);
  }
  if (vars) addHostLayer(draft, address.name, vars);
}

function copyOf(draft: Draft, problems: Problems): Draft {
  const groups = [...draft.groups].map(([name, group]) => {
    const sets = { children: new Set(group.children), hosts: new Set(group.hosts), layers: [...group.layers] };
    return [name, { ...group, ...sets }] as const;
  });
  const hosts = [...draft.hosts].map(([name, layers]): [string, VarsLayer[]] => [name, [...layers]]);
  return { ...draft, problems, groups: new Map(groups), hosts: new Map(hosts), foundIn: new Map(draft.foundIn) };
}
