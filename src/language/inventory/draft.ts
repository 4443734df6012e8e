import { resolve } from 'node:path';
import type { Position, Problems } from '../../contract/problem.ts';
import type { VarsLayer } from '../playbook/types.ts';
import { positionOf } from '../yaml/positions.ts';
import { warnOfMistypedConnection } from './connection-names.ts';
import { type Expansion, expandHosts } from './ranges.ts';
import { isGroupName } from './host-name.ts';

export interface GroupDraft {
  readonly name: string;
  readonly children: Set<string>;
  /** Hosts named in the group itself. */
  readonly hosts: Set<string>;
  readonly layers: VarsLayer[];
  priority: number;
  /** Only its variables were seen so far. */
  isDeclared: boolean;
}

export interface Reference {
  readonly group: string;
  readonly position: Position;
  /** `[x:children]` or `[x:vars]`, for the message. */
  readonly from: string;
}

/** An inventory while its sources are read: what each adds is checked as a whole at the end. */
export interface Draft {
  readonly problems: Problems;
  readonly groups: Map<string, GroupDraft>;
  /** Variables by host, in the order hosts were first named. */
  readonly hosts: Map<string, VarsLayer[]>;
  readonly references: Reference[];
  readonly sources: string[];
  /** Absolute path of the file that named a host first; none for those that no file names. */
  readonly foundIn: Map<string, string>;
  /** Layers looked at for typos: the hosts of a range share one. */
  readonly checked: WeakSet<VarsLayer>;
}

export function newDraft(problems: Problems): Draft {
  const draft: Draft = {
    problems,
    groups: new Map(),
    hosts: new Map(),
    references: [],
    sources: [],
    foundIn: new Map(),
    checked: new WeakSet(),
  };
  for (const name of ['all', 'ungrouped']) groupOf(draft, name).isDeclared = true;
  // First among the children: it decides the order of hosts under `all`, as in Ansible.
  groupOf(draft, 'all').children.add('ungrouped');
  return draft;
}

function groupOf(draft: Draft, name: string): GroupDraft {
  const known = draft.groups.get(name);
  if (known) return known;
  const group = {
    name,
    children: new Set<string>(),
    hosts: new Set<string>(),
    layers: [],
    priority: 1,
    isDeclared: false,
  };
  draft.groups.set(name, group);
  return group;
}

/** Declares a group; undefined after reporting a name that no pattern could address. */
export function addGroup(draft: Draft, name: string, position: Position): GroupDraft | undefined {
  if (!isGroupName(name)) {
    const hint = 'use letters, digits, `-`, `_` and `.`, beginning with a letter or digit';
    draft.problems.error(`${JSON.stringify(name)} is not a group name`, { position, hint });
    return undefined;
  }
  const group = groupOf(draft, name);
  group.isDeclared = true;
  return group;
}

/** A child that may be declared later, in this or another source. */
export function addChild(draft: Draft, parent: GroupDraft, child: string, position: Position): void {
  parent.children.add(child);
  draft.references.push({ group: child, position, from: `[${parent.name}:children]` });
}

/** A group's variables that do not declare the group. */
export function referToGroup(draft: Draft, name: string, position: Position): GroupDraft {
  draft.references.push({ group: name, position, from: `[${name}:vars]` });
  return groupOf(draft, name);
}

/** Adds the hosts of a pattern such as `gpu[01:16]:2222` to a group, and gives their names. */
export function addHosts(draft: Draft, group: GroupDraft, pattern: string, position: Position): readonly string[] {
  const expansion: Expansion = expandHosts(pattern);
  if (expansion.mistake !== undefined) {
    const { mistake, hint } = expansion;
    draft.problems.error(mistake, hint === undefined ? { position } : { position, hint });
    return [];
  }
  const port = expansion.port === undefined ? undefined : portLayer(expansion.port, position);
  for (const name of expansion.names) {
    group.hosts.add(name);
    if (!draft.hosts.has(name) && draft.sources.includes(position.file))
      draft.foundIn.set(name, resolve(position.file));
    const layers = draft.hosts.get(name) ?? [];
    draft.hosts.set(name, layers);
    if (port) layers.push(port);
  }
  return expansion.names;
}

function portLayer(port: number, { file, line }: Position): VarsLayer {
  return { vars: { ansible_port: port }, source: `${file}:${line}` };
}

export function addHostLayer(draft: Draft, host: string, layer: VarsLayer): void {
  draft.hosts.get(host)?.push(layer);
  checkNames(draft, layer);
}

function checkNames(draft: Draft, layer: VarsLayer): void {
  if (!draft.checked.has(layer)) warnOfMistypedConnection(layer, draft.problems);
  draft.checked.add(layer);
}

/** `ansible_group_priority` counts only here: Ansible ignores it in group_vars files. */
export function addGroupLayer(draft: Draft, group: GroupDraft, layer: VarsLayer): void {
  group.layers.push(layer);
  checkNames(draft, layer);
  if (!Object.hasOwn(layer.vars, 'ansible_group_priority')) return;
  const priority = Number(layer.vars.ansible_group_priority);
  const position = positionOf(layer.vars, 'ansible_group_priority');
  if (Number.isInteger(priority)) group.priority = priority;
  else draft.problems.error('ansible_group_priority must be a whole number', position ? { position } : {});
}
