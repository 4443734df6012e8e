import type { Read } from '../../contract/probe.ts';
import { TaskError } from '../../contract/task-error.ts';
import type { ComputeApi } from '../openstack/compute.ts';
import { readFlavors } from '../openstack/flavors.ts';
import type { ApiFlavor } from './evidence.ts';

/** Since 2.61 the list of flavors tells their properties; an older Nova would be asked once for each. */
const LISTS_PROPERTIES = 61;

/**
 * The flavors of the cloud with what they ask for, as the API has them.
 *
 * @throws {TaskError} when the API is too old
 */
export async function readApiFlavors(api: ComputeApi, read: Read): Promise<readonly ApiFlavor[]> {
  if (api.minor < LISTS_PROPERTIES)
    throw new TaskError(
      `Nova's API speaks 2.${api.minor}, and lists the properties of flavors only since 2.${LISTS_PROPERTIES}`,
    );
  const { flavors } = await readFlavors(api, read);
  return flavors.map(({ name, properties }) => ({ name, alias: properties['pci_passthrough:alias'] ?? null }));
}
