import { suggest } from '../../language/suggest.ts';
import type { JsonObject } from '../nova/oslo-json.ts';
import { apiSide } from './alias-links.ts';
import { type GivenFunction, givenFunctions, isMeant } from './card-links.ts';
import type { ApiFlavor, FlavorWish, HostEvidence } from './evidence.ts';
import { broken, type Finding, holds, notChecked } from './findings.ts';
import type { Remedies } from './remedies.ts';
import { quotedWord, shellWord } from './shell-word.ts';

/** What Nova takes as `pci_passthrough:alias`. Source: nova `api/validation/extra_specs/pci_passthrough.py`. */
const VALUE = /^[^:]+:\d+(?:\s*,\s*[^:]+:\d+)*$/;

export interface Fleet {
  readonly computes: readonly HostEvidence[];
  readonly controllers: readonly HostEvidence[];
}

/** Whether one flavor asks for something that the API knows and at least one compute has. */
export function flavor(wish: FlavorWish, { computes, controllers }: Fleet): Finding {
  const name = `flavor ${wish.name}`;
  const set = (value: string) => `openstack flavor set ${shellWord(wish.name)} ${aliasProperty(value)}`;
  if (!VALUE.test(wish.alias))
    return broken('flavor', `${name}: ${JSON.stringify(wish.alias)} is not alias:count`, set('ALIAS:1'));
  if (controllers.length === 0) return notChecked('flavor', `${name}: no controller is among these hosts`);
  const known = controllers.flatMap((one) => apiSide(one).aliases);
  const names = [...new Set(known.map((alias) => String(alias.name)))];
  const requests = requestsOf(wish.alias);
  const unknown = requests.find((request) => !names.includes(request.alias));
  if (unknown)
    return broken(
      'flavor',
      unknownText(name, unknown.alias, names),
      set(`${suggest(unknown.alias, names) ?? names[0] ?? 'ALIAS'}:${unknown.count}`),
    );
  if (computes.length === 0) return notChecked('flavor', `${name}: no compute with a GPU is among these hosts`);
  const short = requests.map((request) => shortOf(request, known, computes)).find((most) => most !== undefined);
  if (short?.most === 0)
    return broken(
      'flavor',
      `${name} asks for ${short.alias}, and no compute here gives such a card away`,
      'mend what is broken on the computes that have such cards; or take a flavor of another alias',
    );
  if (short)
    return broken(
      'flavor',
      `${name} asks for ${short.count} of ${short.alias}, and no host has more than ${short.most}`,
      set(`${short.alias}:${short.most}`),
    );
  return holds('flavor', `${name}: ${wish.alias}`);
}

function aliasProperty(value: string): string {
  return `--property "pci_passthrough:alias"=${quotedWord(value)}`;
}

interface Request {
  readonly alias: string;
  readonly count: number;
}

function requestsOf(value: string): readonly Request[] {
  const parts = value.split(',').map((part) => part.trim().split(':'));
  const byAlias = Map.groupBy(parts, ([alias = '']) => alias);
  return [...byAlias].map(([alias, same]) => ({
    alias,
    count: same.reduce((sum, [, count]) => sum + Number(count), 0),
  }));
}

function unknownText(name: string, alias: string, names: readonly string[]): string {
  const there = names.length > 0 ? `the controllers define ${names.join(', ')}` : 'the controllers define none';
  return `${name} asks for the alias ${alias}, which is not defined; ${there}`;
}

/** All cards of one request must be on one host. */
function shortOf({ alias, count }: Request, known: readonly JsonObject[], computes: readonly HostEvidence[]) {
  const meanings = known.filter((one) => one.name === alias);
  const numbers = computes.map((compute) => givenFunctions(compute).filter((one) => canServe(meanings, one)).length);
  const most = Math.max(0, ...numbers);
  return most < count ? { alias, count, most } : undefined;
}

/** Without device_type an alias takes anything but physical functions. Source: nova `pci/stats.py`. */
function canServe(meanings: readonly JsonObject[], one: GivenFunction): boolean {
  return meanings.some(
    (alias) =>
      isMeant(alias, one) &&
      (alias.device_type === undefined ? one.type !== 'type-PF' : alias.device_type === one.type),
  );
}

interface ApiQuestion {
  readonly fleet: Fleet;
  /** Flavors that must be there. */
  readonly names: readonly string[];
  /** What the inventory says of flavors. */
  readonly wishes: readonly FlavorWish[];
  /** Only these are meant; else all that ask for a PCI device. */
  readonly isNamed: boolean;
  readonly remedies: Remedies;
}

/** Flavors as Nova's API has them. */
export function apiFindings(all: readonly ApiFlavor[], question: ApiQuestion): readonly Finding[] {
  const { fleet, names, isNamed } = question;
  const lacking = names.flatMap((name) => lackingFinding(name, all, question) ?? []);
  const asking = all.flatMap(({ name, alias }) => (alias === null ? [] : [{ name, alias }]));
  const meant = asking.filter(({ name }) => !isNamed || names.includes(name));
  const found = [...lacking, ...meant.map((one) => flavor(one, fleet))];
  return found.length > 0 ? found : [notChecked('flavor', 'no flavor of the cloud asks for a PCI device')];
}

function lackingFinding(name: string, all: readonly ApiFlavor[], question: ApiQuestion): Finding | undefined {
  const found = all.find((one) => one.name === name);
  const wish = question.wishes.find((one) => one.name === name);
  const property = aliasProperty(wish?.alias ?? `${onlyAlias(question.fleet)}:1`);
  const run = wish ? `${question.remedies.run('').trim()} with nova_flavor_cloud, or ` : '';
  if (!found) {
    const similar = suggest(
      name,
      all.map((one) => one.name),
    );
    const hint = similar === undefined ? '' : ` (did you mean ${similar}?)`;
    return broken(
      'flavor',
      `there is no flavor ${name} in the cloud${hint}`,
      `${run}openstack flavor create ${shellWord(name)} … ${property}`,
    );
  }
  if (found.alias !== null) return undefined;
  return broken(
    'flavor',
    `flavor ${name} asks for no PCI device`,
    `${run}openstack flavor set ${shellWord(name)} ${property}`,
  );
}

/** The alias a flavor can mean, where there is but one. */
function onlyAlias({ controllers }: Fleet): string {
  const names = new Set(controllers.flatMap((one) => apiSide(one).aliases).map((alias) => String(alias.name)));
  const [only = 'ALIAS'] = names;
  return names.size === 1 ? only : 'ALIAS';
}
