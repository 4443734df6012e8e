import type { Problems } from '../../contract/problem.ts';
import { suggest } from '../suggest.ts';
import type { Draft, GroupDraft } from './draft.ts';
import type { InventoryGroup, InventoryHost } from './types.ts';

export interface Graph {
  readonly hosts: ReadonlyMap<string, InventoryHost>;
  readonly groups: ReadonlyMap<string, InventoryGroup>;
}

type Groups = ReadonlyMap<string, GroupDraft>;

/** Hosts and groups as all sources together make them; what does not fit together becomes a problem and is left out. */
export function buildGraph(draft: Draft): Graph {
  reportUndeclared(draft);
  const groups: Groups = new Map([...draft.groups].filter(([, group]) => group.isDeclared));
  for (const group of groups.values()) keepKnownChildren(group, groups);
  breakCycles(groups, draft);
  adoptOrphans(groups);
  settleUngrouped(draft, groups);
  warnOfSharedNames(draft, groups);
  return { groups: finishGroups(groups), hosts: finishHosts(draft, groups) };
}

function reportUndeclared(draft: Draft): void {
  const declared = [...draft.groups.values()].filter((group) => group.isDeclared);
  const names = new Set(declared.map((group) => group.name));
  for (const { group, position, from } of draft.references) {
    if (names.has(group)) continue;
    const similar = suggest(group, names);
    const hint = similar === undefined ? `declare it: [${group}]` : `did you mean \`${similar}\`?`;
    draft.problems.error(`${from} names the group \`${group}\`, which does not exist`, { position, hint });
  }
}

function keepKnownChildren(group: GroupDraft, groups: Groups): void {
  for (const child of group.children) if (!groups.has(child)) group.children.delete(child);
}

/** Removes the edge that closes each cycle, `all` above every group included. */
function breakCycles(groups: Groups, { problems, references }: Draft): void {
  const finished = new Set<string>();
  const visit = (group: GroupDraft, path: readonly string[]): void => {
    if (finished.has(group.name)) return;
    const below = [...path, group.name];
    for (const child of group.children) {
      if (below.includes(child) || child === 'all') {
        group.children.delete(child);
        const cycle = [...below.slice(Math.max(0, below.indexOf(child))), child].join(' > ');
        const from = `[${group.name}:children]`;
        const position = references.find((one) => one.group === child && one.from === from)?.position;
        const place = position === undefined ? {} : { position };
        problems.error(`groups contain each other: ${cycle}`, { ...place, hint: 'remove one of the :children' });
      }
    }
    for (const child of group.children) visit(childOf(groups, child), below);
    finished.add(group.name);
  };
  for (const group of groups.values()) visit(group, []);
}

function childOf(groups: Groups, name: string): GroupDraft {
  const group = groups.get(name);
  if (!group) throw new Error(`group ${name} vanished`);
  return group;
}

function adoptOrphans(groups: Groups): void {
  const all = childOf(groups, 'all');
  const children = new Set([...groups.values()].flatMap((group) => [...group.children]));
  for (const name of groups.keys()) if (name !== 'all' && !children.has(name)) all.children.add(name);
}

function settleUngrouped(draft: Draft, groups: Groups): void {
  const ungrouped = childOf(groups, 'ungrouped');
  const grouped = new Set<string>();
  for (const group of groups.values()) {
    if (group.name !== 'all' && group.name !== 'ungrouped') for (const host of group.hosts) grouped.add(host);
  }
  for (const host of draft.hosts.keys()) {
    if (grouped.has(host)) ungrouped.hosts.delete(host);
    else ungrouped.hosts.add(host);
  }
}

function warnOfSharedNames(draft: Draft, groups: Groups): void {
  for (const name of groups.keys()) {
    if (!draft.hosts.has(name)) continue;
    draft.problems.warn(`\`${name}\` is both a host and a group`, { hint: 'patterns mean the group: rename one' });
  }
}

function finishGroups(groups: Groups): ReadonlyMap<string, InventoryGroup> {
  const finished = new Map<string, InventoryGroup>();
  for (const { name, children, priority } of groups.values()) {
    finished.set(name, { name, children: [...children], hosts: hostsBelow(name, groups), priority });
  }
  return finished;
}

/** The group's own hosts, then its children's, level by level: the order plays run in (Ansible's, where it has one). */
function hostsBelow(name: string, groups: Groups): readonly string[] {
  const below = new Set([name]);
  // A Set may grow while it is walked; what is added last is visited last.
  for (const group of below) for (const child of childOf(groups, group).children) below.add(child);
  const hosts = new Set<string>();
  for (const group of below) for (const host of childOf(groups, group).hosts) hosts.add(host);
  return [...hosts];
}

function finishHosts(draft: Draft, groups: Groups): ReadonlyMap<string, InventoryHost> {
  const parents = parentsOf(groups);
  const depths = depthsOf(groups, parents);
  const sortKey = (name: string) => ({ name, depth: depths(name), priority: groups.get(name)?.priority ?? 1 });
  const directly = directGroups(groups);
  const hosts = new Map<string, InventoryHost>();
  for (const name of draft.hosts.keys()) {
    const members = new Set(['all', ...(directly.get(name) ?? [])]);
    for (const group of members) for (const parent of parents.get(group) ?? []) members.add(parent);
    const file = draft.foundIn.get(name);
    hosts.set(name, { name, groups: inMergeOrder([...members].map(sortKey)), ...(file === undefined ? {} : { file }) });
  }
  return hosts;
}

function directGroups(groups: Groups): ReadonlyMap<string, readonly string[]> {
  const direct = new Map<string, string[]>();
  for (const group of groups.values()) {
    for (const host of group.hosts) {
      const names = direct.get(host) ?? [];
      direct.set(host, names);
      names.push(group.name);
    }
  }
  return direct;
}

function parentsOf(groups: Groups): ReadonlyMap<string, readonly string[]> {
  const parents = new Map<string, string[]>();
  for (const group of groups.values()) {
    for (const child of group.children) parents.set(child, [...(parents.get(child) ?? []), group.name]);
  }
  return parents;
}

/** The longest way down from `all`. */
function depthsOf(groups: Groups, parents: ReadonlyMap<string, readonly string[]>): (name: string) => number {
  const known = new Map<string, number>([['all', 0]]);
  const depth = (name: string): number => {
    const found = known.get(name) ?? Math.max(0, ...(parents.get(name) ?? []).map(depth)) + 1;
    known.set(name, found);
    return found;
  };
  for (const name of groups.keys()) depth(name);
  return depth;
}

interface SortKey {
  readonly name: string;
  readonly depth: number;
  readonly priority: number;
}

/** Depth, then ansible_group_priority, then name: later wins. */
function inMergeOrder(keys: readonly SortKey[]): readonly string[] {
  const byName = (a: SortKey, b: SortKey): number => (a.name < b.name ? -1 : 1);
  return keys.toSorted((a, b) => a.depth - b.depth || a.priority - b.priority || byName(a, b)).map(({ name }) => name);
}
