import { expect, it } from 'vitest';
import type { Container } from '../../support/containers.ts';
import { type Diagnosed, doctorSays, type FoundLink } from '../support/look-verbs.ts';
import type { NovaController } from './nova.ts';

/** A controller that is its own compute, with one card that Nova gives away and the flavor gpu.k4200 for it. */
export interface Patient {
  readonly cloud: NovaController;
  readonly host: Container;
  /** An inventory in which the host is both, with these variables besides. */
  readonly inventory: (vars?: Readonly<Record<string, unknown>>) => string;
}

const CONF = '/etc/nova/nova.conf';
const COMPUTE_CONF = '/etc/nova/nova-compute.conf';
const CLOUDS = '/etc/openstack/clouds.yaml';

/** Breaks one thing; what it breaks is put back by `mending`, or by copying the files of the configuration back. */
interface Break {
  readonly link: string;
  readonly breaking: string;
  readonly mending?: string;
  readonly detail: RegExp;
  readonly mend: RegExp;
  readonly words?: readonly string[];
}

const RUN = /^tsplay run playbooks\/gpu-cloud\.yaml -i \S+ --limit ctl01/;

const BREAKS: readonly (readonly [string, Break])[] = [
  [
    'nothing for nova-compute to give away',
    {
      link: 'device-spec',
      breaking: `sed -i /^device_spec/d ${COMPUTE_CONF}`,
      detail: /no device_spec in \/etc\/nova\/nova\.conf/,
      mend: RUN,
    },
  ],
  [
    'no alias anywhere',
    {
      link: 'device-type',
      breaking: `sed -i /^alias/d ${CONF}`,
      detail: /no alias names 10de:11b4/,
      mend: /^add to nova_gpu_aliases: \{name: gpu-11b4, vendor_id: "10de", product_id: "11b4"\}/,
    },
  ],
  [
    'an alias that only the compute has',
    {
      link: 'alias',
      breaking: `a=$(grep ^alias ${CONF}); sed -i /^alias/d ${CONF}; printf '%s\\n' '[pci]' "$a" >>${COMPUTE_CONF}`,
      detail: /alias K4200 of ctl01 is not defined here: a flavor that asks for it is refused/,
      mend: /in \[pci\] of \/etc\/nova\/nova\.conf: alias = \{.*"name": "K4200".*\}$/,
    },
  ],
  [
    'an alias with pasted quotes',
    {
      link: 'alias',
      breaking: `sed -i '/^alias/s/"name"/“name”/' ${CONF}`,
      detail: /typographic quote/,
      mend: /^mend \/etc\/nova\/nova\.conf:\d+, then tsplay run/,
    },
  ],
  [
    'no PciPassthroughFilter',
    {
      link: 'filter',
      breaking: `sed -i 's/,PciPassthroughFilter//' ${CONF}`,
      detail: /PciPassthroughFilter is not in \/etc\/nova\/nova\.conf:\d+/,
      mend: /enabled_filters = ComputeFilter,.*,PciPassthroughFilter$/,
    },
  ],
  [
    'a filter that does not exist',
    {
      link: 'filter',
      breaking: `sed -i 's/^enabled_filters = .*/&,PciPassthruFilter/' ${CONF}`,
      detail: /nova\.conf:\d+: PciPassthruFilter is no filter/,
      mend: /^mend \/etc\/nova\/nova\.conf:\d+, or tsplay run/,
    },
  ],
  [
    'a scheduler that stands still',
    {
      link: 'services',
      breaking: 'systemctl stop nova-scheduler',
      mending: 'systemctl start nova-scheduler',
      detail: /^nova-scheduler is (inactive|failed)$/,
      mend: /systemctl (re)?start nova-scheduler$/,
    },
  ],
  [
    'a file that no service has read',
    {
      link: 'services',
      breaking: `touch ${CONF}`,
      detail: /runs since before \/etc\/nova\/nova\.conf was last written/,
      mend: /^systemctl restart nova-compute nova-api nova-conductor nova-scheduler$/,
    },
  ],
  [
    'a nova-api that runs and does not answer',
    {
      link: 'services',
      breaking: 'systemctl kill --signal=STOP nova-api',
      mending: 'systemctl kill --signal=CONT nova-api',
      detail: /^nova is out of order: GET http:\/\/127\.0\.0\.1:8774\/v2\.1\/: no answer in time/,
      mend: /^systemctl restart nova-api/,
    },
  ],
  [
    'a Placement that nobody listens for',
    {
      link: 'services',
      breaking: 'systemctl stop placement-api',
      mending: 'systemctl start placement-api',
      detail: /^placement is out of order: GET http:\/\/127\.0\.0\.1:8778\/: nothing accepts the connection/,
      mend: /^systemctl restart placement-api/,
    },
  ],
  [
    'a keystone that is not where the credentials say',
    {
      link: 'services',
      breaking: `sed -i s/:5000/:5999/ ${CLOUDS}`,
      detail: /^keystone is out of order: POST http:\/\/127\.0\.0\.1:5999\/v3\/auth\/tokens: nothing accepts/,
      mend: /auth_url of the credentials/,
    },
  ],
  [
    'more cards than the host has',
    {
      link: 'flavor',
      breaking: ':',
      words: ['--flavor', 'gpu.k4200=K4200:2'],
      detail: /asks for 2 of K4200, and no host has more than 1$/,
      mend: /="K4200:1"$/,
    },
  ],
  [
    'a flavor with another name',
    {
      link: 'flavor',
      breaking: ':',
      words: ['--flavor', 'gpu.k420'],
      detail: /^there is no flavor gpu\.k420 in the cloud \(did you mean gpu\.k4200\?\)$/,
      mend: /^openstack flavor create gpu\.k420 … --property "pci_passthrough:alias"="K4200:1"$/,
    },
  ],
];

/** The tests of `tsplay doctor` against a real cloud; `patient` is asked for within each. */
export function doctorTests(patient: () => Patient): void {
  const diagnosed = (words: readonly string[] = []) => doctorSays(patient().inventory(), words);
  const shell = (text: string) => patient().host.look(['sh', '-c', text]);
  const saved = `${CONF} ${COMPUTE_CONF} ${CLOUDS}`;

  it('every link holds that can be looked at here, and what is not looked at is said', async () => {
    const found = await diagnosed();
    expect(brokenOf(found)).toEqual([]);
    expect([found.code, found.first_break]).toEqual([0, null]);
    const open = found.hosts.flatMap(({ findings }) => findings).concat(found.fleet);
    expect(open.filter(({ status }) => status === 'not-checked').map(({ link }) => link)).toEqual([
      'cmdline',
      'libvirt',
      'placement-free',
    ]);
    expect(found.all('flavor').map(({ detail }) => detail)).toEqual(
      expect.arrayContaining(['flavor by.hand: K4200:1', 'flavor gpu.k4200: K4200:1']),
    );
    const named = await diagnosed(['--flavor', 'gpu.k4200']);
    expect(named.all('flavor')).toEqual([
      expect.objectContaining({ status: 'holds', detail: 'flavor gpu.k4200: K4200:1' }),
    ]);
  });

  it.each(BREAKS)('%s is named first, with what mends it', async (_, { link, words, ...one }) => {
    await shell(`mkdir -p /root/whole && cp -p ${saved} /root/whole/ && { ${one.breaking}; }`);
    const found = await diagnosed(words);
    await shell(`cd /root/whole && cp -p nova.conf nova-compute.conf /etc/nova/ && cp -p clouds.yaml /etc/openstack/`);
    if (one.mending) await shell(one.mending);
    expect(found.first_break?.link).toBe(link);
    expect(found.code).toBe(3);
    const [first] = brokenOf(found).filter((finding) => finding.link === link);
    expect(first?.detail).toMatch(one.detail);
    expect(first?.mend).toMatch(one.mend);
  });

  it('mended, all of it holds again', async () => {
    await answering(patient());
    expect(brokenOf(await diagnosed())).toEqual([]);
  });
}

/** Nova again after services of it were away. */
export async function answering({ cloud }: Patient): Promise<void> {
  await cloud.until('all services back', async () => {
    const { json } = await cloud.nova('GET', '/os-services').catch(() => ({ json: {} }));
    const states: readonly { readonly state: string }[] = json.services ?? [];
    return states.length > 2 && states.every(({ state }) => state === 'up') ? true : undefined;
  });
}

export const brokenOf = ({ hosts, fleet }: Diagnosed): readonly FoundLink[] =>
  [...hosts.flatMap(({ findings }) => findings), ...fleet].filter(({ status }) => status === 'broken');
