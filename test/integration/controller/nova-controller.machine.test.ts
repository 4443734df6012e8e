import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Container, inventoryOf } from '../../support/containers.ts';
import { type PlayCall, type Played, play } from '../../support/play.ts';
import { makeCardTree } from './card-tree.ts';
import { cloudTests } from './cloud-breaks.ts';
import { doctorTests } from './doctor-breaks.ts';
import { type NovaController, startController } from './nova.ts';
import { placementTests } from './placement.ts';

const PLAYBOOK = resolve(import.meta.dirname, '../../../playbooks/gpu-cloud.yaml');
const K4200 = { vendor_id: '10de', product_id: '11b4' };
const IMAGE = '5b1e0f2c-6a53-4a38-9a0e-0f7b6d0a2a11';

const VARS = {
  nova_gpu_aliases: [{ name: 'K4200', ...K4200 }],
  nova_gpu_flavors: [{ name: 'gpu.k4200', alias: 'K4200', gpus: 1, vcpus: 2, ram: 1024, disk: 1 }],
  nova_flavor_cloud: 'admin',
  nova_flavor_timeout: 100,
};

let cloud: NovaController;
let host: Container;
const tree = makeCardTree();
beforeAll(async () => {
  cloud = await startController(tree.binds);
  host = cloud.host;
});
afterAll(async () => {
  await cloud?.[Symbol.asyncDispose]();
  tree[Symbol.dispose]();
});

/** playbooks/gpu-cloud.yaml as it is, on the controller alone. */
function configure(vars: Readonly<Record<string, unknown>> = {}, call: PlayCall = {}): Promise<Played> {
  return play(PLAYBOOK, { inventory: [inventory(vars)], limit: 'nova_controllers', taskTimeout: 300, ...call });
}

/** @param gpuHosts what the group gpu_hosts has: nothing, so that nobody prepares a container for a reboot, or the same host */
function inventory(vars: Readonly<Record<string, unknown>>, gpuHosts: object = {}): string {
  const path = inventoryOf({ ctl01: host });
  const controllers = { hosts: { ctl01: host.vars }, vars: { ...VARS, ...vars } };
  writeFileSync(path, JSON.stringify({ all: { children: { nova_controllers: controllers, gpu_hosts: gpuHosts } } }));
  return path;
}

async function tasks(text: string): Promise<Played> {
  const path = inventory({});
  const playbook = join(path, '../tasks.yaml');
  writeFileSync(
    playbook,
    `- hosts: nova_controllers\n  gather_facts: false\n  tasks:\n${text.replace(/^/gm, '    ')}\n`,
  );
  return play(playbook, { inventory: [path], taskTimeout: 300 });
}

const failureOf = (played: Played, task: string) => played.results(task).get('ctl01')?.message ?? '';
const changedBy = ({ recap }: Played) => recap.get('ctl01')?.changed;

async function flavorNamed(name: string) {
  const { json } = await cloud.nova('GET', '/flavors/detail?is_public=None');
  return json.flavors.find((flavor: { name: string }) => flavor.name === name);
}

function createServer(name: string, flavorRef: string) {
  return cloud.nova('POST', '/servers', { server: { name, flavorRef, imageRef: IMAGE, networks: 'none' } });
}

/** A server as it is once Nova is done with it. */
async function settled(name: string, flavorRef: string) {
  const created = await createServer(name, flavorRef);
  expect(created.json).toMatchObject({ server: { id: expect.any(String) } });
  const { id } = created.json.server;
  return cloud.until(`the end of building ${name}`, async () => {
    const { json } = await cloud.nova('GET', `/servers/${id}`);
    return json.server?.status === 'BUILD' ? undefined : json.server;
  });
}

describe('a controller on which nobody has heard of GPUs', () => {
  it('takes a flavor whose alias it does not know, and answers 400 to every server of it; we refuse the flavor', async () => {
    const flavor = { name: 'by.hand', ram: 512, vcpus: 1, disk: 1, id: 'by-hand' };
    expect((await cloud.nova('POST', '/flavors', { flavor })).status).toBe(200);
    const specs = { extra_specs: { 'pci_passthrough:alias': 'K4200:1' } };
    expect((await cloud.nova('POST', '/flavors/by-hand/os-extra_specs', specs)).status).toBe(200);
    const server = await createServer('refused', 'by-hand');
    expect(server).toMatchObject({ status: 400, json: { badRequest: { message: 'PCI alias K4200 is not defined' } } });

    const ours = await tasks(`- name: flavor
  nova-flavor: {cloud: admin, name: ours, vcpus: 1, ram: 512, properties: {"pci_passthrough:alias": "K4200:1"}}`);
    expect(failureOf(ours, 'flavor')).toMatch(
      /PCI alias K4200, but .*\/etc\/nova\/nova\.conf defines none: nova-api would answer 400/,
    );
    expect(await flavorNamed('ours')).toBeUndefined();
  });

  it('shows in check mode what would be done, and does none of it', async () => {
    const before = await host.look(['sha256sum', '/etc/nova/nova.conf']);
    const checked = await configure({}, { mode: 'check' });
    expect(checked.exitCode).toBe(3);
    expect(checked.results('Flavors that ask for GPUs').get('ctl01')?.status).toBe('changed');
    expect(await flavorNamed('gpu.k4200')).toBeUndefined();
    expect(await host.look(['sha256sum', '/etc/nova/nova.conf'])).toBe(before);
  });
});

describe('gpu-cloud.yaml, limited to the controllers', () => {
  it('configures Nova, restarts what reads it and makes the flavor', async () => {
    const started = await mainPids();
    const first = await configure();
    expect(first.log.filter((line) => / (failed|unreachable)$/.test(line))).toEqual([]);
    expect(first.exitCode).toBe(0);
    const after = await mainPids();
    for (const unit of UNITS) expect(after.get(unit)).not.toBe(started.get(unit));
  });

  it('leaves Nova with the flavor, its extra spec and its size', async () => {
    expect(await flavorNamed('gpu.k4200')).toMatchObject({
      vcpus: 2,
      ram: 1024,
      disk: 1,
      extra_specs: { 'pci_passthrough:alias': 'K4200:1' },
    });
  });

  it('changes nothing the second time, and finds no drift', async () => {
    const again = await configure();
    expect([again.exitCode, changedBy(again)]).toEqual([0, 0]);
    expect((await configure({}, { mode: 'check' })).exitCode).toBe(0);
  });

  it('finds an extra spec that was taken away by hand, and puts it back', async () => {
    const { id } = await flavorNamed('gpu.k4200');
    expect((await cloud.nova('DELETE', `/flavors/${id}/os-extra_specs/pci_passthrough:alias`)).status).toBe(200);
    const checked = await configure({}, { mode: 'check' });
    expect(checked.exitCode).toBe(3);
    const items = checked.results('Flavors that ask for GPUs').get('ctl01')?.items ?? [];
    expect(items.flatMap((item) => item.diffs)).toEqual([
      { kind: 'attributes', path: 'flavor gpu.k4200', before: {}, after: { 'pci_passthrough:alias': 'K4200:1' } },
    ]);
    expect(changedBy(await configure())).toBe(1);
    expect((await flavorNamed('gpu.k4200')).extra_specs).toEqual({ 'pci_passthrough:alias': 'K4200:1' });
  });

  it('refuses another size, which Nova cannot change, and replaces the flavor when told to', async () => {
    const bigger = { nova_gpu_flavors: [{ ...VARS.nova_gpu_flavors[0], ram: 2048 }] };
    const refused = await configure(bigger);
    expect(failureOf(refused, 'Flavors that ask for GPUs')).toMatch(/ram is 1024 MiB, wanted 2048 MiB/);
    expect((await configure({ ...bigger, nova_flavor_replace: true })).exitCode).toBe(0);
    expect(await flavorNamed('gpu.k4200')).toMatchObject({
      ram: 2048,
      extra_specs: { 'pci_passthrough:alias': 'K4200:1' },
    });
    expect((await configure({ nova_flavor_replace: true })).exitCode).toBe(0);
  });

  it('is stopped by Nova halfway through a replacement, and loses nothing of what the task does not name', async () => {
    const byHand = { 'hw_rng:allowed': 'true' };
    const { id, extra_specs: named } = await flavorNamed('gpu.k4200');
    await cloud.nova('POST', `/flavors/${id}/os-extra_specs`, { extra_specs: byHand });
    await cloud.nova('PUT', `/flavors/${id}`, { flavor: { description: 'Für das Labor' } });
    const bigger = { nova_gpu_flavors: [{ ...VARS.nova_gpu_flavors[0], ram: 3072 }] };
    await policy('{"os_compute_api:os-flavor-extra-specs:create": "!"}');
    const stopped = await configure({ ...bigger, nova_flavor_replace: true });
    await policy('{}');
    expect(failureOf(stopped, 'Flavors that ask for GPUs')).toMatch(/403 Forbidden: Policy doesn't allow/);
    expect(await flavorNamed('gpu.k4200')).toMatchObject({ ram: 3072, extra_specs: {} });
    expect(await flavorNamed('gpu.k4200.being-replaced')).toMatchObject({ 'os-flavor-access:is_public': false });

    expect((await configure(bigger)).exitCode).toBe(0);
    const whole = { id, ram: 3072, description: 'Für das Labor', extra_specs: { ...named, ...byHand } };
    expect(await flavorNamed('gpu.k4200')).toMatchObject(whole);
    expect(await flavorNamed('gpu.k4200.being-replaced')).toBeUndefined();
    expect((await configure({ nova_flavor_replace: true })).exitCode).toBe(0);
    expect(await flavorNamed('gpu.k4200')).toMatchObject({ ...whole, ram: 1024 });
  });

  /** Read anew by Nova's services at the next request (oslo.policy). */
  function policy(json: string): Promise<string> {
    return host.look(['sh', '-c', `echo '${json}' >/etc/nova/policy.yaml && chmod 644 /etc/nova/policy.yaml`]);
  }
});

describe('a compute with one K4200', () => {
  it('gets no alias of a type that the card is not', async () => {
    const before = await host.look(['sha256sum', '/etc/nova/nova.conf']);
    const refused = await tasks(`- name: alias
  nova-conf:
    service: nova-compute
    pci: {alias: {contains: [{name: K4200, vendor_id: "10de", product_id: "11b4", device_type: type-PF}]}}`);
    expect(failureOf(refused, 'alias')).toMatch(/alias "K4200" never matches: 0000:88:00\.0 is type-PCI to Nova/);
    expect(await host.look(['sha256sum', '/etc/nova/nova.conf'])).toBe(before);
  });

  it('gets the server that asks for it, and only one', async () => {
    await giveCard();
    const { id } = await flavorNamed('gpu.k4200');
    const first = await settled('first', id);
    expect(first).toMatchObject({ status: 'ACTIVE', 'OS-EXT-SRV-ATTR:host': 'gpu01' });
    expect(
      await host.look(['mariadb', '-N', 'nova', '-e', 'select address, status from pci_devices where deleted = 0']),
    ).toBe('0000:88:00.0\tallocated\n');
    const second = await settled('second', id);
    expect(second).toMatchObject({ status: 'ERROR', fault: { message: expect.stringContaining('No valid host') } });
    expect(await host.look(['cat', '/var/log/nova/nova-scheduler.log'])).toContain(
      'Filter PciPassthroughFilter returned 0 hosts',
    );
  });

  /** The card, as a driver lists it, and the compute's own configuration by our module, which asks sysfs for the card too. */
  async function giveCard(): Promise<void> {
    const card = {
      ...K4200,
      address: '0000:88:00.0',
      dev_id: 'pci_0000_88_00_0',
      dev_type: 'type-PCI',
      status: 'available',
      numa_node: null,
      parent_addr: null,
      label: 'label_10de_11b4',
    };
    await host.look(['sh', '-c', `cat >/etc/nova/cards.json <<'E'\n${JSON.stringify([card])}\nE`]);
    const given = await tasks(`- nova-conf:
    path: /etc/nova/nova-compute.conf
    service: nova-compute
    restart: [nova-compute]
    pci:
      device_spec:
        contains: [{vendor_id: "10de", product_id: "11b4", address: "0000:88:00.0"}]`);
    expect(given.exitCode).toBe(0);
    await cloud.until('the card in the database', async () => {
      const rows = await host.look(['mariadb', '-N', 'nova', '-e', 'select status from pci_devices where deleted = 0']);
      return rows === 'available\n' ? true : undefined;
    });
  }
});

const patient = () => ({
  cloud,
  host,
  inventory: (vars: Readonly<Record<string, unknown>> = {}) => inventory(vars, { hosts: { ctl01: {} } }),
});
describe('tsplay doctor on that controller, which is its own compute', () => doctorTests(patient));
describe('tsplay doctor on what is behind the API, and on the ways in', () => cloudTests(patient));
describe('tsplay doctor asks the real Placement', () => placementTests(patient));

describe('a filter that does not exist', () => {
  it('is refused before anything is written', async () => {
    const before = await host.look(['sha256sum', '/etc/nova/nova.conf']);
    const refused = await configure({ nova_gpu_filters: ['PciPassthroughFilter', 'PciPassthruFilter'] });
    expect(refused.exitCode).toBe(2);
    expect(failureOf(refused, 'Aliases, filters and present option names')).toMatch(/PciPassthruFilter/);
    expect(await host.look(['sha256sum', '/etc/nova/nova.conf'])).toBe(before);
  });

  it('ends the scheduler of a controller on which somebody wrote it all the same', async () => {
    await host.look(['cp', '-p', '/etc/nova/nova.conf', '/root/nova.conf']);
    await host.look(['sed', '-i', 's/^enabled_filters = .*/&,PciPassthruFilter/', '/etc/nova/nova.conf']);
    await host.exec(['systemctl', 'restart', 'nova-scheduler']);
    const log = await cloud.until('the end of the scheduler', async () => {
      const text = await host.look(['tail', '-n', '200', '/var/log/nova/nova-scheduler.log']);
      return text.includes('SchedulerHostFilterNotFound') ? text : undefined;
    });
    expect(log).toContain('PciPassthruFilter');
    await host.look(['cp', '-p', '/root/nova.conf', '/etc/nova/nova.conf']);
    // systemd starts it again and again by itself.
    await cloud.until('the scheduler back', async () => {
      const { output } = await host.exec(['systemctl', 'is-active', 'nova-scheduler']);
      return output === 'active\n' ? true : undefined;
    });
    expect((await configure({}, { mode: 'check' })).exitCode).toBe(0);
  });
});

const UNITS = ['nova-api', 'nova-scheduler', 'nova-conductor'];

async function mainPids(): Promise<ReadonlyMap<string, string>> {
  const pids = await Promise.all(
    UNITS.map((unit) => host.look(['systemctl', 'show', '-p', 'MainPID', '--value', unit])),
  );
  return new Map(UNITS.map((unit, index) => [unit, pids[index] ?? '']));
}
