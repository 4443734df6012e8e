import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { aliasFaults } from '../../src/modules/nova/alias.ts';
import { aspectFaults, effectiveSpecs } from '../../src/modules/nova/checks.ts';
import { assign, type HostFunction } from '../../src/modules/nova/cross-check.ts';
import type { OsloSource } from '../../src/probes/nova/effective-config.ts';
import { parseOslo } from '../../src/probes/nova/oslo-ini.ts';
import { isRaised, type Judge, overwrite, reading, startJudge, type Verdict, written } from './judge.ts';
import { aliasValue, specValue } from './malformed.ts';

const ZED = 26;
const LONG = { timeout: 240_000 };
let judge: Judge;
beforeAll(() => {
  judge = startJudge();
});
afterAll(() => judge.close());

const FUNCTIONS: readonly HostFunction[] = [
  { address: '0000:84:00.0', vendor: '10de', device: '11b4', type: 'type-PCI' },
  { address: '0000:84:00.1', vendor: '10de', device: '1eb8', type: 'type-PCI' },
  { address: '0000:88:00.0', vendor: '10de', device: '11b4', type: 'type-PCI' },
  { address: '0001:88:00.0', vendor: '10de', device: '0302', type: 'type-PCI' },
  { address: '0000:8a:00.0', vendor: '10de', device: '1e30', type: 'type-PF' },
  { address: '0000:8a:00.4', vendor: '10de', device: '11b4', type: 'type-VF', parent: '0000:8a:00.0' },
];
const HOST = {
  devices: FUNCTIONS.map(({ address, vendor, device, parent = null }) => ({
    address,
    vendor_id: vendor,
    product_id: device,
    parent_addr: parent,
  })),
  physical_functions: ['0000:8a:00.0'],
};

async function verdictOn(folder: string, text: string): Promise<Verdict> {
  overwrite(folder, { 'nova.conf': text });
  return judge.ask({ words: reading([`${folder}/nova.conf`]), ...HOST });
}

const pciText = (key: string, values: readonly string[]): string =>
  `[pci]\n${values.map((value) => `${key} = ${value}\n`).join('')}`;
const sourceOf = (text: string): OsloSource => ({ path: 'nova.conf', file: parseOslo(text) });

/** What Nova raised, or that it took the aliases for something no author can have meant. */
function aliasComplaint({ aliases, requestable }: Verdict): string | undefined {
  if (isRaised(aliases)) return aliases.error;
  if (isRaised(requestable)) return requestable.error;
  const lost = Object.keys(aliases).find((name) => !requestable.includes(name));
  if (lost !== undefined) return `no flavor can ask for ${lost}`;
  const specs = Object.values(aliases).flatMap(([, found]) => found);
  const odd = specs.find((spec) => ![spec.vendor_id, spec.product_id].every((id) => /^[0-9a-f]{4}$/i.test(id ?? '')));
  return odd && `matches any card, or none: ${JSON.stringify(odd)}`;
}

describe('an alias', () => {
  it('is refused by us exactly when Nova refuses it, or takes it for any card or for none', LONG, async () => {
    const folder = written({});
    const seen = { refused: 0, taken: 0 };
    await fc.assert(
      fc.asyncProperty(fc.array(aliasValue, { minLength: 1, maxLength: 2 }), async (values) => {
        const text = pciText('alias', values);
        const complaint = aliasComplaint(await verdictOn(folder, text));
        const faults = aspectFaults('alias', [sourceOf(text)], ZED);
        seen[complaint === undefined ? 'taken' : 'refused'] += 1;
        expect({ text, faults, isRefused: faults.length > 0 }).toEqual({
          text,
          faults,
          isRefused: complaint !== undefined,
        });
      }),
      { numRuns: 400 },
    );
    expect(Math.min(seen.refused, seen.taken)).toBeGreaterThan(20);
  });

  it('without ids is taken by Nova 26, for any card, and refused by us, as by the newest Nova', async () => {
    const verdict = await verdictOn(written({}), pciText('alias', ['{"name":"any"}']));
    expect(verdict.aliases).toEqual({ any: ['legacy', [{}]] });
    for (const release of [ZED, 33]) {
      const context = { release, isInPlacement: false };
      expect(aliasFaults('{"name":"any"}', context).join()).toContain('needs vendor_id and product_id');
    }
  });

  it.each([
    ['resource_class', '"GPU"', 27],
    ['traits', '"HW_GPU"', 27],
    ['live_migratable', '"yes"', 31],
  ])('with %s is refused by Nova 26, and by us before the release that brought it', async (key, value, since) => {
    const alias = `{"name":"a","vendor_id":"10de","product_id":"11b4","${key}":${value}}`;
    expect(aliasComplaint(await verdictOn(written({}), pciText('alias', [alias])))).toContain(key);
    const faults = (release: number) => aliasFaults(alias, { release, isInPlacement: false });
    expect([faults(since - 1).length, faults(since).length]).toEqual([1, 0]);
  });
});

/** Stricter than Nova on purpose: it would pass over these, or the value is one that Nova can never find. */
const MISREAD = [
  /address field .* passes over/,
  /regular expression of the plain kind/,
  /devname that is not a JSON string/,
];
const NEVER_FOUND = /-\d|[^\t\n\x20-\x7e]/;

describe('a device_spec', () => {
  it('is refused by us when Nova refuses or misreads it, and else gives the same devices', LONG, async () => {
    const folder = written({});
    const seen = { refused: 0, giving: 0 };
    await fc.assert(
      fc.asyncProperty(fc.array(specValue, { minLength: 1, maxLength: 2 }), async (values) => {
        const text = pciText('device_spec', values);
        const source = sourceOf(text);
        const { specs } = await verdictOn(folder, text);
        const faults = aspectFaults('device_spec', [source], ZED);
        if (isRaised(specs)) {
          seen.refused += 1;
          expect(faults, `${text}${specs.error}`).not.toEqual([]);
          return;
        }
        const strict = faults.filter((fault) => !MISREAD.some((one) => one.test(fault)) && !NEVER_FOUND.test(text));
        expect(strict, text).toEqual([]);
        if (faults.length > 0) return;
        if (Object.values(specs.given).some((one) => one !== null)) seen.giving += 1;
        expect(givenBy(source), text).toEqual(specs.given);
      }),
      { numRuns: 700 },
    );
    expect(Math.min(seen.refused, seen.giving)).toBeGreaterThan(40);
  });

  it.each([
    ['a misspelt field of the address is passed over', '{"address":{"slott":"07"}}', 6],
    ['a negative number is never found', '{"vendor_id":"10de","product_id":"-1"}', 0],
    ['an unknown key is a free tag', '{"vendor_id":"10de","prodcut_id":"11b4"}', 6],
  ])('%s by Nova', async (_what, value, count) => {
    const { specs } = await verdictOn(written({}), pciText('device_spec', [value]));
    if (isRaised(specs)) throw new Error(specs.error);
    expect(Object.values(specs.given).filter((one) => one !== null)).toHaveLength(count);
  });

  it.each(['"a"', '7', '[7]', '', 'null', '{"vendor_id":4318}', '{"vendor_id":null}', '{"address":["88"]}'])(
    'that is %s is refused by both',
    async (value) => {
      const text = pciText('device_spec', [value]);
      expect(isRaised((await verdictOn(written({}), text)).specs)).toBe(true);
      expect(aspectFaults('device_spec', [sourceOf(text)], ZED)).toHaveLength(1);
    },
  );

  it('with devname is refused by both when it is reported to Placement', async () => {
    const text = '[pci]\nreport_in_placement = yes\ndevice_spec = {"devname":"eth9"}\n';
    expect((await verdictOn(written({}), text)).specs).toMatchObject({ error: expect.stringContaining('devname') });
    expect(aspectFaults('device_spec', [sourceOf(text)], ZED).join()).toContain('devname');
  });
});

describe('the filters of the scheduler', () => {
  const NAMES = [
    'ComputeFilter',
    'PciPassthroughFilter',
    'RetryFilter',
    'RamFilter',
    'PciPasthroughFilter',
    'ServerGroupAffinityFilter',
  ];
  const ALL = 'nova.scheduler.filters.all_filters';
  const CLASSES = ['pci_passthrough_filter.PciPassthroughFilter', 'compute_filter.ComputeFilter'];
  const available = fc.subarray([ALL, ...CLASSES.map((one) => `nova.scheduler.filters.${one}`)]);

  it('are refused by us exactly when nova-scheduler does not start with them', LONG, async () => {
    const folder = written({});
    const seen = { refused: 0, taken: 0 };
    const enabled = fc.option(fc.array(fc.constantFrom(...NAMES), { maxLength: 2 }), { freq: 8 });
    await fc.assert(
      fc.asyncProperty(enabled, available, async (names, classes) => {
        const text = `[filter_scheduler]\n${classes.map((one) => `available_filters = ${one}\n`).join('')}${
          names ? `enabled_filters = ${names.join(', ')}\n` : ''
        }`;
        const { filters } = await verdictOn(folder, text);
        const faults = aspectFaults('filters', [sourceOf(text)], ZED);
        seen[isRaised(filters) ? 'refused' : 'taken'] += 1;
        expect(faults.length > 0, `${text}${faults.join()}${JSON.stringify(filters)}`).toBe(isRaised(filters));
      }),
      { numRuns: 200 },
    );
    expect(Math.min(seen.refused, seen.taken)).toBeGreaterThan(30);
  });
});

function givenBy(source: OsloSource): Readonly<Record<string, number | null>> {
  const specs = effectiveSpecs([source], ZED);
  const given = assign(specs, FUNCTIONS);
  const numberOf = (one: HostFunction) => {
    const spec = given.get(one);
    return spec ? specs.indexOf(spec) : null;
  };
  return Object.fromEntries(FUNCTIONS.map((one) => [one.address, numberOf(one)]));
}
