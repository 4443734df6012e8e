import { suggest } from '../../language/suggest.ts';
import type { HostFunction } from '../nova/cross-check.ts';
import type { JsonObject } from '../nova/oslo-json.ts';
import { apiSide } from './alias-links.ts';
import { givenFunctions, isMeant } from './card-links.ts';
import type { ApiFlavor, FlavorWish, HostEvidence } from './evidence.ts';
import { broken, type Finding, holds, notChecked } from './findings.ts';

/** What Nova takes as `pci_passthrough:alias`. Source: nova `api/validation/extra_specs/pci_passthrough.py`. */
const VALUE = /^[^:]+:\d+(?:\s*,\s*[^:]+:\d+)*$/;

export interface Fleet {
  readonly computes: readonly HostEvidence[];
  readonly controllers: readonly HostEvidence[];
}

/** Whether one flavor asks for something that the API knows and at least one compute has. */
export function flavor(wish: FlavorWish, { computes, controllers }: Fleet): Finding {
  const name = `flavor ${wish.name}`;
  const set = (value: string) => `openstack flavor set ${wish.name} --property "pci_passthrough:alias"="${value}"`;
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
  if (short)
    return broken(
      'flavor',
      `${name} asks for ${short.count} of ${short.alias}, and no host has more than ${short.most}`,
      set(`${short.alias}:${Math.max(1, short.most)}`),
    );
  return holds('flavor', `${name}: ${wish.alias}`);
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
function canServe(meanings: readonly JsonObject[], one: HostFunction): boolean {
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
  /** Only these are meant; else all that ask for a PCI device. */
  readonly isNamed: boolean;
}

/** Flavors as Nova's API has them. */
export function apiFindings(all: readonly ApiFlavor[], { fleet, names, isNamed }: ApiQuestion): readonly Finding[] {
  const lacking = names.flatMap((name) => lackingFinding(name, all) ?? []);
  const asking = all.flatMap(({ name, alias }) => (alias === null ? [] : [{ name, alias }]));
  const meant = asking.filter(({ name }) => !isNamed || names.includes(name));
  const found = [...lacking, ...meant.map((one) => flavor(one, fleet))];
  return found.length > 0 ? found : [notChecked('flavor', 'no flavor of the cloud asks for a PCI device')];
}

function lackingFinding(name: string, all: readonly ApiFlavor[]): Finding | undefined {
  const found = all.find((one) => one.name === name);
  const property = '--property "pci_passthrough:alias"="ALIAS:1"';
  if (!found) {
    const similar = suggest(
      name,
      all.map((one) => one.name),
    );
    const hint = similar === undefined ? '' : ` (did you mean ${similar}?)`;
    return broken(
      'flavor',
      `there is no flavor ${name} in the cloud${hint}`,
      `openstack flavor create ${name} … ${property}`,
    );
  }
  if (found.alias !== null) return undefined;
  return broken('flavor', `flavor ${name} asks for no PCI device`, `openstack flavor set ${name} ${property}`);
}
