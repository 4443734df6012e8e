import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { aliasFaults } from '../../src/modules/nova/alias.ts';
import { aspectFaults } from '../../src/modules/nova/checks.ts';
import { cpuSpec } from '../../src/modules/nova/cpu-sets.ts';
import { defaultFilters, filtersOf } from '../../src/modules/nova/filters.ts';
import { isRepeatable, knownSince, renamedOptions } from '../../src/modules/nova/options.ts';
import { isSecretKey } from '../../src/modules/nova/secrets.ts';
import { parseOslo } from '../../src/probes/nova/oslo-ini.ts';
import { type Judge, overwrite, reading, startJudge, type Tables, written } from './judge.ts';

const ZED = 26;
let judge: Judge;
let nova: Tables;
beforeAll(async () => {
  judge = startJudge();
  const { tables } = await judge.ask({ words: [], also: ['tables'] });
  if (!tables) throw new Error('the judge gave no tables');
  nova = tables;
});
afterAll(() => judge.close());

const nameOf = ({ section, key }: { readonly section: string; readonly key: string }) => `${section}/${key}`;

describe('our tables, for release 26, and Nova 26', () => {
  it('know the same older names for each option that was renamed', () => {
    for (const { names, deadFrom } of renamedOptions(ZED)) {
      const [modern, ...older] = names.map(nameOf);
      const living = deadFrom !== undefined && deadFrom <= ZED ? [] : older;
      expect(nova.names[modern ?? ''], modern).toEqual(living);
    }
  });

  it.each([
    ['pci', 'report_in_placement'],
    ['filter_scheduler', 'pci_in_placement'],
    ['compute', 'cpu_dedicated_set'],
    ['devices', 'enabled_mdev_types'],
    ['pci', 'device_spec'],
  ])('agree on whether [%s] %s exists yet', (section, key) => {
    expect(Object.hasOwn(nova.names, `${section}/${key}`)).toBe((knownSince(section, key) ?? 99) <= ZED);
  });

  it('know the same filters and the same default', () => {
    expect(filtersOf(ZED)).toEqual(nova.filters);
    expect(defaultFilters(ZED)).toEqual(nova.default_filters);
  });

  it('hide every option that Nova itself never logs', () => {
    expect(nova.secrets.length).toBeGreaterThan(15);
    expect(nova.secrets.filter((name) => !isSecretKey(name.slice(name.indexOf('/') + 1)))).toEqual([]);
  });

  it('know the same options of which every line counts', () => {
    const split = (name: string) => name.split('/') as [string, string];
    expect(nova.repeatable.length).toBeGreaterThan(6);
    expect(nova.repeatable.filter((name) => !isRepeatable(...split(name)))).toEqual([]);
    const others = Object.keys(nova.names).filter((name) => !nova.repeatable.includes(name));
    expect(others.filter((name) => isRepeatable(...split(name)))).toEqual([]);
  });

  it('know the same keys of an alias, and the same NUMA policies', () => {
    const context = { release: ZED, isInPlacement: false };
    const withKey = (key: string, value: string) =>
      aliasFaults(JSON.stringify({ name: 'a', vendor_id: '10de', product_id: '11b4', [key]: value }), context);
    const keys = [
      'capability_type',
      'device_type',
      'numa_policy',
      'resource_class',
      'traits',
      'live_migratable',
      'devname',
    ];
    const taken = keys.filter((key) => withKey(key, 'x').every((fault) => !/key/.test(fault)));
    expect([...taken, 'name', 'product_id', 'vendor_id'].sort()).toEqual(nova.alias_keys);
    expect(nova.numa_policies.flatMap((policy) => withKey('numa_policy', policy))).toEqual([]);
  });
});

const cpuList = fc
  .array(
    fc.oneof(
      fc.tuple(fc.constantFrom('', '^', ''), fc.nat(12)).map(([not, cpu]) => `${not}${cpu}`),
      fc.tuple(fc.nat(12), fc.nat(12)).map(([from, to]) => `${from}-${to}`),
      fc.constantFrom('', ' 3 ', '4 - 6', '^ 4', '^4-5', 'a', '1-', '-1', '--', '1,,2', '^'),
    ),
    { maxLength: 4 },
  )
  .map((rules) => rules.join(','));

it('sets of CPUs are refused by us exactly when nova-compute refuses them', { timeout: 120_000 }, async () => {
  const folder = written({});
  const seen = { refused: 0, taken: 0 };
  const option = fc.tuple(
    fc.constantFrom('[DEFAULT]\nvcpu_pin_set', '[compute]\ncpu_dedicated_set', '[compute]\ncpu_shared_set'),
    cpuList,
  );
  const lines = fc.uniqueArray(option, { maxLength: 3, selector: ([key]) => key });
  await fc.assert(
    fc.asyncProperty(lines, fc.constantFrom('', '[DEFAULT]\nreserved_host_cpus = 2\n'), async (options, reserved) => {
      const text = reserved + options.map(([key, value]) => `${key} = ${value}\n`).join('');
      overwrite(folder, { 'nova.conf': text });
      const { cpus } = await judge.ask({ words: reading([`${folder}/nova.conf`]), also: ['cpus'] });
      const faults = aspectFaults('cpus', [{ path: 'nova.conf', file: parseOslo(text) }], ZED);
      seen[cpus === null ? 'taken' : 'refused'] += 1;
      expect(faults.length > 0, `${text}${faults.join()}${JSON.stringify(cpus)}`).toBe(cpus !== null);
    }),
    { numRuns: 300 },
  );
  expect(Math.min(seen.refused, seen.taken)).toBeGreaterThan(30);
  expect(cpuSpec('4-8,^5')).toEqual(new Set([4, 6, 7, 8]));
});
