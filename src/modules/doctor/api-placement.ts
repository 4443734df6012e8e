import type { HttpRequest } from '../../contract/http.ts';
import type { TaskView } from '../../contract/module.ts';
import type { Read } from '../../contract/probe.ts';
import { httpExchange } from '../../probes/openstack/http-exchange.ts';
import type { JsonObject } from '../nova/oslo-json.ts';
import { type CloudAccess, cloudAccess, resourceOf, serviceUrl, tokenFor } from '../openstack/api.ts';
import { jsonOf, type Token } from '../openstack/identity.ts';
import type { FreeCards } from './evidence.ts';

/** Since 1.16 the answer can be limited to one candidate, which is all there is to know. */
const MICROVERSION = 'placement 1.16';

/**
 * Whether Placement has one more card for each alias, asked as the scheduler asks.
 *
 * Source: Placement API, `GET /allocation_candidates`.
 * @throws {TaskError} without credentials, or where the cloud has no Placement
 */
export async function readFreeCards(
  aliases: readonly JsonObject[],
  read: Read,
  task: TaskView,
): Promise<readonly FreeCards[]> {
  const access = await cloudAccess({ insecure: false, timeout: 20 }, read, task);
  const token = await tokenFor(access, read, 0);
  const classes = new Map(aliases.map((alias) => [String(alias.name), resourceClassOf(alias)]));
  return Promise.all(
    [...classes].map(([alias, name]) => askFor({ alias, resourceClass: name }, { access, token }, read)),
  );
}

async function askFor(
  wanted: Pick<FreeCards, 'alias' | 'resourceClass'>,
  { access, token }: { readonly access: CloudAccess; readonly token: Token },
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

/** Classes of os-resource-classes that a card can have; all others are custom. */
const STANDARD: ReadonlySet<string> = new Set(['PCI_DEVICE', 'PGPU', 'VGPU', 'FPGA', 'SRIOV_NET_VF']);

/**
 * The resource class a card is counted as.
 *
 * Source: nova `compute/pci_placement_translator.py` `get_resource_class`.
 * @example resourceClassOf({ vendor_id: '10de', product_id: '20f1' }) // 'CUSTOM_PCI_10DE_20F1'
 */
export function resourceClassOf({ resource_class: given, vendor_id, product_id }: JsonObject): string {
  if (given === undefined) return `CUSTOM_PCI_${String(vendor_id)}_${String(product_id)}`.toUpperCase();
  const upper = String(given).toUpperCase();
  if (STANDARD.has(upper)) return upper;
  const plain = upper.replaceAll(/[^A-Z0-9_]+/g, '_');
  return plain.startsWith('CUSTOM_') ? plain : `CUSTOM_${plain}`;
}
