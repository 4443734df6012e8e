import type { CallApi } from '../../contract/change.ts';
import type { HttpMethod } from '../../contract/http.ts';
import { callApi } from '../../changes/call-api.ts';
import { requestTo } from './api.ts';
import type { ComputeApi } from './compute.ts';
import { type Flavor, flavorPath, flavorResource, GONE } from './flavors.ts';

type Texts = Readonly<Record<string, string>>;

/** One request about one flavor, and what a person should read of it. */
export interface FlavorCall {
  readonly method: HttpMethod;
  readonly path: string;
  readonly body?: unknown;
  readonly success: readonly number[];
  readonly purpose: string;
  readonly before: Texts;
  readonly after: Texts;
}

/** The requests that turn one flavor into another; `after` is what check mode believes then. */
export class FlavorCalls {
  readonly #api: ComputeApi;
  readonly #name: string;
  readonly #after: Flavor | undefined;

  constructor(api: ComputeApi, name: string, after: Flavor | undefined) {
    this.#api = api;
    this.#name = name;
    this.#after = after;
  }

  /** Source: Compute API, `POST /flavors`. */
  create(flavor: Flavor): CallApi {
    const { id, name, vcpus, ram, disk, ephemeral, swap, isPublic, rxtxFactor, description } = flavor;
    const own = {
      id,
      name,
      vcpus,
      ram,
      disk,
      swap,
      'OS-FLV-EXT-DATA:ephemeral': ephemeral,
      'os-flavor-access:is_public': isPublic,
      ...(rxtxFactor !== 1 && { rxtx_factor: rxtxFactor }),
      ...(description !== null && { description }),
    };
    const purpose = `create the flavor ${name}`;
    return this.#call({
      method: 'POST',
      path: '/flavors',
      body: { flavor: own },
      success: [200],
      purpose,
      before: {},
      after: shownFlavor(flavor),
    });
  }

  remove(flavor: Flavor): CallApi {
    const purpose = `delete the flavor ${flavor.name}`;
    const before = { ...shownFlavor(flavor), ...flavor.properties };
    return this.#call({ method: 'DELETE', path: flavorPath(flavor), success: [202, 404], purpose, before, after: {} });
  }

  /** Lets a project use a private flavor. */
  admit(flavor: Flavor, project: string): CallApi {
    const body = { addTenantAccess: { tenant: project } };
    const purpose = `let project ${project} use the flavor ${flavor.name}`;
    return this.#call({
      method: 'POST',
      path: flavorPath(flavor, 'action'),
      body,
      success: [200, 409],
      purpose,
      before: {},
      after: { project },
    });
  }

  /** Adds and overwrites; extra specs not named stay. */
  setProperties(flavor: Flavor, wanted: Texts): CallApi {
    const before = Object.fromEntries(Object.entries(flavor.properties).filter(([key]) => Object.hasOwn(wanted, key)));
    const purpose = `set ${Object.keys(wanted).join(', ')} of the flavor ${flavor.name}`;
    return this.#call({
      method: 'POST',
      path: flavorPath(flavor, 'os-extra_specs'),
      body: { extra_specs: wanted },
      success: [200],
      purpose,
      before,
      after: wanted,
    });
  }

  removeProperty(flavor: Flavor, key: string): CallApi {
    const purpose = `take ${key} away from the flavor ${flavor.name}`;
    const before = { [key]: flavor.properties[key] ?? '' };
    return this.#call({
      method: 'DELETE',
      path: flavorPath(flavor, 'os-extra_specs', key),
      success: [200, 404],
      purpose,
      before,
      after: {},
    });
  }

  #call(call: FlavorCall): CallApi {
    return flavorCall(this.#api, this.#name, { ...call, result: this.#after ?? GONE });
  }
}

/** @param call with what check mode believes of the flavor then */
export function flavorCall(
  api: ComputeApi,
  name: string,
  {
    method,
    path,
    body,
    success,
    purpose,
    before,
    after,
    result,
  }: FlavorCall & { readonly result: Flavor | typeof GONE },
): CallApi {
  const about = flavorResource(api, name);
  return callApi({
    request: requestTo(api, method, path, body),
    client: api.access.client,
    purpose,
    success,
    advice: { 400: 'Nova refuses the value', 404: 'the flavor is gone; run again' },
    diff: { kind: 'attributes', path: `flavor ${name}`, before, after },
    touches: [about],
    predicts: [{ resource: about, value: result }],
  });
}

/** What a person reads of a flavor, with its units. */
export function shownFlavor({ id, vcpus, ram, disk, ephemeral, swap, isPublic }: Flavor): Texts {
  return {
    id,
    vcpus: String(vcpus),
    ram: `${ram} MiB`,
    disk: `${disk} GiB`,
    ...(ephemeral > 0 && { ephemeral: `${ephemeral} GiB` }),
    ...(swap > 0 && { swap: `${swap} MiB` }),
    is_public: String(isPublic),
  };
}
