import type { CallApi } from '../../contract/change.ts';
import type { Read } from '../../contract/probe.ts';
import { foretold } from '../../probes/openstack/foretold.ts';
import type { ComputeApi } from './compute.ts';
import { flavorCall } from './flavor-changes.ts';
import { idFromName } from './flavor-id.ts';
import { type Flavor, flavorPath, flavorResource, GONE } from './flavors.ts';

/**
 * Between the deletion of a flavor and its creation anew nothing of it is left in Nova, and whoever does both may be
 * interrupted. So a second flavor, private and with no project, holds all of the first in its description until the new
 * one is whole. The next run finds it there, from whatever machine it is started.
 */
const SUFFIX = '.being-replaced';

/** Since 2.55 flavors have descriptions, of up to 65535 characters. Source: nova `schemas/flavor_manage.py`. */
export const DESCRIBES_FLAVORS = 55;

/** Name of the flavor that stands for one which is being replaced. */
export const keeperName = (name: string): string => `${name}${SUFFIX}`;

const keeperId = (name: string): string => idFromName(keeperName(name));

/** What a flavor had when its replacement began; undefined when none was interrupted. */
export async function readKept(
  api: ComputeApi,
  flavors: readonly Flavor[],
  name: string,
  read: Read,
): Promise<Flavor | undefined> {
  const planned = await read(foretold(flavorResource(api, keeperName(name))));
  if (planned.isForetold) return undefined;
  const keeper = flavors.find((one) => one.id === keeperId(name) && one.name === keeperName(name));
  return keeper && keptIn(keeper);
}

/** Only a flavor of this module's has such a description under such an id. */
function keptIn({ description }: Flavor): Flavor | undefined {
  try {
    const { replaced } = Object(JSON.parse(description ?? ''));
    return typeof Object(replaced).id === 'string' ? replaced : undefined;
  } catch {
    return undefined;
  }
}

/** Puts all of the flavor behind the API. @param isKept another run did so before */
export function keepCall(api: ComputeApi, flavor: Flavor, isKept: boolean): CallApi {
  const { name, vcpus, ram, disk } = flavor;
  const description = inAscii(JSON.stringify({ replaced: flavor }));
  const id = keeperId(name);
  const keeper = { id, name: keeperName(name), vcpus, ram, disk, 'os-flavor-access:is_public': false, description };
  const request = isKept
    ? ({ method: 'PUT', path: flavorPath({ id }), body: { flavor: { description } } } as const)
    : ({ method: 'POST', path: '/flavors', body: { flavor: keeper } } as const);
  return flavorCall(api, keeperName(name), {
    ...request,
    success: [200],
    purpose: `keep what the flavor ${name} has in the flavor ${keeperName(name)}`,
    before: {},
    after: { keeps: name },
    result: GONE,
  });
}

/** Once the new flavor is whole. */
export function forgetCall(api: ComputeApi, name: string): CallApi {
  return flavorCall(api, keeperName(name), {
    method: 'DELETE',
    path: flavorPath({ id: keeperId(name) }),
    success: [202, 404],
    purpose: `delete the flavor ${keeperName(name)}`,
    before: { keeps: name },
    after: {},
    result: GONE,
  });
}

/** What Nova counts as printable depends on its Python; escapes are plain everywhere. */
function inAscii(json: string): string {
  return json.replace(/[^ -~]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
