import type { TaskView } from '../../contract/module.ts';
import type { Read } from '../../contract/probe.ts';
import { TaskError } from '../../contract/task-error.ts';
import { computeApi } from '../openstack/compute.ts';
import { readFlavors } from '../openstack/flavors.ts';
import type { ApiFlavor } from './evidence.ts';

/** Since 2.61 the list of flavors tells their properties; an older Nova would be asked once for each. */
const LISTS_PROPERTIES = 61;

/**
 * The flavors of the cloud with what they ask for, as the API has them: asked from a controller, with its clouds.yaml or
 * the OS_* variables given.
 *
 * @throws {TaskError} when there are no credentials, or the API refuses them
 */
export async function readApiFlavors(read: Read, task: TaskView): Promise<readonly ApiFlavor[]> {
  const api = await computeApi({ insecure: false, timeout: 20 }, read, task);
  if (api.minor < LISTS_PROPERTIES)
    throw new TaskError(
      `Nova's API speaks 2.${api.minor}, and lists the properties of flavors only since 2.${LISTS_PROPERTIES}`,
    );
  const { flavors } = await readFlavors(api, read);
  return flavors.map(({ name, properties }) => ({ name, alias: properties['pci_passthrough:alias'] ?? null }));
}
