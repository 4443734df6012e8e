import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CARDS } from '../../src/lab/vm/inventory.ts';
import { type NovaController, startController } from '../integration/controller/nova.ts';
import { doctorSays } from '../integration/support/look-verbs.ts';
import { play } from '../support/play.ts';
import { type Compute, startCompute } from './support/compute.ts';
import { bootId, complaints, driversOf, tasksOf } from './support/look.ts';
import { GPU_CLOUD, vmObstacle } from './support/test-machine.ts';

const obstacle = vmObstacle();
const CHOSEN = [CARDS.guest, CARDS.bridged];
const IMAGE = '5b1e0f2c-6a53-4a38-9a0e-0f7b6d0a2a11';
const HOST = 'tsplay-vm';

/** On two processors, one of which emulates another: what takes a second on a server may take a minute. */
const PATIENCE_S = 400;

const SMALL = { vcpus: 1, ram: 128, disk: 1 };
const VARS = {
  nova_gpu_flavors: [
    { name: 'gpu.bochs', alias: 'bochs', gpus: 1, ...SMALL },
    { name: 'gpu.virtio', alias: 'virtio', gpus: 1, ...SMALL },
  ],
  nova_flavor_cloud: 'admin',
  nova_flavor_timeout: 100,
};

describe.skipIf(obstacle)(
  `a virtual machine as the compute of a real controller${obstacle ? ` (left out: ${obstacle})` : ''}`,
  { timeout: 900_000 },
  () => {
    let cloud: NovaController;
    let compute: Compute;

    beforeAll(async () => {
      cloud = await startController();
      compute = await startCompute(cloud, VARS);
    });
    afterAll(async () => {
      await compute?.close();
      await cloud?.[Symbol.asyncDispose]();
    });

    const inventory = () => [compute.host.inventory, compute.inventory];
    const configure = () => play(GPU_CLOUD, { inventory: inventory(), timeout: 60, taskTimeout: 1800 });

    /** `address status` of the cards that Nova counts, and whose they are, in its own database. */
    async function cards(): Promise<readonly string[]> {
      const query = `select p.address, p.status, p.dev_type, c.host from pci_devices p
        join compute_nodes c on c.id = p.compute_node_id where p.deleted = 0 order by p.address`;
      const rows = await cloud.host.look(['mariadb', '-N', 'nova', '-e', query]);
      return rows.trim().replaceAll('\t', ' ').split('\n');
    }

    async function flavorId(name: string): Promise<string> {
      const { json } = await cloud.nova('GET', '/flavors');
      return json.flavors.find((flavor: { name: string }) => flavor.name === name)?.id;
    }

    /** A server as it is once Nova is done with it. */
    async function serverOf(flavor: string) {
      const server = { name: flavor, flavorRef: await flavorId(flavor), imageRef: IMAGE, networks: 'none' };
      const created = await cloud.nova('POST', '/servers', { server });
      expect(created.json).toMatchObject({ server: { id: expect.any(String) } });
      const { id } = created.json.server;
      return cloud.until(
        `the end of building a ${flavor}`,
        async () => {
          const { json } = await cloud.nova('GET', `/servers/${id}`);
          return json.server?.status === 'BUILD' ? undefined : json.server;
        },
        PATIENCE_S,
      );
    }

    /** What the guest wrote on its first serial line. */
    const consoleOf = (id: string): Promise<string> =>
      cloud.until(
        'a word of the guest',
        async () => {
          const { json } = await cloud.nova('POST', `/servers/${id}/action`, { 'os-getConsoleOutput': {} });
          return /the guest has .*/.exec(json.output ?? '')?.[0];
        },
        PATIENCE_S,
      );

    it("libvirt itself finds the chosen cards' functions on vfio-pci, and those of the kept twin on their own drivers", async () => {
      const dump = (address: string) =>
        compute.host.ssh(`virsh -r -c qemu:///system nodedev-dumpxml pci_${address.replace(/[:.]/g, '_')}`);
      for (const address of CHOSEN) expect(await dump(address)).toMatch(/<driver>\s*<name>vfio-pci<\/name>/);
      expect(await dump(CARDS.kept)).toMatch(/<driver>\s*<name>bochs-drm<\/name>/);
    });

    it('gpu-cloud.yaml configures both ends in one run: nova-compute starts anew with its cards, and the flavors are made', async () => {
      const boot = await bootId(compute.host);
      const first = await configure();
      expect(complaints(first)).toEqual([]);
      expect(first.exitCode).toBe(0);
      const changed = tasksOf(first, 'changed');
      expect(changed).toEqual([
        'Cards and aliases in nova.conf',
        'Aliases, filters and present option names',
        'Flavors that ask for GPUs',
      ]);
      expect(await bootId(compute.host)).toBe(boot);
      expect(await compute.host.ssh('systemctl show -p ExecStart nova-compute')).toContain('nova.cmd.compute');
    });

    it('the compute reports those two cards to the controller, and no other', async () => {
      await cloud.until(
        'nova-compute up',
        async () => {
          const { json } = await cloud.nova('GET', `/os-services?host=${HOST}&binary=nova-compute`);
          return json.services?.[0]?.state === 'up' ? true : undefined;
        },
        PATIENCE_S,
      );
      await cloud.until('its cards', async () => ((await cards()).length > 1 ? true : undefined), PATIENCE_S);
      expect(await cards()).toEqual(CHOSEN.map((address) => `${address} available type-PCI ${HOST}`));
      await cloud.host.look(['nova-manage', 'cell_v2', 'discover_hosts']);
    });

    it('a second run changes nothing', async () => {
      const second = await configure();
      expect(complaints(second)).toEqual([]);
      expect(tasksOf(second, 'changed')).toEqual([]);
    });

    it('doctor finds every link whole, from firmware to flavor', async () => {
      const found = await doctorSays(inventory()[0] ?? '', ['-i', inventory()[1] ?? '', '--flavor', 'gpu.bochs']);
      expect(found.first_break).toBeNull();
      expect(found.all('libvirt').map(({ status }) => status)).toEqual(['holds']);
      expect(found.code).toBe(0);
    });

    it('a server without a card goes to the compute that has more room', async () => {
      expect((await cloud.nova('POST', '/flavors', { flavor: { name: 'plain', id: 'plain', ...SMALL } })).status).toBe(
        200,
      );
      expect(await serverOf('plain')).toMatchObject({ status: 'ACTIVE', 'OS-EXT-SRV-ATTR:host': 'gpu01' });
    });

    it('a server with the flavor goes to the machine with the card, runs there, and finds the card', async () => {
      const server = await serverOf('gpu.bochs');
      expect(server).toMatchObject({ status: 'ACTIVE', 'OS-EXT-SRV-ATTR:host': HOST });
      expect(await cards()).toEqual([
        `${CARDS.guest} allocated type-PCI ${HOST}`,
        `${CARDS.bridged} available type-PCI ${HOST}`,
      ]);
      expect(await consoleOf(server.id)).toBe('the guest has the card 1234:1111');
    });

    it('a second one has nowhere to go, though both computes have room', async () => {
      const server = await serverOf('gpu.bochs');
      expect(server).toMatchObject({ status: 'ERROR', fault: { message: expect.stringContaining('No valid host') } });
      expect(await cloud.host.look(['cat', '/var/log/nova/nova-scheduler.log'])).toContain(
        'PciPassthroughFilter: (start: 2, end: 0)',
      );
    });

    it('the other flavor still gets the other card', async () => {
      const server = await serverOf('gpu.virtio');
      expect(server).toMatchObject({ status: 'ACTIVE', 'OS-EXT-SRV-ATTR:host': HOST });
      expect(await consoleOf(server.id)).toBe('the guest has no card 1234:1111');
    });

    it('servers that are deleted give their cards back, still on vfio-pci', async () => {
      const { json } = await cloud.nova('GET', '/servers');
      for (const { id } of json.servers) await cloud.nova('DELETE', `/servers/${id}`);
      const free = CHOSEN.map((address) => `${address} available type-PCI ${HOST}`);
      await cloud.until(
        'the cards free again',
        async () => ((await cards()).join() === free.join() ? true : undefined),
        PATIENCE_S,
      );
      for (const line of await driversOf(compute.host, CHOSEN)) expect(line).toMatch(/ vfio-pci$/);
    });
  },
);
