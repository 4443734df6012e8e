import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { NovaController } from '../../integration/controller/nova.ts';
import { provisionedDisk } from './provisioned.ts';
import { softwareDisk } from './software-disk.ts';
import { startTestMachine, type TestMachine } from './test-machine.ts';
import { openTunnel } from './tunnel.ts';

/** The virtual machine as a compute of a controller: libvirt and nova-compute of a disk of their own, on its kernel. */
export interface Compute {
  readonly host: TestMachine;
  /** The machine and the controller, each with what it needs. */
  readonly inventory: string;
  readonly close: () => Promise<void>;
}

/** Of the controller's: the broker, keystone, placement, and what stands in for glance and neutron. */
const PORTS = [5672, 5000, 8778, 9292, 9696];

const JOIN = `mkdir -p /srv/nova && mount /dev/disk/by-id/virtio-software /srv/nova && sh /srv/nova/usr/local/lib/compute/join`;

/**
 * Boots a machine that gpu-cloud.yaml went through, and makes it a compute that is ready for nova-compute to start.
 * @param vars of the controller's in the inventory
 */
export async function startCompute(cloud: NovaController, vars: Readonly<Record<string, unknown>>): Promise<Compute> {
  const disks = { softwareDisk: await softwareDisk('nova-compute'), baseDisk: await provisionedDisk() };
  await letIn(cloud);
  const host = await startTestMachine({ name: 'vm01', memoryMib: 2048, ...disks });
  let closeTunnel = async (): Promise<void> => {};
  const close = async (): Promise<void> => {
    await closeTunnel();
    await host.close();
  };
  try {
    closeTunnel = await openTunnel(host.machine, cloud.host.address, PORTS);
    await host.ssh(JOIN);
    return { host, inventory: await writeInventory(host, cloud, vars), close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** The broker's own first user may come from its own machine only. */
async function letIn(cloud: NovaController): Promise<void> {
  const commands = ['add_user compute secret', 'set_permissions compute ".*" ".*" ".*"'];
  for (const command of commands) await cloud.host.look(['sh', '-c', `rabbitmqctl ${command}`]);
}

/** Goes with the machine's own inventory. Its Nova is not where packages would put it: nobody can be asked for its release. */
async function writeInventory(
  host: TestMachine,
  cloud: NovaController,
  vars: Readonly<Record<string, unknown>>,
): Promise<string> {
  const path = join(dirname(host.inventory), 'cloud.yaml');
  const computes = { hosts: { [host.machine.name]: { nova_release: 'zed' } } };
  const controllers = { hosts: { ctl01: { ...cloud.host.vars, nova_release: 'auto', ...vars } } };
  await writeFile(path, JSON.stringify({ all: { children: { gpu_hosts: computes, nova_controllers: controllers } } }));
  return path;
}
