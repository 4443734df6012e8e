import { describe, expect, it } from 'vitest';
import { allValues } from '../../probes/nova/effective-config.ts';
import { novaConfArgs } from './args.ts';
import { sourcesOf } from './config-set.ts';
import type { HostFunction } from './cross-check.ts';
import { type Decision, decide } from './decide.ts';
import { type EnvironmentOption, environmentOptions } from './environment-options.ts';
import { deviceSpecNames } from './options.ts';
import { osloText, textOf } from './oslo-text.ts';

const MAIN = '/etc/nova/nova.conf';
const COMPUTE = '/etc/nova/nova-compute.conf';

interface Given {
  readonly files: Readonly<Record<string, string>>;
  readonly release?: number;
  readonly functions?: readonly HostFunction[];
  readonly environment?: readonly EnvironmentOption[];
}

function decided(
  args: Readonly<Record<string, unknown>>,
  { files, release = 31, functions, environment = [] }: Given,
): Decision & { readonly text: string } {
  const parsed = novaConfArgs.parse(args);
  const texts = Object.entries(files).map(([path, text]) => osloText(path, text));
  const set = { texts, path: parsed.path, editable: new Set([parsed.path, ...parsed.also_edit]) };
  const decision = decide(parsed, { set, release, environment, ...(functions && { functions }) });
  const again = decide(parsed, { set: decision.set, release, ...(functions && { functions }) });
  expect(again.set.texts, 'a second decision changes nothing').toEqual(decision.set.texts);
  return { ...decision, text: after(decision) };
}

function after(decision: Decision, path = MAIN): string {
  return decision.set.texts
    .filter((file) => file.path === path)
    .map(textOf)
    .join('');
}

const one = (text: string, release?: number): Given => ({
  files: { [MAIN]: text },
  ...(release === undefined ? {} : { release }),
});
const GPU = { vendor_id: '10de', product_id: '11b4', address: '0000:88:00.0' };
const GPU_LINE = 'device_spec = {"vendor_id": "10de", "product_id": "11b4", "address": "0000:88:00.0"}';

describe('an option that the environment of a service sets', () => {
  const unit = {
    name: 'nova-scheduler',
    isLoaded: true,
    activeState: 'active',
    startedAt: 0,
    commandLine: [],
    execStart: [],
    unitFile: 'enabled',
    now: 0,
  };
  const environment = environmentOptions([
    { ...unit, environment: { OS_FILTER_SCHEDULER__ENABLED_FILTERS: '', OS_NOVA_CONFIG_DIR: '/etc/nova' } },
    { ...unit, name: 'nova-api' },
  ]);
  const given = { ...one('[DEFAULT]\n'), environment };

  it('is refused where the task is about it, with the unit and the variable', () => {
    expect(environment).toMatchObject([
      { unit: 'nova-scheduler', section: 'filter_scheduler', key: 'enabled_filters' },
    ]);
    const refused = /the environment of nova-scheduler sets OS_FILTER_SCHEDULER__ENABLED_FILTERS, which wins/;
    expect(() => decided({ scheduler: { filters: { contains: ['PciPassthroughFilter'] } } }, given)).toThrow(refused);
    const options = { Filter_Scheduler: { enabled_filters: 'ComputeFilter' } };
    expect(() => decided({ options }, given)).toThrow(refused);
  });

  it('is a note where the task is about something else', () => {
    const { notes } = decided({ pci: { device_spec: { exactly: [GPU] } } }, given);
    expect(notes).toEqual([
      expect.stringContaining('OS_FILTER_SCHEDULER__ENABLED_FILTERS, which wins over every file'),
    ]);
  });
});

it('a list for an option of which the last line counts is refused, with the value that was meant', () => {
  const options = { filter_scheduler: { weight_classes: ['a.B', 'c.D'] } };
  expect(() => decided({ options }, one('[DEFAULT]\n'))).toThrow(
    /options\.filter_scheduler\.weight_classes is a list, .* write one value: "a\.B,c\.D"/,
  );
});

it('a password given as a list is refused without being told', () => {
  const options = { keystone_authtoken: { password: ['correct', 'horse'] } };
  expect(() => decided({ options }, one(''))).toThrow(/password is a list.*write one value$/);
});

describe('device_spec', () => {
  it('gets a section of its own where there is none, on one line', () => {
    const { text } = decided({ pci: { device_spec: { exactly: [GPU] } } }, one('[DEFAULT]\ndebug = true\n'));
    expect(text).toBe(`[DEFAULT]\ndebug = true\n\n[pci]\n${GPU_LINE}\n`);
  });

  it('stays byte for byte where it already means the same', () => {
    const text = '[pci]\ndevice_spec={ "address":"0000:88:00.0",\n  "vendor_id":"10DE", "product_id":"0x11b4"}\n';
    expect(decided({ pci: { device_spec: { exactly: [GPU] } } }, one(text)).text).toBe(text);
  });

  it('sees a second, conflicting line for the same card as drift', () => {
    const rival = 'device_spec = {"vendor_id":"10de","product_id":"11b4","address":"0000:88:00.0","trusted":"true"}';
    const { text } = decided(
      { pci: { device_spec: { exactly: [GPU] } } },
      one(`[pci]\n${rival}\n${GPU_LINE}\n# keep\n`),
    );
    expect(text).toBe(`[pci]\n${GPU_LINE}\n# keep\n`);
  });

  it('sees another spec that also matches the card as drift', () => {
    const { text } = decided(
      { pci: { device_spec: { exactly: [GPU] } } },
      one(`[pci]\n${GPU_LINE}\ndevice_spec = {"vendor_id":"10de"}\n`),
    );
    expect(text).toBe(`[pci]\n${GPU_LINE}\n`);
  });

  it('puts the wanted order back, because the first match wins', () => {
    const other = { vendor_id: '15b3', product_id: '1017' };
    const text = `[pci]\ndevice_spec = {"vendor_id":"15b3","product_id":"1017"}\n${GPU_LINE}\n`;
    const specs = allValues(
      sourcesOf(decided({ pci: { device_spec: { exactly: [GPU, other] } } }, one(text)).set),
      deviceSpecNames(31),
    );
    expect(specs.map((spec) => JSON.parse(spec.value).vendor_id)).toEqual(['10de', '15b3']);
  });

  it('refuses `exactly` while another file adds a value, and names it', () => {
    const files = { [MAIN]: '[pci]\n', [COMPUTE]: `[DEFAULT]\n[pci]\n${GPU_LINE}\n` };
    const args = { pci: { device_spec: { exactly: [GPU] } } };
    expect(() => decided(args, { files })).toThrow(`${COMPUTE}:3`);
    const { set } = decided({ ...args, also_edit: [COMPUTE] }, { files });
    expect(set.texts.map(textOf)).toEqual([files[MAIN], files[COMPUTE]]);
  });

  it('counts what another file already gives towards `contains`', () => {
    const files = { [MAIN]: '[pci]\n', [COMPUTE]: `[pci]\n${GPU_LINE}\n` };
    expect(decided({ pci: { device_spec: { contains: [GPU] } } }, { files }).text).toBe('[pci]\n');
  });

  it('takes one device out of a list and keeps the rest of it', () => {
    const text = '[pci]\ndevice_spec = [{"vendor_id":"10de","product_id":"11b4"},{"vendor_id":"15b3"}]\n';
    const { text: left } = decided({ pci: { device_spec: { absent: [{ vendor_id: '10de' }] } } }, one(text));
    expect(left).toBe('[pci]\ndevice_spec = {"vendor_id": "15b3"}\n');
  });

  it('with a tag that Nova reads alike is removed, however it is written', () => {
    const args = { pci: { device_spec: { absent: [{ managed: 'no' }] } } };
    const spec = (managed: string) => `[pci]\ndevice_spec = {"vendor_id":"10de","managed":${managed}}\n`;
    for (const no of ['"no"', '"False"', '"0"', 'false']) expect(decided(args, one(spec(no))).text).toBe('[pci]\n');
    for (const yes of ['"yes"', 'true']) expect(decided(args, one(spec(yes))).text).toBe(spec(yes));
  });
  it('doubles the dollar of a regular expression, and reads it back as one', () => {
    const spec = { vendor_id: '10de', address: { bus: '8[48]$' } };
    expect(decided({ pci: { device_spec: { exactly: [spec] } } }, one('[pci]\n')).text).toContain('"8[48]$$"');
  });

  it('goes under the name the release knows', () => {
    expect(decided({ pci: { device_spec: { exactly: [GPU] } } }, one('[pci]\n', 25)).text).toContain(
      '\npassthrough_whitelist = {',
    );
  });

  it.each([
    ['an unknown key', { ...GPU, name: 'K4200' }, 'belongs into [pci] alias'],
    ['live_migratable: no', { ...GPU, live_migratable: 'no' }, 'leave the key out'],
    ['a bus beyond ff', { address: '0000:188:00.0' }, '0000:188:00.0'],
    ['address and devname', { ...GPU, devname: 'eth0' }, 'both address and devname'],
  ])('with %s is refused', (_case, spec, message) => {
    expect(() => decided({ pci: { device_spec: { contains: [spec] } } }, one('[pci]\n'))).toThrow(message);
  });

  it('with live_migratable before 31.0.0 is refused, where Nova would make it a tag', () => {
    const args = { pci: { device_spec: { contains: [{ ...GPU, live_migratable: 'yes' }] } } };
    expect(() => decided(args, one('[pci]\n', 30))).toThrow('since 31.0.0');
    expect(decided(args, one('[pci]\n', 31)).text).toContain('"live_migratable": "yes"');
  });

  it('that is empty is repaired by `exactly` and refused by `contains`', () => {
    expect(decided({ pci: { device_spec: { exactly: [GPU] } } }, one('[pci]\ndevice_spec =\n')).text).toContain(
      GPU_LINE.slice(14),
    );
    expect(() => decided({ pci: { device_spec: { contains: [GPU] } } }, one('[pci]\ndevice_spec =\n'))).toThrow(
      'is empty',
    );
  });
});

describe('hardware', () => {
  const card = (address: string, more: Partial<HostFunction> = {}): HostFunction => ({
    address,
    vendor: '10de',
    device: '11b4',
    type: 'type-PCI',
    ...more,
  });
  const wants = (spec: object) => ({ pci: { device_spec: { contains: [spec] } } });

  it('that is not there is refused', () => {
    expect(() => decided(wants(GPU), { ...one('[pci]\n'), functions: [card('0000:84:00.0')] })).toThrow(
      'matches no PCI function',
    );
  });
  it('tells swapped ids', () => {
    const spec = { vendor_id: '11b4', product_id: '10de' };
    expect(() => decided(wants(spec), { ...one('[pci]\n'), functions: [card('0000:88:00.0')] })).toThrow(
      'swapped: 0000:88:00.0 is 10de:11b4',
    );
  });
  it('tells a spec that an earlier one leaves nothing', () => {
    const given = { ...one('[pci]\ndevice_spec = {"vendor_id":"10de"}\n'), functions: [card('0000:88:00.0')] };
    expect(() => decided(wants(GPU), given)).toThrow('comes first');
  });
  it('given as a physical function and its virtual ones is refused', () => {
    const functions = [
      card('0000:88:00.0', { type: 'type-PF' }),
      card('0000:88:00.4', { type: 'type-VF', parent: '0000:88:00.0' }),
    ];
    expect(() => decided(wants({ vendor_id: '10de', product_id: '11b4' }), { ...one('[pci]\n'), functions })).toThrow(
      'both 0000:88:00.0',
    );
  });
  it('with SR-IOV on some hosts only may have an alias for either type, the same on all of them', () => {
    const ids = { vendor_id: '10de', product_id: '11b4' };
    const contains = [
      { name: 'plain', device_type: 'type-PCI', ...ids },
      { name: 'sriov', device_type: 'type-PF', ...ids },
    ];
    for (const type of ['type-PF', 'type-PCI'] as const)
      expect(
        decided({ pci: { alias: { contains } } }, { ...one(''), functions: [{ ...card('0000:84:00.0'), type }] }).text,
      ).toContain('"sriov"');
    const functions = [{ ...card('0000:84:00.0'), type: 'type-VF' as const, parent: '0000:84:00.0' }];
    expect(() => decided({ pci: { alias: { contains } } }, { ...one(''), functions })).toThrow('"plain" never matches');
  });
  it('with SR-IOV needs an alias that says type-PF', () => {
    const functions = [card('0000:88:00.0', { type: 'type-PF' })];
    const args = (alias: object) => ({ pci: { device_spec: { contains: [GPU] }, alias: { contains: [alias] } } });
    const alias = { name: 'a100', vendor_id: '10de', product_id: '11b4' };
    expect(() => decided(args(alias), { ...one('[pci]\n'), functions })).toThrow('"device_type": "type-PF"');
    const alone = { pci: { alias: { contains: [alias] } } };
    const foreign = one('[pci]\ndevice_spec = {"address":"0000:01:00.0"}\n');
    expect(() => decided(alone, { ...foreign, functions })).toThrow('"device_type": "type-PF"');
    expect(decided(args({ ...alias, device_type: 'type-PF' }), { ...one('[pci]\n'), functions }).text).toContain(
      'type-PF',
    );
  });
});

describe('alias', () => {
  const alias = { name: 'a100', vendor_id: '10de', product_id: '20f1', device_type: 'type-PF' };
  const line = 'alias = {"name": "a100", "vendor_id": "10de", "product_id": "20f1", "device_type": "type-PF"}';

  it('of the same name is replaced, others stay', () => {
    const other = 'alias: \'{"name":"t4","vendor_id":"10de","product_id":"1eb8"}\'';
    const text = `[pci]\nalias = {"name":"a100","vendor_id":"10de","product_id":"20b0"}\n${other}\n`;
    expect(decided({ pci: { alias: { contains: [alias] } } }, one(text)).text).toBe(`[pci]\n${other}\n${line}\n`);
  });

  it('is compared as a set, ids without case', () => {
    const text =
      '[pci]\nalias = {"name":"b","vendor_id":"10DE","product_id":"1EB8"}\nalias = {"device_type":"type-PF","name":"a100","vendor_id":"10de","product_id":"20f1","numa_policy":"legacy"}\n';
    const wanted = [alias, { name: 'b', vendor_id: '10de', product_id: '1eb8' }];
    expect(decided({ pci: { alias: { exactly: wanted } } }, one(text)).text).toBe(text);
  });

  it('is removed by name', () => {
    expect(decided({ pci: { alias: { absent: [{ name: 'a100' }] } } }, one(`[pci]\n# c\n${line}\n`)).text).toBe(
      '[pci]\n# c\n',
    );
  });

  it('is told from one whose name differs in case only', () => {
    const small = { name: 'k4200', vendor_id: '10de', product_id: '11b4' };
    const args = { pci: { alias: { contains: [small], absent: [{ name: 'K4200' }] } } };
    const old = 'alias = {"name":"K4200","vendor_id":"10de","product_id":"11b4"}';
    const { text } = decided(args, one(`[pci]\n${old}\n`));
    expect(text).toBe('[pci]\nalias = {"name": "k4200", "vendor_id": "10de", "product_id": "11b4"}\n');
  });

  it('asked for twice in two spellings is written once', () => {
    const twice = [alias, { ...alias, vendor_id: '10DE' }];
    expect(decided({ pci: { alias: { contains: twice } } }, one('[pci]\n')).text).toBe(`[pci]\n${line}\n`);
  });

  it.each([
    [{ name: 't4' }, '{"name":" t4 ","vendor_id":"10de","product_id":"1eb8"}'],
    [{ numa_policy: 'legacy' }, '{"name":"t4","vendor_id":"10de","product_id":"1eb8"}'],
    [{ live_migratable: 'yes' }, '{"name":"t4","vendor_id":"10de","product_id":"1eb8","live_migratable":"True"}'],
  ])('that means %j is removed, however it is written', (pattern, alias) => {
    const args = { pci: { alias: { absent: [pattern] } } };
    expect(decided(args, one(`[pci]\nalias = ${alias}\n`)).text).toBe('[pci]\n');
  });
  it('that says nothing of live migration is no alias that refuses it', () => {
    const text = '[pci]\nalias = {"name":"t4","vendor_id":"10de","product_id":"1eb8"}\n';
    expect(decided({ pci: { alias: { absent: [{ live_migratable: 'no' }] } } }, one(text)).text).toBe(text);
  });
  it('both wanted and unwanted is refused', () => {
    const args = { pci: { alias: { contains: [alias], absent: [{ vendor_id: '10DE' }] } } };
    expect(() => decided(args, one('[pci]\n'))).toThrow('under `contains` and under `absent`');
  });

  it('twice by one name without device_type is refused', () => {
    const { device_type: _none, ...plain } = alias;
    const args = { pci: { alias: { contains: [plain, { ...plain, product_id: '20b0' }] } } };
    expect(() => decided(args, one('[pci]\n'))).toThrow('needs device_type on each');
  });

  it('lands below the commented sample of the option', () => {
    const text = '[pci]\n# An alias.\n#alias =\n\n# Devices.\n#device_spec =\n\n[other]\nx = 1\n';
    expect(decided({ pci: { alias: { contains: [alias] } } }, one(text)).text).toBe(
      text.replace('#alias =\n', `#alias =\n${line}\n`),
    );
  });
});

describe("the deck's snippets", () => {
  it('(a) the whitelist wrapped as on the slide cannot be read, and the line is named', () => {
    const text = '[DEFAULT]\npci_passthrough_whitelist={"name":"K4200","vendor_id":"10de","product_id":\n\n"11b4"}\n';
    expect(() => decided({}, one(text))).toThrow(`${MAIN}:4`);
    expect(() => decided({}, one(text))).toThrow('after `pci_passthrough_whitelist`');
  });

  it('(b) the alias with typographic quotes is refused, or repaired when it is to be exactly so', () => {
    const text = '[DEFAULT]\npci_alias={\u201cname\u201d:\u201dK4200\u201d,"vendor_id":"10de","product_id":"11b4"}\n';
    const alias = { name: 'K4200', vendor_id: '10de', product_id: '11b4' };
    expect(() => decided({ pci: { alias: { contains: [alias] } } }, one(text))).toThrow('typographic quote (U+201C)');
    const { text: repaired } = decided({ pci: { alias: { exactly: [alias] } } }, one(text));
    expect(repaired).toBe('[DEFAULT]\n\n[pci]\nalias = {"name": "K4200", "vendor_id": "10de", "product_id": "11b4"}\n');
    expect(decided({}, one(text)).notes.join('\n')).toContain('U+201C');
  });

  it('(c) the filters migrate to those that still exist, and the five that do not are named', () => {
    const text = `[DEFAULT]
scheduler_available_filters=nova.scheduler.filters.all_filters
scheduler_available_filters=nova.scheduler.filters.pci_passthrough_filter.PciPassthroughFilter
scheduler_default_filters=DifferentHostFilter,RetryFilter,AvailabilityZoneFilter,RamFilter,CoreFilter,DiskFilter,ComputeFilter,ComputeCapabilitiesFilter,ImagePropertiesFilter,ServerGroupAntiAffinityFilter,ServerGroupAffinityFilter,AggregateInstanceExtraSpecsFilter,PciPassthroughFilter
`;
    const { text: migrated, notes } = decided(
      { scheduler: { filters: { contains: ['PciPassthroughFilter'] } } },
      one(text),
    );
    expect(migrated).toBe(
      '[DEFAULT]\n\n[filter_scheduler]\nenabled_filters = DifferentHostFilter,ComputeFilter,ComputeCapabilitiesFilter,ImagePropertiesFilter,ServerGroupAntiAffinityFilter,ServerGroupAffinityFilter,AggregateInstanceExtraSpecsFilter,PciPassthroughFilter\n',
    );
    for (const gone of ['RetryFilter', 'AvailabilityZoneFilter', 'RamFilter', 'CoreFilter', 'DiskFilter'])
      expect(notes.join('\n')).toContain(gone);
  });

  it('(c) each old line is named by its number in the file as it was found', () => {
    const text = `[DEFAULT]
pci_alias = {"name":"K4200","vendor_id":"10de","product_id":"11b4"}
scheduler_available_filters = nova.scheduler.filters.all_filters
scheduler_default_filters = ComputeFilter,PciPassthroughFilter
`;
    const { notes } = decided({}, one(text));
    const places = notes.map((note) => /:(\d+): (.*?) (?:\(|becomes)/.exec(note)?.slice(1).join(' '));
    expect(places.toSorted()).toEqual([
      '2 [DEFAULT] pci_alias',
      '3 [DEFAULT] scheduler_available_filters',
      '4 [DEFAULT] scheduler_default_filters',
    ]);
  });

  it('(c) wrapped as on the slide cannot be read at all', () => {
    const text =
      '[DEFAULT]\nscheduler_default_filters=DifferentHostFilter,RetryFilter,AvailabilityZoneFilter,Ra\nmFilter,CoreFilter\n';
    expect(() => decided({}, one(text))).toThrow(`${MAIN}:3`);
  });
});

describe('filters', () => {
  const wants = { scheduler: { filters: { contains: ['PciPassthroughFilter'] } } };

  it("are added to the release's default when nobody set them", () => {
    expect(decided(wants, one('')).text).toBe(
      '[filter_scheduler]\nenabled_filters = ComputeFilter,ComputeCapabilitiesFilter,ImagePropertiesFilter,ServerGroupAntiAffinityFilter,ServerGroupAffinityFilter,PciPassthroughFilter\n',
    );
  });
  it('are added where the value stands that wins', () => {
    const text = '[filter_scheduler]\nenabled_filters = A\nenabled_filters = ComputeFilter,\n  PciPassthroughFilter,\n';
    expect(decided(wants, one(text)).text).toBe(text);
  });
  it('lose what the release removed, because the scheduler would not start', () => {
    expect(decided(wants, one('[filter_scheduler]\nenabled_filters=RetryFilter,ComputeFilter\n')).text).toContain(
      'enabled_filters=ComputeFilter,PciPassthroughFilter',
    );
  });
  it('are refused when another file wins', () => {
    const files = {
      [MAIN]: '[filter_scheduler]\nenabled_filters = ComputeFilter\n',
      '/etc/nova/nova.conf.d/90.conf': '[filter_scheduler]\nenabled_filters = ComputeFilter\n',
    };
    expect(() => decided(wants, { files })).toThrow('/etc/nova/nova.conf.d/90.conf:2');
  });
  it('asked for in two ways that cannot both be are refused', () => {
    const both = { filters: { contains: ['JsonFilter'], without: ['JsonFilter'] } };
    expect(() => decided({ scheduler: both }, one(''))).toThrow('under `without`');
    const options = { filter_scheduler: { enabled_filters: 'ComputeFilter' } };
    expect(() => decided({ ...wants, options }, one(''))).toThrow('keep one of them');
  });
  it('that no release knows are refused', () => {
    expect(() => decided({ scheduler: { filters: { contains: ['PciPasthroughFilter'] } } }, one(''))).toThrow(
      'is no filter of Nova 31',
    );
  });
  it('of releases with unknown defaults must be given whole', () => {
    expect(() => decided(wants, one('', 24))).toThrow('whole list');
  });
});

describe('legacy names', () => {
  it('move in one edit, before what the present name already has', () => {
    const text =
      '[DEFAULT]\n# cards\npci_alias = {"name":"a","vendor_id":"10de","product_id":"11b4"}\ndebug = false\n[pci]\nalias = {"name":"b","vendor_id":"10de","product_id":"11b5"}\n';
    expect(decided({}, one(text)).text).toBe(
      '[DEFAULT]\n# cards\ndebug = false\n[pci]\nalias = {"name":"a","vendor_id":"10de","product_id":"11b4"}\nalias = {"name":"b","vendor_id":"10de","product_id":"11b5"}\n',
    );
  });
  it('stay when the task says so', () => {
    const text = '[DEFAULT]\npci_alias = {"name":"a","vendor_id":"10de","product_id":"11b4"}\n';
    expect(decided({ migrate_legacy: false }, one(text)).text).toBe(text);
  });
  it('that are still right for the release stay', () => {
    const text = '[pci]\npassthrough_whitelist = {"vendor_id":"10de"}\n';
    expect(decided({}, one(text, 25)).text).toBe(text);
    expect(decided({}, one(text, 26)).text).toBe('[pci]\ndevice_spec = {"vendor_id":"10de"}\n');
  });
  it('that Nova ignores are dropped, not revived, where any file says it under the present name', () => {
    const files = {
      [MAIN]: '[filter_scheduler]\nenabled_filters = ComputeFilter\n',
      [COMPUTE]: '[DEFAULT]\nscheduler_default_filters = AllHostsFilter\n',
    };
    const { set, notes } = decided({ also_edit: [COMPUTE] }, { files });
    expect(set.texts.map(textOf)).toEqual([files[MAIN], '[DEFAULT]\n']);
    expect(notes.join()).toContain('scheduler_default_filters (ignored by Nova since 24.0.0) is dropped');
  });
  it('of filters that are all gone leave the default, not an empty list', () => {
    const { text } = decided({}, one('[DEFAULT]\nscheduler_default_filters = RetryFilter,RamFilter\n'));
    expect(text).toBe('[DEFAULT]\n');
  });
  it('of mdev types move with their sections', () => {
    const text = '[devices]\nenabled_vgpu_types = nvidia-35\n[vgpu_nvidia-35]\ndevice_addresses = 0000:84:00.0\n';
    expect(decided({}, one(text)).text).toBe(
      text
        .replace('enabled_vgpu_types', 'enabled_mdev_types')
        .replace('=nvidia', '= nvidia')
        .replace('[vgpu_', '[mdev_'),
    );
  });
  it('of mdev sections stay beside a section of the present name, which is the one that counts', () => {
    const text =
      '[mdev_nvidia-35]\ndevice_addresses = 0000:85:00.0\n[vgpu_nvidia-35]\ndevice_addresses = 0000:84:00.0\n';
    const { text: after, notes } = decided({}, one(text));
    expect(after).toBe(text);
    expect(notes.join()).toContain('[vgpu_nvidia-35] counts for nothing');
  });
});

describe('other options', () => {
  it('change on the line that wins, whose spelling stays', () => {
    const text = '[DEFAULT]\r\ndebug:false\r\n# end';
    expect(decided({ options: { DEFAULT: { debug: true } } }, one(text)).text).toBe('[DEFAULT]\r\ndebug:true\r\n# end');
    expect(decided({ options: { DEFAULT: { debug: false } } }, one(text)).text).toBe(text);
  });
  it('are removed by null, wherever they are repeated', () => {
    expect(
      decided({ options: { compute: { x: null } } }, one('[compute]\nx = 1\n  2\ny = 3\n[Compute]\nx = 4\n')).text,
    ).toBe('[compute]\ny = 3\n[Compute]\n');
  });
  it('are repeated for a list', () => {
    const args = {
      options: { DEFAULT: { reserved_huge_pages: ['node:0,size:2048,count:64', 'node:1,size:1GB,count:1'] } },
    };
    expect(decided(args, one('')).text).toBe(
      '[DEFAULT]\nreserved_huge_pages = node:0,size:2048,count:64\nreserved_huge_pages = node:1,size:1GB,count:1\n',
    );
  });
  it('keep blanks and quotes that oslo.config would strip', () => {
    expect(decided({ options: { DEFAULT: { x: "'a'" } } }, one('')).text).toBe('[DEFAULT]\nx = "\'a\'"\n');
  });
  it('do not keep an invisible character before the old value, which Nova would take for part of the new one', () => {
    expect(decided({ options: { DEFAULT: { x: 'new' } } }, one('[DEFAULT]\nx = \ufeffold\n')).text).toBe(
      '[DEFAULT]\nx = new\n',
    );
  });
  it('end a last line that had no end', () => {
    expect(decided({ options: { DEFAULT: { a: 1 } } }, one('[DEFAULT]\nb = 2')).text).toBe('[DEFAULT]\nb = 2\na = 1\n');
  });
  it.each([
    [{ default: { debug: true } }, 'spelt DEFAULT'],
    [{ pci: { 'device-spec': 'x' } }, 'underscores'],
    [{ DEFAULT: { x: 'a\nb' } }, 'one line'],
    [{ DEFAULT: { x: '\u201ca\u201d' } }, 'typographic'],
    [{ DEFAULT: { pci_alias: '{}' } }, 'use [pci] alias'],
    [{ DEFAULT: { pci_aliases: '{}' } }, 'never existed'],
  ])('%j is refused', (options, message) => {
    expect(() => decided({ options }, one(''))).toThrow(message);
  });
});

describe('options a release does not have', () => {
  it.each([
    ['pci', 'report_in_placement', 26],
    ['filter_scheduler', 'pci_in_placement', 27],
    ['compute', 'cpu_dedicated_set', 20],
    ['PCI', 'report_in_placement', 26],
  ])('[%s] %s is refused before %i.0.0, which would pass over it', (section, key, since) => {
    const args = { options: { [section]: { [key]: key.endsWith('set') ? '2-9' : true } }, accept_one_way: true };
    expect(() => decided(args, one('', since - 1))).toThrow(`since ${since}.0.0`);
    expect(decided(args, one('', since)).text).toContain(`${key} = `);
  });
});

describe('sets of CPUs', () => {
  const dedicated = (value: string) => ({ options: { compute: { cpu_dedicated_set: value } } });
  it.each([
    [
      'beside vcpu_pin_set',
      '[DEFAULT]\nvcpu_pin_set = 4-7\n',
      '2-9',
      'vcpu_pin_set and [compute] cpu_dedicated_set exclude',
    ],
    ['that overlap', '[compute]\ncpu_shared_set = 0-2\n', '2-9', 'shares CPU 2'],
    ['with reserved CPUs', '[DEFAULT]\nreserved_host_cpus = 1\n', '2-9', 'reserved_host_cpus excludes'],
    ['of nothing', '', '2,^2', 'leaves no CPU'],
    ['that are no list', '', '9-2', 'no list such as'],
  ])('%s are refused', (_what, text, value, message) => {
    expect(() => decided(dedicated(value), one(text))).toThrow(message);
  });
  it('move from vcpu_pin_set in one write', () => {
    const args = { options: { compute: { cpu_dedicated_set: '4-7' }, DEFAULT: { vcpu_pin_set: null } } };
    expect(decided(args, one('[DEFAULT]\nvcpu_pin_set = 4-7\n')).text).toBe(
      '[DEFAULT]\n\n[compute]\ncpu_dedicated_set = 4-7\n',
    );
  });
  it('of others are told, not refused', () => {
    const text = '[DEFAULT]\nvcpu_pin_set = 4-7\n[compute]\ncpu_dedicated_set = 2-9\n';
    expect(decided({}, one(text)).notes.join()).toContain('exclude each other');
  });
});

describe('report_in_placement', () => {
  it('is turned on only with consent, and never off', () => {
    const on = { options: { pci: { report_in_placement: true } } };
    expect(() => decided(on, one(''))).toThrow('accept_one_way');
    expect(decided({ ...on, accept_one_way: true }, one('')).text).toContain('report_in_placement = true');
    for (const goal of [false, null]) {
      const args = { options: { pci: { report_in_placement: goal } }, accept_one_way: true };
      expect(() => decided(args, one('[pci]\nreport_in_placement = True\n'))).toThrow('cannot be turned off');
    }
  });
});

describe('whatever is not edited', () => {
  it('keeps every byte: comments, repeated sections, $ and %, odd blanks', () => {
    const rest = '# top\r\n[DEFAULT]\r\nx = $y 50%\t \r\n;z\r\n\r\n[a]\nk : v\n   cont\n[DEFAULT]\nk2=1\n\n\n[pci]\n';
    const { text } = decided({ pci: { device_spec: { exactly: [GPU] } } }, one(rest));
    expect(text.startsWith(rest)).toBe(true);
    expect(text.slice(rest.length)).toBe(`${GPU_LINE}\r\n`);
  });
  it('is found again after a lone carriage return met an inserted line feed', () => {
    const old = '[DEFAULT]\rpci_passthrough_whitelist = {"vendor_id":"10de"}\n';
    expect(decided({ pci: { device_spec: { exactly: [] } } }, one(old)).text).toBe('[DEFAULT]\r\n[pci]\n');
  });
  it('stops everything when Nova cannot read it', () => {
    expect(() => decided({}, one('\ufeff[DEFAULT]\n'))).toThrow(`${MAIN}:1`);
  });
});

it('refuses to guess the release where it matters', () => {
  const parsed = novaConfArgs.parse({ pci: { alias: { absent: [{ name: 'a' }] } } });
  const set = { texts: [osloText(MAIN, '')], path: MAIN, editable: new Set([MAIN]) };
  expect(() => decide(parsed, { set, release: null })).toThrow('say e.g. `release: "2025.1"`');
});
