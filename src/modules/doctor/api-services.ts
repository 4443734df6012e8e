import type { Read } from '../../contract/probe.ts';
import { TaskError } from '../../contract/task-error.ts';
import { get, resourceOf } from '../openstack/api.ts';
import type { ComputeApi } from '../openstack/compute.ts';
import type { ComputeService } from './evidence.ts';

/**
 * Every nova-compute that ever registered, as the scheduler sees it. Needs an administrator.
 *
 * Source: Compute API, `GET /os-services`.
 */
export async function readComputeServices(api: ComputeApi, read: Read): Promise<readonly ComputeService[]> {
  const { json } = await get(api, '/os-services?binary=nova-compute', read, resourceOf(api.url, 'os-services'));
  const { services } = Object(json);
  if (!Array.isArray(services)) throw new TaskError(`${api.url}/os-services answered without a list of services`);
  return services.map(Object).map(({ host, status, state, disabled_reason }) => ({
    host: String(host),
    isEnabled: status !== 'disabled',
    isUp: state !== 'down',
    ...(typeof disabled_reason === 'string' && disabled_reason !== '' && { reason: disabled_reason }),
  }));
}
