import type { HttpRequest } from '../../contract/http.ts';
import type { Read } from '../../contract/probe.ts';
import { httpExchange } from '../../probes/openstack/http-exchange.ts';
import type { JsonObject } from '../nova/oslo-json.ts';
import { resourceOf, serviceUrl } from '../openstack/api.ts';
import { jsonOf } from '../openstack/identity.ts';
import type { Entrance } from './cloud.ts';
import type { FreeCards } from './evidence.ts';
import { resourceClassOf } from './resource-class.ts';

/** Since 1.16 the answer can be limited to one candidate, which is all there is to know. */
const MICROVERSION = 'placement 1.16';

/** Nothing is ever scheduled without Placement. Its versions are told to anybody. */
export async function reachPlacement({ access, token }: Entrance, read: Read): Promise<string> {
  const url = serviceUrl(token, 'placement', access);
  const request: HttpRequest = { method: 'GET', url: `${url}/`, headers: { Accept: 'application/json' } };
  const question = { request, client: access.client, okStatuses: [200, 300] };
  await read(httpExchange(question, [resourceOf(`${url}/`)]));
  return url;
}

/**
 * Whether Placement has one more card for each alias, asked as the scheduler asks.
 *
 * Source: Placement API, `GET /allocation_candidates`.
 * @throws {TaskError} where the cloud has no Placement
 */
export async function readFreeCards(
  aliases: readonly JsonObject[],
  entrance: Entrance,
  read: Read,
): Promise<readonly FreeCards[]> {
  const classes = new Map(aliases.map((alias) => [String(alias.name), resourceClassOf(alias)]));
  return Promise.all([...classes].map(([alias, name]) => askFor({ alias, resourceClass: name }, entrance, read)));
}

async function askFor(
  wanted: Pick<FreeCards, 'alias' | 'resourceClass'>,
  { access, token }: Entrance,
  read: Read,
): Promise<FreeCards> {
  const url = serviceUrl(token, 'placement', access);
  const request: HttpRequest = {
    method: 'GET',
    url: `${url}/allocation_candidates?resources=${wanted.resourceClass}:1&limit=1`,
    headers: { Accept: 'application/json', 'OpenStack-API-Version': MICROVERSION, 'X-Auth-Token': token.value },
  };
  // A class that no compute ever reported is not known, which Placement calls a bad request.
  const question = { request, client: access.client, okStatuses: [200, 400] };
  const answer = await read(httpExchange(question, [resourceOf(url, 'allocation_candidates')]));
  const found: unknown = answer.status === 200 ? Object(jsonOf(request, answer)).allocation_requests : [];
  return { ...wanted, isKnown: answer.status === 200, isFree: Array.isArray(found) && found.length > 0 };
}
