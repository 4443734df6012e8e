import type { Position } from '../../contract/problem.ts';
import { suggest } from '../suggest.ts';
import { isMapping, type Mapping } from '../yaml/merge.ts';
import { positionOf, valuePositionOf } from '../yaml/positions.ts';
import { addChild, addGroup, addGroupLayer, addHostLayer, addHosts, type Draft, type GroupDraft } from './draft.ts';

const sections = ['hosts', 'children', 'vars'];

interface Place {
  readonly file: string;
  /** `all.children.gpu.vars` */
  readonly path: string;
  readonly position: Position;
}

/** Reads `group: {hosts: {…}, children: {…}, vars: {…}}`, from YAML or from a JSON file, into the draft. */
export function readYamlInventory(draft: Draft, document: unknown, file: string): void {
  const start = { file, line: 1, column: 1 };
  if (!isMapping(document)) {
    draft.problems.error('an inventory must be a mapping of groups', { position: positionOf(document) ?? start });
    return;
  }
  if (Object.hasOwn(document, 'plugin')) {
    const hint = 'give an executable that answers --list with JSON';
    draft.problems.error('inventory plugins are not supported', {
      position: positionOf(document, 'plugin') ?? start,
      hint,
    });
    return;
  }
  for (const name of Object.keys(document)) readGroup(draft, name, document, { file, path: name, position: start });
}

/** @param parent the mapping that names the group */
function readGroup(draft: Draft, name: string, parent: Mapping, outer: Place): GroupDraft | undefined {
  const place = { ...outer, position: positionOf(parent, name) ?? outer.position };
  const group = addGroup(draft, name, place.position);
  const body = parent[name] ?? {};
  if (!group) return undefined;
  if (!isMapping(body))
    draft.problems.error('a group must be a mapping', { ...placed(place), hint: 'of hosts, children and vars' });
  else for (const key of Object.keys(body)) readSection(draft, group, { key, body, place });
  return group;
}

interface Section {
  readonly key: string;
  readonly body: Mapping;
  readonly place: Place;
}

function readSection(draft: Draft, group: GroupDraft, { key, body, place: outer }: Section): void {
  const place = { ...outer, path: `${outer.path}.${key}`, position: positionOf(body, key) ?? outer.position };
  if (!sections.includes(key)) {
    const similar = suggest(key, sections);
    const hint = similar === undefined ? 'a group has hosts, children and vars' : `did you mean \`${similar}\`?`;
    draft.problems.error(`unknown key \`${key}\` in a group`, { ...placed(place), hint });
    return;
  }
  const members = asMembers(body[key]);
  if (!members) reportNoMapping(draft, key, { ...place, position: valuePositionOf(body, key) ?? place.position });
  else if (key === 'vars') addGroupLayer(draft, group, { vars: members, source: `${place.file} (${place.path})` });
  else for (const name of Object.keys(members)) readMember(draft, group, { key, name, members, place });
}

/** Ansible takes a lone name for a mapping with that key. */
function asMembers(value: unknown): Mapping | undefined {
  if (value === null || value === undefined) return {};
  if (typeof value === 'string') return { [value]: null };
  return isMapping(value) ? value : undefined;
}

function reportNoMapping(draft: Draft, key: string, place: Place): void {
  const hint = key === 'vars' ? 'write name: value' : 'end each name with a colon instead of beginning it with a dash';
  draft.problems.error(`\`${key}\` must be a mapping`, { ...placed(place), hint });
}

interface Member {
  readonly key: string;
  readonly name: string;
  readonly members: Mapping;
  readonly place: Place;
}

function readMember(draft: Draft, group: GroupDraft, { key, name, members, place: outer }: Member): void {
  const place = { ...outer, path: `${outer.path}.${name}` };
  const position = positionOf(members, name) ?? outer.position;
  if (key === 'children') {
    const child = readGroup(draft, name, members, place);
    if (child) addChild(draft, group, child.name, position);
    return;
  }
  const hosts = addHosts(draft, group, name, position);
  const vars = members[name] ?? {};
  if (!isMapping(vars)) draft.problems.error("a host's variables must be a mapping", placed({ ...place, position }));
  else if (Object.keys(vars).length > 0) {
    const layer = { vars, source: `${place.file} (${place.path})` };
    for (const host of hosts) addHostLayer(draft, host, layer);
  }
}

function placed({ position, path }: Place): { readonly position: Position; readonly path: string } {
  return { position, path };
}
