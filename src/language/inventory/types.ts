import type { VarsLayer } from '../playbook/types.ts';

/** A layer of variables with its level in Ansible's order of precedence (2 is role defaults, 22 is -e). */
export interface RankedLayer extends VarsLayer {
  readonly level: number;
}

export interface InventoryHost {
  readonly name: string;
  /** Every group it is in, directly or through children, `all` first, in merge order (later wins). */
  readonly groups: readonly string[];
  /** Absolute path of the source that named it first; absent when it came from `-i host1,host2,` or a task. */
  readonly file?: string;
}

export interface InventoryGroup {
  readonly name: string;
  /** Direct children. */
  readonly children: readonly string[];
  /** All hosts, through children too, in inventory order, each once. */
  readonly hosts: readonly string[];
  readonly priority: number;
}

/** Hosts and groups of all sources merged; never changes after loading. */
export interface Inventory {
  readonly hosts: ReadonlyMap<string, InventoryHost>;
  readonly groups: ReadonlyMap<string, InventoryGroup>;
  /** Files and directories it was read from. */
  readonly sources: readonly string[];
  /**
   * Levels 3 to 10 for a host, lowest first: inventory group vars, group_vars beside inventory and playbook, host vars.
   * `playbookDirectory` is where group_vars/ and host_vars/ beside the playbook are looked for.
   */
  layersFor(host: string, playbookDirectory: string | undefined): readonly RankedLayer[];
}
