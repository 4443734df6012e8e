import { describe, expect, it } from 'vitest';
import type { FileContent } from '../../contract/file-state.ts';
import { parseGrubConfig } from '../../probes/grub-config.ts';
import { tokenize } from '../../probes/kernel-cmdline-tokens.ts';
import { parseOslo } from '../../probes/nova/oslo-ini.ts';
import type { ServiceUnit } from '../../probes/nova/service-unit.ts';
import { parsePciTree } from '../../probes/pci.ts';
import { selectGpus } from '../gpu/gpu-cards.ts';
import type { ComputeService, HostEvidence, NovaService } from './evidence.ts';
import { type Diagnosis, examine, firstBreak, firstBroken } from './examine.ts';
import type { Finding } from './findings.ts';

const CARD = `table DMAR
unit dmar0
function 0000:84:00.0
vendor 0x10de
device 0x20f1
class 0x030200
driver vfio-pci
iommu_group 40
numa_node 1
sriov_totalvfs 16
function 0000:84:00.1
vendor 0x10de
device 0x1aef
class 0x040300
driver vfio-pci
iommu_group 40
`;
const NIC = `function 0000:84:01.0
vendor 0x8086
device 0x10d3
class 0x020000
driver e1000e
iommu_group 40
`;
const SPEC = 'device_spec = {"vendor_id":"10de","product_id":"20f1","address":"0000:84:00.0"}\n';
const ALIAS = 'alias = {"name":"a100","vendor_id":"10de","product_id":"20f1","device_type":"type-PF"}\n';
const COMPUTE = `[pci]\n${SPEC}${ALIAS}`;
const CONTROLLER = `[pci]\n${ALIAS}[filter_scheduler]\nenabled_filters = ComputeFilter,PciPassthroughFilter\n`;
const PATH = '/etc/nova/nova.conf';

const unit = (name: string, changes: Partial<ServiceUnit> = {}): ServiceUnit => ({
  name,
  isLoaded: true,
  activeState: 'active',
  startedAt: 200,
  commandLine: [],
  execStart: [],
  unitFile: 'enabled',
  now: 300,
  ...changes,
});

const file = (text: string, mtime: number): FileContent => ({
  kind: 'file',
  path: PATH,
  realPath: PATH,
  bytes: Buffer.from(text),
  state: {
    kind: 'file',
    path: PATH,
    mode: 0o640,
    uid: 0,
    gid: 0,
    owner: 'root',
    group: 'nova',
    size: text.length,
    version: '',
    mtime,
    links: 1,
  },
});

const service = (
  name: string,
  text: string,
  changes: Partial<NovaService> & { readonly mtime?: number } = {},
): NovaService => {
  const { mtime = 100, ...rest } = changes;
  const files = text === '' ? [] : [file(text, mtime)];
  return {
    role: name === 'nova-compute' ? 'compute' : name === 'nova-scheduler' ? 'scheduler' : 'api',
    name,
    unit: unit(name),
    config: {
      ok: true,
      value: { files, source: 'test', sources: files.map(({ path }) => ({ path, file: parseOslo(text) })) },
    },
    ...rest,
  };
};

interface Given extends Partial<HostEvidence> {
  readonly pci?: string;
  readonly nova?: string;
  readonly live?: string;
  readonly entry?: string;
  readonly defaults?: string;
}

const cmdlineOf = ({ live = 'intel_iommu=on', entry = live, defaults = entry }: Given): HostEvidence['cmdline'] => ({
  ok: true,
  value: {
    live: tokenize(`BOOT_IMAGE=/vmlinuz root=/dev/sda1 ${live}`),
    loader: { kind: 'grub-mkconfig', configFile: '/boot/grub/grub.cfg', updateCommand: 'update-grub' },
    entry: parseGrubConfig(`menuentry 'Debian' {\nlinux /vmlinuz root=/dev/sda1 ro ${entry}\n}\n`).entries[0] ?? null,
    defaults: { stages: [{ path: '/etc/default/grub', linux: '', linuxDefault: defaults }], problems: [] },
  },
});

const compute = ({ pci = CARD, nova = COMPUTE, live, entry, defaults, ...changes }: Given = {}): HostEvidence => {
  const tree = parsePciTree(pci);
  return {
    host: 'gpu01',
    hostname: 'gpu01',
    roles: ['compute'],
    tree,
    cards: { ok: true, value: selectGpus(tree.functions, { devices: 'auto', exclude: [] }) },
    isGpuRequired: true,
    cmdline: cmdlineOf({ live, entry, defaults }),
    libvirt: {
      ok: true,
      value: { kind: 'answered', capabilities: new Map([['0000:84:00.0', ['pci', 'virt_functions']]]) },
    },
    release: 31,
    services: [service('nova-compute', nova)],
    flavors: [],
    apiFlavors: null,
    computeServices: null,
    placement: null,
    freeCards: null,
    ...changes,
  };
};

const controller = ({ nova = CONTROLLER, ...changes }: Given = {}): HostEvidence => ({
  ...compute({ pci: '' }),
  host: 'ctl01',
  roles: ['controller'],
  services: [service('nova-api', nova), service('nova-scheduler', nova)],
  flavors: [{ name: 'gpu.a100', alias: 'a100:1' }],
  apiFlavors: {
    ok: true,
    value: [
      { name: 'gpu.a100', alias: 'a100:1' },
      { name: 'plain', alias: null },
    ],
  },
  ...changes,
});

const remedies = { run: (host: string) => `run ${host}`, reboot: (host: string) => `reboot ${host}` };
const look = (all: readonly HostEvidence[], more: Omit<Parameters<typeof examine>[1], 'remedies'> = {}): Diagnosis =>
  examine(all, { remedies, ...more });
const brokenOn = (host: string, all: readonly HostEvidence[]): Finding | undefined =>
  firstBroken(look(all).hosts.find((one) => one.host === host)?.findings ?? []);

describe('the chain', () => {
  it('holds on a whole fleet, and says what it did not look at', () => {
    const { hosts, fleet } = look([compute(), controller()]);
    const statuses = [...hosts.flatMap(({ findings }) => findings), ...fleet].filter(
      ({ status }) => status !== 'holds',
    );
    expect(statuses).toEqual([expect.objectContaining({ link: 'placement-free', status: 'not-checked' })]);
    expect(firstBreak({ hosts, fleet })).toBeUndefined();
    expect(hosts.map(({ findings }) => findings.length)).toEqual([12, 4]);
  });

  it.each<readonly [string, Given, Partial<Finding>]>([
    [
      'no table of the firmware',
      { pci: CARD.replace('table DMAR\n', '') },
      { link: 'firmware', mend: expect.stringContaining('VT-d') },
    ],
    [
      'an IOMMU that was not asked for',
      { pci: CARD.replace('unit dmar0\n', '').replaceAll('iommu_group 40\n', ''), live: 'quiet' },
      { link: 'iommu', mend: 'run gpu01' },
    ],
    [
      'an IOMMU that comes with the next boot',
      { pci: CARD.replace('unit dmar0\n', ''), live: 'quiet', entry: 'quiet intel_iommu=on' },
      { link: 'iommu', mend: 'reboot gpu01' },
    ],
    [
      'an IOMMU that is switched off',
      { pci: CARD.replace('unit dmar0\n', ''), live: 'intel_iommu=on iommu=off' },
      { link: 'iommu', mend: expect.stringContaining('take iommu=off off the kernel command line') },
    ],
    [
      'a parameter that waits for a boot',
      { live: 'intel_iommu=on', entry: 'intel_iommu=on iommu=pt' },
      { link: 'cmdline', detail: 'iommu=pt comes only with the next boot', mend: 'reboot gpu01' },
    ],
    [
      'a parameter that goes with the next boot',
      { live: 'intel_iommu=on vfio_iommu_type1.allow_unsafe_interrupts=1', entry: 'intel_iommu=on' },
      { link: 'cmdline', detail: expect.stringContaining('allow_unsafe_interrupts=1 goes with the next boot') },
    ],
    [
      'a menu that was not built',
      { live: 'intel_iommu=on', defaults: 'intel_iommu=on iommu=pt' },
      { link: 'cmdline', mend: 'update-grub, then reboot gpu01' },
    ],
    [
      'a function on a host driver',
      { pci: CARD.replace(/vfio-pci(?![\s\S]*vfio-pci)/, 'snd_hda_intel') },
      { link: 'functions', detail: 'audio function 0000:84:00.1 on snd_hda_intel', mend: 'run gpu01' },
    ],
    [
      'the firmware’s picture in the memory of the card',
      { pci: `${CARD}framebuffer 0000:84:00.0 simple-framebuffer\n` },
      { link: 'functions', detail: expect.stringContaining("BAR 0: can't reserve") },
    ],
    [
      'no GPU',
      { pci: 'table DMAR\nunit dmar0\nfunction 0000:00:00.0\nclass 0x060000\niommu_group 1\n' },
      { link: 'functions', detail: 'this host has no GPU' },
    ],
    [
      'a network card in the group',
      { pci: CARD + NIC },
      { link: 'groups', detail: 'network function 0000:84:01.0 (8086:10d3) on e1000e shares group 40' },
    ],
    [
      'a card that libvirt does not know',
      { libvirt: { ok: true, value: { kind: 'answered', capabilities: new Map() } } },
      { link: 'libvirt', detail: 'libvirt does not know 0000:84:00.0' },
    ],
    [
      'a libvirt that does not answer',
      { libvirt: { ok: true, value: { kind: 'no-answer', complaint: 'failed to connect' } } },
      { link: 'libvirt', detail: 'libvirt does not answer: failed to connect' },
    ],
    ['no device_spec', { nova: `[pci]\n${ALIAS}` }, { link: 'device-spec', mend: 'run gpu01' }],
    [
      'swapped ids',
      { nova: `[pci]\ndevice_spec = {"vendor_id":"20f1","product_id":"10de"}\n${ALIAS}` },
      { link: 'device-spec', detail: expect.stringContaining('swapped') },
    ],
    [
      'the audio function given away too',
      { nova: `[pci]\ndevice_spec = {"address":"0000:84:00.*"}\n${ALIAS}` },
      { link: 'device-spec', detail: expect.stringContaining('also gives the audio function 0000:84:00.1') },
    ],
    [
      'a wrapped line',
      { nova: '[pci]\ndevice_spec = {"vendor_id":"10de",\n"product_id":"20f1"}\n' },
      { link: 'device-spec', mend: `mend ${PATH}:2, then run gpu01` },
    ],
    ['no nova.conf', { nova: '' }, { link: 'device-spec', mend: expect.stringContaining('install nova-compute') }],
  ])('%s is the first broken link', (_, given, expected) => {
    expect(brokenOn('gpu01', [compute(given), controller()])).toMatchObject(expected);
  });

  it('a device_spec for the cards of other hosts is no fault where the own ones are given', () => {
    const others = 'device_spec = {"vendor_id":"10de","product_id":"2331"}\n';
    expect(brokenOn('gpu01', [compute({ nova: COMPUTE + others }), controller()])).toBeUndefined();
    expect(brokenOn('gpu01', [compute({ nova: `[pci]\n${others}${ALIAS}` }), controller()])).toMatchObject({
      link: 'device-spec',
      detail: expect.stringContaining('matches no PCI function of this host'),
    });
  });

  it('an alias that cannot take a physical function never matches', () => {
    const untyped = (text: string) => text.replace(',"device_type":"type-PF"', '');
    const all = [compute({ nova: untyped(COMPUTE) }), controller({ nova: untyped(CONTROLLER) })];
    expect(brokenOn('gpu01', all)).toMatchObject({
      link: 'device-type',
      detail: expect.stringContaining('"device_type": "type-PF"'),
    });
  });

  it("the device type is libvirt's, where libvirt was asked", () => {
    const libvirt = {
      ok: true,
      value: { kind: 'answered', capabilities: new Map([['0000:84:00.0', ['pci']]]) },
    } as const;
    expect(brokenOn('gpu01', [compute({ libvirt }), controller()])).toMatchObject({
      link: 'device-type',
      detail: expect.stringContaining('is type-PCI to Nova'),
    });
  });

  it('a card for which there is no alias anywhere can never be asked for', () => {
    const all = [compute({ nova: `[pci]\n${SPEC}` }), controller({ nova: CONTROLLER.replace(ALIAS, '') })];
    expect(brokenOn('gpu01', all)).toMatchObject({
      link: 'device-type',
      mend: expect.stringContaining('{name: gpu-20f1, vendor_id: "10de", product_id: "20f1", device_type: type-PF}'),
    });
  });

  it('a line for the API belongs into its .conf, whatever else it reads as configuration', () => {
    const without = CONTROLLER.replace(ALIAS, '');
    const { config, ...rest } = service('nova-api', without);
    if (!config.ok) throw new Error('unreachable');
    const [conf] = config.value.files;
    if (conf?.kind !== 'file') throw new Error('unreachable');
    const paste = { ...conf, path: '/etc/nova/api-paste.ini' };
    const api: NovaService = { ...rest, config: { ok: true, value: { ...config.value, files: [paste, conf] } } };
    expect(brokenOn('ctl01', [compute(), controller({ services: [api] })])?.mend).toMatch(
      /in \[pci\] of \/etc\/nova\/nova\.conf: alias = /,
    );
  });

  it('an alias is missing where it is missing: on the compute, or on the API', () => {
    const without = `[pci]\n${SPEC}`;
    const [poor, bare] = [compute({ nova: without }), controller({ nova: CONTROLLER.replace(ALIAS, '') })];
    expect(brokenOn('gpu01', [poor, controller()])).toMatchObject({
      link: 'alias',
      detail: expect.stringContaining('a100 is not defined here'),
    });
    expect(brokenOn('ctl01', [poor, controller()])).toBeUndefined();
    expect(brokenOn('ctl01', [compute(), bare])).toMatchObject({
      link: 'alias',
      detail: expect.stringContaining('of gpu01 is not defined here'),
    });
    expect(brokenOn('gpu01', [compute(), bare])).toBeUndefined();
  });

  it('an alias that means something else on the compute is broken there', () => {
    const other = compute({ nova: COMPUTE.replace('"type-PF"', '"type-PF","numa_policy":"required"') });
    expect(brokenOn('gpu01', [other, controller()])).toMatchObject({
      link: 'alias',
      detail: expect.stringContaining('differs: here'),
    });
  });

  it.each<readonly [string, string, Partial<Finding>]>([
    [
      'a filter that is not enabled',
      CONTROLLER.replace(',PciPassthroughFilter', ''),
      { link: 'filter', mend: expect.stringContaining('enabled_filters = ComputeFilter,PciPassthroughFilter') },
    ],
    [
      'the ignored option of 2016',
      `[DEFAULT]\nscheduler_default_filters = PciPassthroughFilter\n[pci]\n${ALIAS}`,
      { link: 'filter', detail: expect.stringContaining('which Nova ignores since 24.0.0') },
    ],
    [
      'a filter Nova no longer has',
      CONTROLLER.replace('ComputeFilter', 'RamFilter'),
      { link: 'filter', detail: expect.stringContaining('was removed') },
    ],
    [
      'pasted quotes',
      CONTROLLER.replace('"name"', '“name”'),
      { link: 'alias', detail: expect.stringContaining('typographic quote') },
    ],
  ])('on a controller: %s', (_, nova, expected) => {
    expect(brokenOn('ctl01', [compute(), controller({ nova })])).toMatchObject(expected);
  });

  it('asking Placement for cards that computes do not report breaks on the compute', () => {
    const asking = controller({ nova: `${CONTROLLER}pci_in_placement = true\n` });
    expect(brokenOn('gpu01', [compute(), asking])).toMatchObject({ link: 'placement-pairing' });
    const reporting = compute({ nova: `${COMPUTE}report_in_placement = true\n` });
    expect(brokenOn('gpu01', [reporting, asking])).toBeUndefined();
    expect(brokenOn('gpu01', [reporting, controller()])).toBeUndefined();
  });

  const free = { alias: 'a100', resourceClass: 'CUSTOM_PCI_10DE_20F1', isKnown: true, isFree: true };
  it.each<readonly [string, HostEvidence['freeCards'], Partial<Finding>]>([
    ['a free card', { ok: true, value: [free] }, { status: 'holds' }],
    [
      'no free card',
      { ok: true, value: [{ ...free, isFree: false }] },
      { status: 'broken', detail: expect.stringMatching(/^no CUSTOM_PCI_10DE_20F1 is free \(alias a100\)/) },
    ],
    [
      'a class it never heard of',
      { ok: true, value: [{ ...free, isFree: false, isKnown: false }] },
      { status: 'broken', mend: expect.stringContaining('restart it') },
    ],
    [
      'no credentials',
      { ok: false, reason: 'no credentials' },
      { status: 'not-checked', detail: 'Placement was not asked: no credentials' },
    ],
    [
      'another alias used up',
      { ok: true, value: [free, { ...free, alias: 'nic', isFree: false }] },
      { status: 'holds' },
    ],
    ['nobody who asks it', null, { status: 'not-checked', detail: expect.stringContaining('pci_in_placement is off') }],
  ])('Placement with %s', (_, freeCards, expected) => {
    const { fleet } = look([compute(), controller({ freeCards })]);
    expect(fleet.find(({ link }) => link === 'placement-free')).toMatchObject(expected);
  });

  it('controllers that disagree about Placement are named', () => {
    const asking = { ...controller({ nova: `${CONTROLLER}pci_in_placement = true\n` }), host: 'ctl02' };
    const reporting = compute({ nova: `${COMPUTE}report_in_placement = true\n` });
    expect(brokenOn('ctl01', [reporting, controller(), asking])).toMatchObject({
      link: 'placement-pairing',
      detail: 'nova-api on ctl02 has pci_in_placement, nova-api here has not',
    });
  });

  it('a strict NUMA policy needs a card whose node is known', () => {
    const strict = (text: string) => text.replace('"type-PF"', '"type-PF","numa_policy":"required"');
    const nodeless = { pci: CARD.replace('numa_node 1\n', ''), nova: strict(COMPUTE) };
    const there = controller({ nova: strict(CONTROLLER) });
    expect(brokenOn('gpu01', [compute(nodeless), there])).toMatchObject({ link: 'numa' });
    expect(brokenOn('gpu01', [compute({ nova: strict(COMPUTE) }), there])).toBeUndefined();
  });

  it.each<readonly [string, Partial<NovaService> & { readonly mtime?: number }, Partial<Finding>]>([
    ['older than its file', { mtime: 250 }, { mend: 'systemctl restart nova-compute' }],
    ['as old as its file', { mtime: 200.9 }, { mend: 'systemctl restart nova-compute' }],
    ['stopped', { unit: unit('nova-compute', { activeState: 'inactive' }) }, { mend: 'systemctl start nova-compute' }],
    [
      'failed',
      { unit: unit('nova-compute', { activeState: 'failed' }) },
      { mend: expect.stringContaining('journalctl -u nova-compute') },
    ],
  ])('a service that is %s', (_, changes, expected) => {
    const all = [compute({ services: [service('nova-compute', COMPUTE, changes)] }), controller()];
    expect(brokenOn('gpu01', all)).toMatchObject({ link: 'services', ...expected });
  });

  it.each<readonly [string, string, string]>([
    ['of an alias that nobody defined', 'A100:1', 'openstack flavor set f --property "pci_passthrough:alias"="a100:1"'],
    ['of more cards than any host has', 'a100:2', 'openstack flavor set f --property "pci_passthrough:alias"="a100:1"'],
    ['without a count', 'a100', 'openstack flavor set f --property "pci_passthrough:alias"="ALIAS:1"'],
  ])('a flavor %s is broken', (_, alias, mend) => {
    const { fleet } = look([compute(), controller()], { flavor: { name: 'f', alias } });
    expect(firstBroken(fleet)).toMatchObject({ link: 'flavor', mend });
  });

  it.each<readonly [string, string, Partial<Finding>]>([
    ['that is not there', 'gpu.b100', { detail: 'there is no flavor gpu.b100 in the cloud (did you mean gpu.a100?)' }],
    [
      'that asks for nothing',
      'plain',
      { mend: 'openstack flavor set plain --property "pci_passthrough:alias"="a100:1"' },
    ],
  ])('a flavor %s is broken, by the word of the API', (_, name, expected) => {
    const { fleet } = look([compute(), controller()], { flavor: { name } });
    expect(firstBroken(fleet)).toMatchObject({ link: 'flavor', ...expected });
  });

  it.each([
    ['GPU large', 'a100:9', `openstack flavor set 'GPU large' --property "pci_passthrough:alias"="a100:1"`],
    ["x'; reboot #", 'a100:9', `openstack flavor set 'x'\\''; reboot #' --property "pci_passthrough:alias"="a100:1"`],
  ])('what mends the flavor %s can be pasted into a shell', (name, alias, mend) => {
    const { fleet } = look([compute(), controller()], { flavor: { name, alias } });
    expect(firstBroken(fleet)).toMatchObject({ mend });
  });

  it('an alias that some controller has cannot run a command in the shell of who mends a flavor', () => {
    const alias = ALIAS.replace('"a100"', '"$(reboot)"');
    const hosts = [compute(), controller({ nova: CONTROLLER.replace(ALIAS, alias) })];
    const { fleet } = look(hosts, { flavor: { name: 'f', alias: 'a:1' } });
    expect(firstBroken(fleet)).toMatchObject({
      mend: `openstack flavor set f --property "pci_passthrough:alias"='$(reboot):1'`,
    });
  });

  it('a flavor of cards that no compute gives away is not mended by a smaller number', () => {
    const { fleet } = look([compute({ nova: `[pci]\n${ALIAS}` }), controller()]);
    expect(firstBroken(fleet)).toMatchObject({
      link: 'flavor',
      mend: expect.stringMatching(/^mend what is broken on/),
    });
  });

  it('a flavor that the inventory knows is made by a run', () => {
    const asked = { flavors: [{ name: 'gpu.b100', alias: 'a100:2' }] };
    expect(firstBroken(look([compute(), controller(asked)]).fleet)).toMatchObject({
      link: 'flavor',
      mend: expect.stringMatching(/^run with nova_flavor_cloud, or openstack flavor create gpu\.b100 … .*="a100:2"$/),
    });
  });

  it.each<readonly [string, Partial<ComputeService>, RegExp, RegExp]>([
    ['disabled', { isEnabled: false, reason: 'fan' }, /disabled in Nova \(fan\)/, /--enable gpu01 nova-compute$/],
    ['not heard of', { isUp: false }, /not heard of the compute gpu01/, /message broker/],
    ['unknown', { host: 'other' }, /Nova has no compute gpu01/, /discover_hosts$/],
  ])('a compute that runs and is %s in Nova gets nothing', (_, changes, detail, mend) => {
    const computeServices = { ok: true, value: [{ host: 'gpu01', isEnabled: true, isUp: true, ...changes }] } as const;
    expect(brokenOn('gpu01', [compute(), controller({ computeServices })])).toMatchObject({
      link: 'services',
      detail: expect.stringMatching(detail),
      mend: expect.stringMatching(mend),
    });
  });

  it('a card may be named by its resource class alone, where the scheduler asks Placement', () => {
    const named = 'alias = {"name":"a100","resource_class":"Big GPU","device_type":"type-PF"}\n';
    const nova = `[pci]\nreport_in_placement = true\n${SPEC.replace('}', ',"resource_class":"CUSTOM_BIG_GPU"}')}${named}[filter_scheduler]\npci_in_placement = true\n`;
    const there = controller({ nova: `${CONTROLLER.replace(ALIAS, named)}pci_in_placement = true\n` });
    expect(firstBreak(look([compute({ nova }), there]))).toBeUndefined();
    const other = nova.replace('CUSTOM_BIG_GPU', 'CUSTOM_SMALL_GPU');
    expect(brokenOn('gpu01', [compute({ nova: other }), there])).toMatchObject({ link: 'device-type' });
  });

  it('a compute goes by the name its configuration gives it, else by its hostname', () => {
    const computeServices = { ok: true, value: [{ host: 'cell-7', isEnabled: true, isUp: true }] } as const;
    const there = controller({ computeServices });
    expect(brokenOn('gpu01', [compute({ nova: `[DEFAULT]\nhost = cell-7\n${COMPUTE}` }), there])).toBeUndefined();
    expect(brokenOn('gpu01', [compute({ hostname: 'cell-7' }), there])).toBeUndefined();
  });

  it('a service that gives no answer is broken, one that refuses the question is not', () => {
    const silent = controller({ apiFlavors: { ok: false, reason: 'GET http://ctl:8774: nothing', down: 'nova' } });
    expect(brokenOn('ctl01', [compute(), silent])).toMatchObject({
      link: 'services',
      detail: 'nova is out of order: GET http://ctl:8774: nothing',
      mend: expect.stringContaining('systemctl restart nova-api'),
    });
    const refusing = controller({ apiFlavors: { ok: false, reason: '401' } });
    expect(brokenOn('ctl01', [compute(), refusing])).toBeUndefined();
  });

  it('pci_in_placement is nothing to a Nova that does not know it yet', () => {
    const nova = `${CONTROLLER}pci_in_placement = true\n`;
    const { hosts } = look([compute({ release: 26 }), controller({ nova, release: 26 })]);
    expect(firstBroken(hosts.flatMap(({ findings }) => findings))).toBeUndefined();
    expect(hosts[1]?.findings.find(({ link }) => link === 'placement-pairing')?.detail).toMatch(
      /off \(\/etc\/nova\/nova\.conf:5: Nova 26 does not know it/,
    );
  });

  it('an alias that cannot be read does not make its card one without alias', () => {
    const quoted = (text: string) => text.replace('"name"', '“name”');
    const all = [compute({ nova: quoted(COMPUTE) }), controller({ nova: quoted(CONTROLLER) })];
    expect(brokenOn('gpu01', all)).toMatchObject({ link: 'alias', mend: `mend ${PATH}:3, then run gpu01` });
  });

  it("the API's property counts, not the inventory's", () => {
    const apiFlavors = { ok: true, value: [{ name: 'gpu.a100', alias: 'old:1' }] } as const;
    expect(firstBroken(look([compute(), controller({ apiFlavors })]).fleet)).toMatchObject({
      link: 'flavor',
      detail: 'flavor gpu.a100 asks for the alias old, which is not defined; the controllers define a100',
    });
  });

  it("without the API the inventory's flavors are judged, and it is said that they are only that", () => {
    const apiFlavors = { ok: false, reason: 'no credentials' } as const;
    const { fleet } = look([compute(), controller({ apiFlavors })]);
    expect(fleet.filter(({ link }) => link === 'flavor')).toEqual([
      { link: 'flavor', status: 'holds', detail: 'flavor gpu.a100: a100:1' },
      {
        link: 'flavor',
        status: 'not-checked',
        detail: 'as the inventory has them; the API was not asked: no credentials',
      },
    ]);
  });

  it('what was not looked at is never fine', () => {
    const alone = look([
      compute({ libvirt: { ok: true, value: { kind: 'no-virsh' } }, cmdline: { ok: false, reason: 'not allowed' } }),
    ]);
    const open = alone.hosts[0]?.findings.filter(({ status }) => status === 'not-checked').map(({ link }) => link);
    expect(open).toEqual(['cmdline', 'libvirt', 'alias', 'placement-pairing']);
    expect(alone.fleet.map(({ link, status }) => [link, status])).toEqual([
      ['placement-free', 'not-checked'],
      ['flavor', 'not-checked'],
    ]);
    const unread = compute({
      services: [service('nova-compute', '', { config: { ok: false, reason: 'may not be read' } })],
    });
    expect(brokenOn('gpu01', [unread, controller()])).toBeUndefined();
    const reasons = look([unread, controller()]).hosts[0]?.findings.filter(
      ({ detail }) => detail === 'may not be read',
    );
    expect(reasons?.map(({ link }) => link)).toEqual(['device-spec', 'alias', 'placement-pairing', 'services']);
  });

  it('a release that nobody knows is said to be guessed', () => {
    const { hosts } = look([compute({ release: null }), controller({ release: null })]);
    const guessed = hosts
      .flatMap(({ findings }) => findings)
      .filter(({ detail }) => detail.includes('say nova_release'));
    expect(guessed.map(({ link, status }) => [link, status])).toEqual([
      ['device-spec', 'holds'],
      ['filter', 'holds'],
    ]);
  });

  it('the first break of the fleet is the earliest link, wherever it is', () => {
    const late = { ...compute({ services: [service('nova-compute', COMPUTE, { mtime: 250 })] }), host: 'gpu02' };
    const early = compute({ pci: CARD + NIC });
    expect(firstBreak(look([late, early, controller()]))).toEqual({ link: 'groups', hosts: ['gpu01'] });
  });

  it('a host that need not have a GPU is fine without one', () => {
    const bare = compute({ pci: 'table DMAR\n', isGpuRequired: false });
    expect(look([bare, controller()]).hosts[0]?.findings.map(({ link, status }) => [link, status])).toEqual([
      ['functions', 'holds'],
      ['services', 'holds'],
    ]);
  });
});
