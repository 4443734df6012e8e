import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { effectiveSpecs } from '../../src/modules/nova/checks.ts';
import { type HostFunction, specFitFaults } from '../../src/modules/nova/cross-check.ts';
import { parseOslo } from '../../src/probes/nova/oslo-ini.ts';
import { isRaised, type Judge, overwrite, reading, startJudge, written } from './judge.ts';

const ZED = 26;
let judge: Judge;
beforeAll(() => {
  judge = startJudge();
});
afterAll(() => judge.close());

const virtual = (address: string, parent: string): HostFunction => ({
  address,
  vendor: '10de',
  device: '20c2',
  type: 'type-VF',
  parent,
});
const physical = (address: string): HostFunction => ({ address, vendor: '10de', device: '20f1', type: 'type-PF' });
const FUNCTIONS = [
  physical('0000:8a:00.0'),
  virtual('0000:8a:00.4', '0000:8a:00.0'),
  virtual('0000:8a:00.5', '0000:8a:00.0'),
  physical('0000:8c:00.0'),
  virtual('0000:8c:00.4', '0000:8c:00.0'),
];

const spec = fc.record(
  {
    vendor_id: fc.constant('10de'),
    product_id: fc.constantFrom('20f1', '20c2'),
    address: fc.constantFrom('0000:8a:00.0', '*:8a:*.4', '*:8c:*.*', '*:*:*.5'),
    resource_class: fc.constantFrom('my gpu', 'CUSTOM_MY_GPU', 'other', ''),
    traits: fc.constantFrom('a,b', 'B,a,CUSTOM_A', 'c', null),
    physical_network: fc.constantFrom(null, 'physnet1'),
  },
  { requiredKeys: [] },
);

it('cards and their virtual functions are refused by us exactly when nova-compute could not report them', {
  timeout: 120_000,
}, async () => {
  const folder = written({});
  const seen = { refused: 0, reported: 0 };
  await fc.assert(
    fc.asyncProperty(fc.array(spec, { minLength: 1, maxLength: 3 }), async (listed) => {
      const lines = listed.map((one) => `device_spec = ${JSON.stringify(one)}\n`).join('');
      const text = `[pci]\nreport_in_placement = true\n${lines}`;
      overwrite(folder, { 'nova.conf': text });
      const { placement } = await judge.ask({
        words: reading([`${folder}/nova.conf`]),
        also: ['placement'],
        physical_functions: FUNCTIONS.filter(({ type }) => type === 'type-PF').map(({ address }) => address),
        devices: FUNCTIONS.map(({ address, vendor, device, parent = null }) => ({
          address,
          vendor_id: vendor,
          product_id: device,
          parent_addr: parent,
        })),
      });
      const specs = effectiveSpecs([{ path: 'nova.conf', file: parseOslo(text) }], ZED);
      const faults = specFitFaults({ specs, asked: [] }, FUNCTIONS);
      seen[isRaised(placement) ? 'refused' : 'reported'] += 1;
      expect(faults.length > 0, `${text}${faults.join()}${JSON.stringify(placement)}`).toBe(isRaised(placement));
    }),
    { numRuns: 300 },
  );
  expect(Math.min(seen.refused, seen.reported)).toBeGreaterThan(30);
});
