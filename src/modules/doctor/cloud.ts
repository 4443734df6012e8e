import type { TaskView } from '../../contract/module.ts';
import type { Read } from '../../contract/probe.ts';
import type { JsonObject } from '../nova/oslo-json.ts';
import { type CloudAccess, cloudAccess, tokenFor } from '../openstack/api.ts';
import { computeBehind } from '../openstack/compute.ts';
import type { Token } from '../openstack/identity.ts';
import { readApiFlavors } from './api-flavors.ts';
import { readFreeCards, reachPlacement } from './api-placement.ts';
import { readComputeServices } from './api-services.ts';
import type { DoctorArgs } from './args.ts';
import { type Attempt, askedOf, attempt } from './attempt.ts';
import type { CloudEvidence } from './evidence.ts';

/** Credentials that keystone took, and what it gave for them. */
export interface Entrance {
  readonly access: CloudAccess;
  readonly token: Token;
}

/** A hung service must not keep the whole diagnosis. Seconds. */
const PATIENCE = 20;

/**
 * The cloud as a controller's user gets in: with the OS_* variables of whoever asks, else as the role nova-controller does.
 *
 * @throws {TaskError} without credentials
 */
export async function enterCloud(args: DoctorArgs, read: Read, task: TaskView): Promise<Entrance> {
  const { os_environment: environment, cloud, openrc } = args;
  const isGiven = 'OS_AUTH_URL' in environment || 'OS_CLOUD' in environment;
  const own = isGiven ? {} : { ...(cloud && { cloud }), ...(openrc && { openrc }) };
  const access = await cloudAccess({ insecure: false, timeout: PATIENCE, ...own }, read, { ...task, environment });
  return { access, token: await askedOf('keystone', tokenFor(access, read, 0)) };
}

/** @param aliases whose cards Placement is asked for; null where no scheduler asks it */
export async function readCloud(
  entrance: Attempt<Entrance>,
  aliases: readonly JsonObject[] | null,
  read: Read,
): Promise<CloudEvidence> {
  if (!entrance.ok)
    return { apiFlavors: entrance, computeServices: entrance, placement: entrance, freeCards: aliases && entrance };
  const { access, token } = entrance.value;
  const [nova, placement, freeCards] = await Promise.all([
    attempt(askedOf('nova', computeBehind(access, token, read))),
    attempt(askedOf('placement', reachPlacement(entrance.value, read))),
    aliases && attempt(askedOf('placement', readFreeCards(aliases, entrance.value, read))),
  ]);
  if (!nova.ok) return { apiFlavors: nova, computeServices: nova, placement, freeCards };
  const [apiFlavors, computeServices] = await Promise.all([
    attempt(askedOf('nova', readApiFlavors(nova.value, read))),
    attempt(askedOf('nova', readComputeServices(nova.value, read))),
  ]);
  return { apiFlavors, computeServices, placement, freeCards };
}
