import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type HostUnderTest, hostUnderTest } from '../../../test/support/run-module.ts';
import { PASSWORD, startSmallCloud } from '../../../test/support/small-cloud.ts';
import type { HostEvidence } from './evidence.ts';
import { doctorSurvey } from './survey.ts';

let host: HostUnderTest;
beforeAll(async () => {
  host = await hostUnderTest();
});
afterAll(() => host.close());

const PLAIN = { vcpus: 1, ram: 1024, disk: 10, 'os-flavor-access:is_public': true };

async function flavorsWith(variables: Readonly<Record<string, string>>): Promise<HostEvidence['apiFlavors']> {
  const { values, changes } = await host.run(doctorSurvey, { groups: ['nova_controllers'], os_environment: variables });
  expect(changes).toEqual([]);
  return (values['evidence'] as HostEvidence).apiFlavors;
}

it("a controller tells the cloud's flavors and what they ask for, with the credentials given, and only looks", async () => {
  await using cloud = await startSmallCloud();
  cloud.flavors.set('1', { id: '1', name: 'm1.small', ...PLAIN, extra_specs: {} });
  cloud.flavors.set('2', { id: '2', name: 'gpu.a100', ...PLAIN, extra_specs: { 'pci_passthrough:alias': 'a100:1' } });
  const variables = {
    OS_AUTH_URL: cloud.origin,
    OS_USERNAME: 'admin',
    OS_PASSWORD: PASSWORD,
    OS_PROJECT_NAME: 'admin',
  };
  expect(await flavorsWith(variables)).toEqual({
    ok: true,
    value: [
      { name: 'm1.small', alias: null },
      { name: 'gpu.a100', alias: 'a100:1' },
    ],
  });
  expect(new Set(cloud.requests.map(({ method, path }) => `${method} ${path}`))).not.toContainEqual(
    expect.stringMatching(/^(PUT|PATCH|DELETE|POST (?!.*\/auth\/tokens))/),
  );
});

it('credentials that are refused are a reason not to have looked, without the password', async () => {
  await using cloud = await startSmallCloud();
  const variables = {
    OS_AUTH_URL: cloud.origin,
    OS_USERNAME: 'admin',
    OS_PASSWORD: 'wrong-one',
    OS_PROJECT_NAME: 'admin',
  };
  const refused = await flavorsWith(variables);
  expect(refused).toMatchObject({ ok: false, reason: expect.stringContaining('401') });
  expect(JSON.stringify(refused)).not.toContain('wrong-one');
});

it.each<readonly [string, (path: string) => [number, string] | 'drop' | undefined, string]>([
  ['keystone', (path) => (path.endsWith('/auth/tokens') ? [500, 'no database'] : undefined), 'keystone'],
  ['Nova', (path) => (path.startsWith('/v2.1') ? 'drop' : undefined), 'nova'],
  ["Nova's list", (path) => (path.includes('/flavors/detail') ? [503, 'starting'] : undefined), 'nova'],
])('%s out of order is told from a refusal', async (_, fault, down) => {
  await using cloud = await startSmallCloud({ instead: ({ path }) => fault(path) });
  const variables = {
    OS_AUTH_URL: cloud.origin,
    OS_USERNAME: 'admin',
    OS_PASSWORD: PASSWORD,
    OS_PROJECT_NAME: 'admin',
  };
  expect(await flavorsWith(variables)).toMatchObject({ ok: false, down });
});

it("the inventory's cloud is used as the role uses it, unless variables are given here", async () => {
  const directory = mkdtempSync(join(tmpdir(), 'doctor-'));
  await using cloud = await startSmallCloud();
  const openrc = join(directory, 'openrc');
  const lines = { OS_AUTH_URL: cloud.origin, OS_USERNAME: 'admin', OS_PASSWORD: "'pw'", OS_PROJECT_NAME: 'admin' };
  writeFileSync(
    openrc,
    Object.entries(lines)
      .map(([name, value]) => `export ${name}=${value}\n`)
      .join(''),
  );
  const groups = ['nova_controllers'];
  const reasonWith = async (variables: Readonly<Record<string, string>>) => {
    const { values } = await host.run(doctorSurvey, { groups, openrc, os_environment: variables });
    return (values['evidence'] as HostEvidence).apiFlavors;
  };
  expect(await reasonWith({})).toMatchObject({ ok: false, reason: expect.stringContaining(openrc) });
  const given = { ...lines, OS_PASSWORD: PASSWORD };
  expect(await reasonWith(given)).toEqual({ ok: true, value: [] });
  rmSync(directory, { recursive: true });
});

it('a Nova too old to list properties is a reason too', async () => {
  await using cloud = await startSmallCloud({ microversion: '2.60' });
  const variables = {
    OS_AUTH_URL: cloud.origin,
    OS_USERNAME: 'admin',
    OS_PASSWORD: PASSWORD,
    OS_PROJECT_NAME: 'admin',
  };
  expect(await flavorsWith(variables)).toMatchObject({ ok: false, reason: expect.stringContaining('2.60') });
});

const CONF = `[pci]
alias = {"name":"a100","vendor_id":"10de","product_id":"20f1"}
alias = {"name":"own","resource_class":"Big GPU"}
alias = {"name":"new","vendor_id":"10de","product_id":"2331"}
[filter_scheduler]
pci_in_placement = true
`;

it('Placement is asked for one more card of each alias, where the scheduler asks it', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'doctor-'));
  const conf = join(directory, 'nova.conf');
  writeFileSync(conf, CONF);
  const asked: string[] = [];
  await using cloud = await startSmallCloud({
    catalog: (origin) => [
      { type: 'compute', endpoints: [{ interface: 'public', region_id: 'RegionOne', url: `${origin}/v2.1` }] },
      { type: 'placement', endpoints: [{ interface: 'public', region_id: 'RegionOne', url: `${origin}/placement` }] },
    ],
    instead: ({ method, path, headers }) => {
      if (!path.startsWith('/placement')) return undefined;
      asked.push(`${method} ${path} ${String(headers['openstack-api-version'])}`);
      if (path.includes('2331')) return [400, { errors: [{ detail: 'Invalid resource class' }] }];
      return [200, { allocation_requests: path.includes('20F1') ? [{}] : [] }];
    },
  });
  const variables = {
    OS_AUTH_URL: cloud.origin,
    OS_USERNAME: 'admin',
    OS_PASSWORD: PASSWORD,
    OS_PROJECT_NAME: 'admin',
  };
  const args = { groups: ['nova_controllers'], release: '2023.1', controller_conf: conf, os_environment: variables };
  const { values } = await host.run(doctorSurvey, args);
  rmSync(directory, { recursive: true });
  expect((values['evidence'] as HostEvidence).freeCards).toEqual({
    ok: true,
    value: [
      { alias: 'a100', resourceClass: 'CUSTOM_PCI_10DE_20F1', isKnown: true, isFree: true },
      { alias: 'own', resourceClass: 'CUSTOM_BIG_GPU', isKnown: true, isFree: false },
      { alias: 'new', resourceClass: 'CUSTOM_PCI_10DE_2331', isKnown: false, isFree: false },
    ],
  });
  expect(asked).toContain(
    'GET /placement/allocation_candidates?resources=CUSTOM_PCI_10DE_20F1:1&limit=1 placement 1.16',
  );
});
