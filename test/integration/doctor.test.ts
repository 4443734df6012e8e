import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compose } from '../../src/cli/compose.ts';
import { diagnose, type DoctorVerbOptions } from '../../src/cli/verbs/doctor.ts';
import { type Diagnosis, firstBreak } from '../../src/modules/doctor/examine.ts';
import type { Finding } from '../../src/modules/doctor/findings.ts';
import { labObstacle } from '../lab/lab-fixture.ts';
import { DEFAULTS } from '../support/play.ts';
import { type Fleet, GPU_CLOUD, startFleet, TOO_LONG } from './support/fleet.ts';
import { configurationTrees } from './support/look.ts';
import { verb } from './support/verb.ts';

const obstacle = labObstacle() ?? TOO_LONG;

const CONF = '/etc/nova/nova.conf';
const AUDIO = '0000:84:00.1';
const bind = (address: string, driver: string) =>
  `modprobe ${driver} 2>/dev/null; cd /sys/bus/pci/devices/${address} && echo ${driver} >driver_override &&
   { [ ! -e driver ] || echo ${address} >driver/unbind; } && echo ${address} >/sys/bus/pci/drivers_probe`;
const virsh = (body: string) =>
  `printf '%s\\n' '#!/bin/sh' 'case "$*" in *nodedev-list*) echo pci_0000_84_00_0;; *) ${body};; esac' >/usr/bin/virsh && chmod 755 /usr/bin/virsh`;
const KNOWN = `printf "<device><capability type=\\"pci\\"/></device>" | tr "\\"" "\\047"`;

/** Breaks one thing on one host; the second command puts it back. */
interface Break {
  readonly host: string;
  readonly link: string;
  readonly breaking: string;
  readonly mending: string;
  /** Of the finding: its detail or its mend. */
  readonly says: RegExp;
}

const inConf = (host: string, link: string, edit: string, says: RegExp): Break => ({
  host,
  link,
  breaking: `cp -a ${CONF} /root/nova.conf && ${edit}`,
  mending: `cp -a /root/nova.conf ${CONF}`,
  says,
});

const BREAKS: readonly (readonly [string, Break])[] = [
  [
    'a drop-in that was not built',
    {
      host: 'gpu01',
      link: 'cmdline',
      breaking: `echo 'GRUB_CMDLINE_LINUX_DEFAULT="$GRUB_CMDLINE_LINUX_DEFAULT vfio_pci.disable_idle_d3=1"' >/etc/default/grub.d/zz-z.cfg`,
      mending: 'rm /etc/default/grub.d/zz-z.cfg',
      says: /vfio_pci\.disable_idle_d3=1 is configured.*|update-grub, then/,
    },
  ],
  [
    'a menu that waits for a boot',
    {
      host: 'gpu01',
      link: 'cmdline',
      breaking: `echo 'GRUB_CMDLINE_LINUX_DEFAULT="$GRUB_CMDLINE_LINUX_DEFAULT iommu.strict=0 amd_iommu=off"' >/etc/default/grub.d/zz-z.cfg && update-grub`,
      mending: 'rm /etc/default/grub.d/zz-z.cfg && update-grub',
      says: /amd_iommu=off comes only with the next boot/,
    },
  ],
  [
    'a pasted quote',
    {
      host: 'gpu01',
      link: 'cmdline',
      breaking: `echo 'GRUB_CMDLINE_LINUX=“quiet”' >/etc/default/grub.d/zz-z.cfg`,
      mending: 'rm /etc/default/grub.d/zz-z.cfg',
      says: /zz-z\.cfg:1.*curly quotes/,
    },
  ],
  [
    'the audio function back on its driver',
    {
      host: 'gpu01',
      link: 'functions',
      breaking: bind(AUDIO, 'snd_hda_intel'),
      mending: bind(AUDIO, 'vfio-pci'),
      says: /^audio function 0000:84:00\.1 on snd_hda_intel$/m,
    },
  ],
  [
    'a libvirt that does not know the card',
    {
      host: 'gpu01',
      link: 'libvirt',
      breaking: virsh('echo "error: Could not find matching device"; exit 1'),
      mending: virsh(KNOWN),
      says: /libvirt does not know 0000:84:00\.0/,
    },
  ],
  [
    'no device_spec',
    inConf('gpu01', 'device-spec', `sed -i /^device_spec/d ${CONF}`, /no device_spec in \/etc\/nova\/nova\.conf/),
  ],
  [
    'swapped ids',
    inConf(
      'gpu01',
      'device-spec',
      `sed -i 's/^device_spec.*/device_spec = {"vendor_id": "11b4", "product_id": "10de"}/' ${CONF}`,
      /vendor_id and product_id swapped: 0000:84:00\.0 is 10de:11b4/,
    ),
  ],
  [
    'a wrapped line',
    inConf('gpu01', 'device-spec', `echo '}' >>${CONF}`, /nova\.conf:\d+: .*|mend \/etc\/nova\/nova\.conf:\d+/),
  ],
  [
    'an alias without its device type',
    inConf('gpu03', 'device-type', `sed -i 's/, "device_type": "type-PF"//' ${CONF}`, /alias "A100" never matches/),
  ],
  [
    'an alias that only the compute has',
    inConf('ctl01', 'alias', `sed -i '/^alias.*K4200/d' ${CONF}`, /alias K4200 of gpu01 is not defined here/),
  ],
  [
    'an alias that only the API has',
    inConf('gpu01', 'alias', `sed -i '/^alias.*K4200/d' ${CONF}`, /alias K4200 is not defined here; ctl01 has/),
  ],
  [
    'an alias with another policy',
    inConf(
      'gpu01',
      'alias',
      `sed -i 's/"name": "K4200"/"name": "K4200", "numa_policy": "preferred"/' ${CONF}`,
      /alias K4200 differs/,
    ),
  ],
  [
    'no filter',
    inConf('ctl01', 'filter', `sed -i 's/,PciPassthroughFilter//' ${CONF}`, /PciPassthroughFilter is not in/),
  ],
  [
    'a filter of 2016',
    inConf(
      'ctl01',
      'filter',
      `sed -i 's/^enabled_filters = /&RamFilter,/' ${CONF}`,
      /RamFilter was removed in Nova 20/,
    ),
  ],
  [
    'Placement asked for cards that nobody reports',
    {
      ...inConf(
        'ctl01',
        'placement-pairing',
        `sed -i 's/^.filter_scheduler.$/&\\npci_in_placement = true/' ${CONF}`,
        /ctl01 says pci_in_placement/,
      ),
    },
  ],
  [
    'a file that nova-compute has not read',
    {
      host: 'gpu01',
      link: 'services',
      breaking: `cp -a ${CONF} /root/nova.conf && touch ${CONF}`,
      mending: `cp -a /root/nova.conf ${CONF}`,
      says: /nova-compute runs since before \/etc\/nova\/nova\.conf was last written/,
    },
  ],
  [
    'a scheduler that stands still',
    {
      host: 'ctl01',
      link: 'services',
      breaking: 'systemctl stop nova-scheduler',
      mending: 'systemctl start nova-scheduler',
      says: /nova-scheduler is inactive/,
    },
  ],
];

describe.skipIf(obstacle)(`tsplay doctor${obstacle ? ` (left out: ${obstacle})` : ''}`, { timeout: 120_000 }, () => {
  let fleet: Fleet;
  /** In this process: starting a program for each of dozens would take most of the time. */
  const diagnosis = async (pattern: string, more: Partial<DoctorVerbOptions> = {}): Promise<Diagnosis> => {
    const options = { ...DEFAULTS, ...more, output: 'json' as const, inventory: [fleet.inventory] };
    const composition = await compose(options);
    const looked = await diagnose(composition, pattern, options);
    expect(composition.problems.list).toEqual([]);
    return looked.diagnosis;
  };
  const findingOn = ({ hosts }: Diagnosis, host: string, link: string): Finding | undefined =>
    hosts.find((one) => one.host === host)?.findings.find((one) => one.link === link);

  beforeAll(async () => {
    fleet = await startFleet(
      11,
      {
        gpu01: { cards: ['k4200'] },
        gpu03: { cards: ['a100'], cpu: 'amd' },
        fresh: { cards: ['k4200'] },
        bare: { cards: ['k4200'], firmwareIommu: false },
        nodeless: { cards: ['k4200-nodeless'], cpu: 'amd' },
        nic: { cards: ['k4200-with-nic'], cpu: 'amd' },
        ctl01: { role: 'controller', vars: { nova_gpu_flavors: [{ name: 'gpu.k4200', alias: 'K4200', gpus: 1 }] } },
      },
      {},
    );
    const played = await fleet.play(GPU_CLOUD, { limit: 'gpu01,gpu03,nodeless,ctl01' });
    expect(played.exitCode).toBe(0);
    await fleet.ssh('gpu01', virsh(KNOWN));
  }, 180_000);
  afterAll(() => fleet?.close());

  it('says that the whole chain holds, names what it did not check, and writes nothing', async () => {
    const before = await configurationTrees(fleet, 'gpu01');
    const { code, out } = await verb(fleet, 'doctor', 'gpu01,gpu03,ctl01');
    expect(out).toMatch(/^gpu01 \(compute\) 12 links hold$/m);
    expect(out).toMatch(
      /^gpu03 \(compute\) 11 links hold; not checked: libvirt \(virsh is not installed on this host\)$/m,
    );
    expect(out).toMatch(/^ctl01 \(controller\) 4 links hold$/m);
    expect(out).toMatch(/^ok {11}flavor: flavor gpu\.k4200: K4200:1$/m);
    expect(out).toMatch(
      /^Every link that could be checked holds\. Not checked everywhere: libvirt, placement-free, flavor\.$/m,
    );
    expect(code).toBe(0);
    expect(await configurationTrees(fleet, 'gpu01')).toEqual(before);
  });

  it('costs a compute two round trips of reads', async () => {
    const { out } = await verb(fleet, 'doctor', 'gpu01', '--output', 'json');
    expect((JSON.parse(out) as { readonly frames: number }).frames).toBe(2);
  });

  it.each(BREAKS)('%s is named, and mended it holds again', async (_, { host, link, breaking, mending, says }) => {
    await fleet.ssh(host, breaking);
    const found = await diagnosis('gpu01,gpu03,ctl01');
    await fleet.ssh(host, mending);
    const first = firstBreak(found);
    const finding = findingOn(found, first?.hosts.includes(host) ? host : (first?.hosts[0] ?? ''), link);
    expect([first?.link, finding?.status]).toEqual([link, 'broken']);
    expect([finding?.detail, finding?.mend].join('\n')).toMatch(says);
    expect(finding?.mend).toBeTruthy();
    expect(firstBreak(await diagnosis('gpu01,gpu03,ctl01'))).toBeUndefined();
  });

  it.each<readonly [string, string, RegExp]>([
    ['bare', 'firmware', /switch on VT-d or AMD-Vi/],
    ['fresh', 'iommu', /^tsplay run playbooks\/gpu-cloud\.yaml .* --limit fresh$/],
  ])('%s: the first broken link of a host nobody prepared is %s', async (host, link, mend) => {
    const found = await diagnosis(`${host},ctl01`);
    expect(firstBreak(found)).toEqual({ link, hosts: [host] });
    expect(findingOn(found, host, link)?.mend).toMatch(mend);
  });

  it('a network card in the group is the first broken link once the card itself is bound', async () => {
    await fleet.ssh('nic', `${bind('0000:84:00.0', 'vfio-pci')}\n${bind(AUDIO, 'vfio-pci')}`);
    const found = await diagnosis('nic,ctl01');
    expect(firstBreak(found)).toEqual({ link: 'groups', hosts: ['nic'] });
    expect(findingOn(found, 'nic', 'groups')?.detail).toMatch(/network function 0000:84:01\.0 \(8086:10d3\) on e1000e/);
  });

  it('a strict NUMA policy for a card without a node is named, and no broken link where the node is known', async () => {
    const strict = `cp -a ${CONF} /root/nova.conf && sed -i 's/"name": *"K4200"/&, "numa_policy": "required"/' ${CONF}`;
    const units = { gpu01: 'nova-compute', nodeless: 'nova-compute', ctl01: 'nova-api nova-conductor nova-scheduler' };
    const hosts = Object.entries(units);
    for (const [host, names] of hosts) await fleet.ssh(host, `${strict}; sleep 1; systemctl restart ${names}`);
    const found = await diagnosis('gpu01,nodeless,ctl01');
    for (const [host] of hosts) await fleet.ssh(host, `cp -a /root/nova.conf ${CONF}`);
    expect(firstBreak(found)).toEqual({ link: 'numa', hosts: ['nodeless'] });
    expect(findingOn(found, 'nodeless', 'numa')).toMatchObject({
      detail: expect.stringMatching(/"K4200" says numa_policy required, and 0000:84:00\.0 has no NUMA node/),
      mend: expect.stringContaining('"numa_policy": "preferred"'),
    });
    expect(findingOn(found, 'gpu01', 'numa')?.status).toBe('holds');
  });

  it.each<readonly [string, RegExp]>([
    ['gpu.x=K4201:1', /asks for the alias K4201, which is not defined/],
    ['gpu.x=K4200:2', /asks for 2 of K4200, and no host has more than 1/],
    ['gpu.x=K4200', /is not alias:count/],
  ])('flavor %s is broken', async (flavor, says) => {
    const found = await diagnosis('gpu01,gpu03,ctl01', { flavor });
    expect(firstBreak(found)).toEqual({ link: 'flavor', hosts: [] });
    expect(found.fleet.find(({ link }) => link === 'flavor')?.detail).toMatch(says);
  });

  it('a flavor that nobody described is not checked', async () => {
    const found = await diagnosis('gpu01,gpu03,ctl01', { flavor: 'unheard-of' });
    expect(found.fleet.find(({ link }) => link === 'flavor')).toMatchObject({ status: 'not-checked' });
  });

  it('without root, what may not be read is not checked, and says so', async () => {
    await fleet.ssh(
      'gpu01',
      'mkdir -p /home/operator/.ssh && cp /root/.ssh/authorized_keys /home/operator/.ssh/ 2>/dev/null; true',
    );
    const found = await diagnosis('gpu01', { extraVars: ['ansible_user=operator'] });
    expect(findingOn(found, 'gpu01', 'device-spec')).toMatchObject({
      status: 'not-checked',
      detail: expect.stringMatching(/may not be read by this user|use become/),
    });
    const become = await diagnosis('gpu01', { extraVars: ['ansible_user=operator'], become: true });
    expect(findingOn(become, 'gpu01', 'device-spec')?.status).toBe('holds');
  });

  it('a host that is not there: 4, and the rest is still judged', async () => {
    const words = ['gpu01,fresh,gone,ctl01', '-i', 'gone,', '-e', 'ansible_timeout=5', '--output', 'json'];
    const { code, out } = await verb(fleet, 'doctor', ...words);
    expect(JSON.parse(out)).toMatchObject({
      version: 1,
      links: 15,
      first_break: { link: 'iommu', hosts: ['fresh'] },
      hosts: [
        { host: 'gpu01', status: 'seen', roles: ['compute'], broken_at: null },
        { host: 'fresh', broken_at: 'iommu' },
        { host: 'gone', status: 'unreachable' },
        { host: 'ctl01', roles: ['controller'] },
      ],
    });
    expect(code).toBe(4);
  });
});
