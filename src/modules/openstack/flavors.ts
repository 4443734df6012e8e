import type { Read } from '../../contract/probe.ts';
import type { Resource } from '../../contract/resource.ts';
import { TaskError } from '../../contract/task-error.ts';
import { foretold } from '../../probes/openstack/foretold.ts';
import { get, resourceOf } from './api.ts';
import type { ComputeApi } from './compute.ts';

/** A flavor as Nova holds it. */
export interface Flavor {
  readonly id: string;
  readonly name: string;
  readonly vcpus: number;
  /** MiB. */
  readonly ram: number;
  /** GiB. */
  readonly disk: number;
  /** GiB. */
  readonly ephemeral: number;
  /** MiB. */
  readonly swap: number;
  /** Share of a network's bandwidth, which Xen once heeded; 1 unless somebody set it. */
  readonly rxtxFactor: number;
  readonly isPublic: boolean;
  /** Null also where Nova is too old to have any. */
  readonly description: string | null;
  /** Extra specs. */
  readonly properties: Readonly<Record<string, string>>;
  /** Projects that may use a private flavor. */
  readonly projects: readonly string[];
}

/** Stands for a flavor that a planned change takes away. */
export const GONE = 'gone';

export interface FlavorsRead {
  readonly api: ComputeApi;
  readonly flavors: readonly Flavor[];
}

/** More would be cut by Nova's `[api] max_limit` anyway. */
const PAGE = 1000;
const MOST_PAGES = 100;

/** All flavors, private ones too where the credentials may see them. Source: Compute API, `GET /flavors/detail`. */
export async function readFlavors(api: ComputeApi, read: Read): Promise<FlavorsRead> {
  const found: Flavor[] = [];
  let [current, marker] = [api, ''];
  for (let page = 0; page < MOST_PAGES; page++) {
    const path = `/flavors/detail?is_public=None&limit=${PAGE}${marker && `&marker=${encodeURIComponent(marker)}`}`;
    const got = await get(current, path, read, flavorResource(api));
    current = { ...api, token: got.api.token };
    found.push(...flavorsIn(got.json, api));
    marker = found.at(-1)?.id ?? '';
    if (!hasMore(got.json)) return { api: current, flavors: found };
  }
  throw new TaskError(`${api.url} lists more than ${MOST_PAGES * PAGE} flavors`);
}

/** One flavor as it is, or as it will be after what check mode has planned, with what the list does not tell. */
export async function readFlavor(
  api: ComputeApi,
  flavor: Flavor | undefined,
  name: string,
  read: Read,
): Promise<Flavor | undefined> {
  const planned = await read(foretold(flavorResource(api, name)));
  if (planned.isForetold) return planned.value === GONE ? undefined : (planned.value as Flavor);
  if (!flavor) return undefined;
  const [properties, projects] = await Promise.all([
    api.minor >= 61 ? flavor.properties : readProperties(api, flavor, read),
    flavor.isPublic ? [] : readProjects(api, flavor, read),
  ]);
  return { ...flavor, properties, projects };
}

export function flavorResource(api: ComputeApi, ...name: readonly string[]): Resource {
  return resourceOf(api.url, 'flavors', ...name);
}

export function flavorPath({ id }: Pick<Flavor, 'id'>, ...below: readonly string[]): string {
  return `/${['flavors', id, ...below].map(encodeURIComponent).join('/')}`;
}

async function readProperties(api: ComputeApi, flavor: Flavor, read: Read): Promise<Readonly<Record<string, string>>> {
  const { json } = await get(api, flavorPath(flavor, 'os-extra_specs'), read, flavorResource(api));
  return texts(Object(json).extra_specs);
}

async function readProjects(api: ComputeApi, flavor: Flavor, read: Read): Promise<readonly string[]> {
  const { json } = await get(api, flavorPath(flavor, 'os-flavor-access'), read, flavorResource(api));
  const access: unknown = Object(json).flavor_access;
  return Array.isArray(access) ? access.map((one) => String(Object(one).tenant_id)) : [];
}

function flavorsIn(json: unknown, api: ComputeApi): readonly Flavor[] {
  const { flavors } = Object(json);
  if (!Array.isArray(flavors))
    throw new TaskError(`${api.url}/flavors/detail answered without a list of flavors; is it Nova's API?`);
  return flavors.map((one) => flavorOf(Object(one)));
}

function flavorOf(json: Readonly<Record<string, unknown>>): Flavor {
  return {
    id: String(json.id),
    name: String(json.name),
    vcpus: Number(json.vcpus),
    ram: Number(json.ram),
    disk: Number(json.disk),
    ephemeral: Number(json['OS-FLV-EXT-DATA:ephemeral'] ?? 0),
    // Before 2.75 no swap is an empty string.
    swap: Number(json.swap ?? 0),
    rxtxFactor: Number(json.rxtx_factor ?? 1),
    isPublic: json['os-flavor-access:is_public'] !== false,
    description: typeof json.description === 'string' ? json.description : null,
    properties: texts(json.extra_specs),
    projects: [],
  };
}

function texts(value: unknown): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(Object(value)).map(([key, text]) => [key, String(text)]));
}

function hasMore(json: unknown): boolean {
  const links: unknown = Object(json).flavors_links;
  return Array.isArray(links) && links.some((link) => Object(link).rel === 'next');
}
