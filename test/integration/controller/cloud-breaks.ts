import { expect, it } from 'vitest';
import { doctorSays } from '../support/look-verbs.ts';
import { answering, brokenOf, type Patient } from './doctor-breaks.ts';

const CLOUDS = '/etc/openstack/clouds.yaml';

const VARIABLES = {
  OS_AUTH_URL: 'http://127.0.0.1:5000/v3',
  OS_USERNAME: 'admin',
  OS_PASSWORD: 'secret',
  OS_PROJECT_NAME: 'admin',
};

/** What is broken behind the API, and the ways in. */
export function cloudTests(patient: () => Patient): void {
  const diagnosed = (words: readonly string[] = [], environment: Readonly<Record<string, string>> = {}) =>
    doctorSays(patient().inventory(), words, environment);
  const shell = (text: string) => patient().host.look(['sh', '-c', text]);
  const nova = (method: string, path: string, body?: unknown) => patient().cloud.nova(method, path, body);

  async function flavorId(name: string): Promise<string> {
    const { json } = await nova('GET', '/flavors?is_public=None');
    return json.flavors.find((one: { name: string }) => one.name === name).id;
  }

  it.each<readonly [string, object, object, RegExp, RegExp]>([
    [
      'disabled',
      { status: 'disabled', disabled_reason: 'fan' },
      { status: 'enabled' },
      /^the compute gpu01 is disabled in Nova \(fan\)$/,
      /^openstack compute service set --enable gpu01 nova-compute$/,
    ],
    [
      'told to be down',
      { forced_down: true },
      { forced_down: false },
      /^Nova has not heard of the compute gpu01 lately, or was told that it is down$/,
      /--up gpu01 nova-compute$/,
    ],
  ])('a compute %s gets no instance though it runs', async (_, change, back, detail, mend) => {
    const { json } = await nova('GET', '/os-services?binary=nova-compute');
    const path = `/os-services/${json.services[0].id}`;
    expect((await nova('PUT', path, change)).status).toBe(200);
    const found = await diagnosed();
    expect((await nova('PUT', path, back)).status).toBe(200);
    expect(found.first_break).toEqual({ link: 'services', hosts: ['ctl01'] });
    expect(brokenOf(found)).toMatchObject([
      { detail: expect.stringMatching(detail), mend: expect.stringMatching(mend) },
    ]);
  });

  it('a flavor of the inventory that lost its property', async () => {
    const path = `/flavors/${await flavorId('gpu.k4200')}/os-extra_specs`;
    expect((await nova('DELETE', `${path}/pci_passthrough:alias`)).status).toBe(200);
    const found = await diagnosed();
    await nova('POST', path, { extra_specs: { 'pci_passthrough:alias': 'K4200:1' } });
    expect(found.first_break).toEqual({ link: 'flavor', hosts: [] });
    expect(brokenOf(found)).toMatchObject([
      {
        detail: 'flavor gpu.k4200 asks for no PCI device',
        mend: expect.stringMatching(
          /^tsplay run .* with nova_flavor_cloud, or openstack flavor set gpu\.k4200 --property "pci_passthrough:alias"="K4200:1"$/,
        ),
      },
    ]);
  });

  it('a flavor with an alias that nobody knows, though the inventory has never heard of it', async () => {
    const path = '/flavors/by-hand/os-extra_specs';
    await nova('POST', path, { extra_specs: { 'pci_passthrough:alias': 'K4201:1' } });
    const found = await diagnosed();
    await nova('POST', path, { extra_specs: { 'pci_passthrough:alias': 'K4200:1' } });
    expect(found.first_break).toEqual({ link: 'flavor', hosts: [] });
    expect(brokenOf(found)).toMatchObject([
      {
        detail: 'flavor by.hand asks for the alias K4201, which is not defined; the controllers define K4200',
        mend: 'openstack flavor set by.hand --property "pci_passthrough:alias"="K4200:1"',
      },
    ]);
  });

  it('what the environment of a service sets stands in none of its files: it is not checked, and that is said', async () => {
    const restart = 'systemctl daemon-reload && systemctl restart nova-scheduler';
    const dropIn = '/etc/systemd/system/nova-scheduler.service.d';
    const line = 'Environment=OS_FILTER_SCHEDULER__ENABLED_FILTERS=ComputeFilter';
    await shell(`mkdir -p ${dropIn} && printf '[Service]\n${line}\n' >${dropIn}/filters.conf && ${restart}`);
    const found = await diagnosed();
    await shell(`rm -r ${dropIn} && ${restart}`);
    expect(found.all('filter')).toMatchObject([
      {
        status: 'not-checked',
        detail: expect.stringMatching(
          /^the environment of nova-scheduler sets OS_FILTER_SCHEDULER__ENABLED_FILTERS, which wins over every file/,
        ),
      },
    ]);
    await answering(patient());
  });

  it('credentials that keystone does not take break nothing, are said, and are not shown', async () => {
    await shell(`sed -i 's/password: .*/password: hunter2hunter2/' ${CLOUDS}`);
    const found = await diagnosed();
    const given = await diagnosed([], VARIABLES);
    const wrong = await diagnosed([], { ...VARIABLES, OS_PASSWORD: 'hunter3hunter3' });
    await shell(`sed -i 's/password: .*/password: secret/' ${CLOUDS}`);
    expect([found.code, found.first_break]).toEqual([0, null]);
    expect(found.all('flavor').at(-1)).toMatchObject({
      status: 'not-checked',
      detail: expect.stringMatching(
        /401.*does not accept the user, password or domain of cloud admin of \/etc\/openstack/,
      ),
    });
    expect(found.text).not.toContain('hunter2hunter2');
    expect(given.all('flavor').map(({ status }) => status)).toEqual(['holds', 'holds']);
    expect(wrong.all('flavor').at(-1)?.detail).toMatch(/401.*OS_\* variables/);
    expect(wrong.text).not.toContain('hunter3hunter3');
  });

  it('without credentials the flavors of the inventory are judged, and where to put some is said', async () => {
    await shell(`mv ${CLOUDS} /root/nobody-looks-here.yaml`);
    const found = await diagnosed();
    await shell(`mv /root/nobody-looks-here.yaml ${CLOUDS}`);
    expect([found.code, found.first_break]).toEqual([0, null]);
    expect(found.all('flavor')).toMatchObject([
      { status: 'holds', detail: 'flavor gpu.k4200: K4200:1' },
      { status: 'not-checked', detail: expect.stringMatching(/no clouds\.yaml .* in .*\/etc\/openstack of this host/) },
    ]);
  });

  it('a keystone without its database is out of order', async () => {
    await shell('systemctl stop mariadb');
    const found = await diagnosed();
    await shell('systemctl start mariadb');
    expect(found.first_break?.link).toBe('services');
    expect(brokenOf(found)[0]?.detail).toMatch(
      /^keystone is out of order: POST http:\/\/127\.0\.0\.1:5000\/v3\/auth\/tokens/,
    );
    await answering(patient());
    await patient().cloud.until('all of it again', async () =>
      brokenOf(await diagnosed()).length === 0 ? true : undefined,
    );
  });
}
