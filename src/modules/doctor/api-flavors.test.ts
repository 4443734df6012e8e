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
