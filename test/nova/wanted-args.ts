import fc from 'fast-check';

const IDS = fc.record({
  vendor_id: fc.constantFrom('10de', '10DE', '0x15b3', '1002'),
  product_id: fc.constantFrom('11b4', '1eb8', '102d', '0302'),
});
const alias = fc
  .tuple(
    IDS,
    fc.record(
      {
        name: fc.constantFrom('t4', 'k4200', 'k80', 'a100', 'a $b', 'é'),
        device_type: fc.constantFrom('type-PCI', 'type-PF', 'type-VF'),
        numa_policy: fc.constantFrom('required', 'legacy', 'preferred', 'socket'),
      },
      { requiredKeys: ['name'] },
    ),
  )
  .map(([ids, more]) => ({ ...ids, ...more }));
const spec = fc
  .tuple(
    IDS,
    fc.record(
      {
        address: fc.constantFrom<unknown>('0000:88:00.0', '84:00.0', '*:8a:*.1', { bus: '8[48]$' }, { slot: '0\\d$' }),
        physical_network: fc.constantFrom(null, 'physnet1', 'back\\$slash'),
        trusted: fc.constantFrom('true', 'false'),
      },
      { requiredKeys: [] },
    ),
  )
  .map(([ids, more]) => ({ ...ids, ...more }));

function goal<Item>(item: fc.Arbitrary<Item>, absent: fc.Arbitrary<unknown>, selector: (one: Item) => string) {
  const items = fc.uniqueArray(item, { maxLength: 3, selector });
  return fc.oneof(
    items.map((exactly) => ({ exactly })),
    items.map((contains) => ({ contains })),
    fc.record({ contains: items, absent: fc.array(absent, { minLength: 1, maxLength: 2 }) }),
  );
}

const FILTERS = [
  'ComputeFilter',
  'ImagePropertiesFilter',
  'PciPassthroughFilter',
  'NUMATopologyFilter',
  'AllHostsFilter',
];
const filters = fc.record({
  contains: fc.subarray(FILTERS.slice(2)),
  without: fc.subarray(FILTERS.slice(0, 2)),
});

/** One line of text, as oslo.config must give it back: blanks and quotes at the ends, `=`, `#`, backslashes. */
const scalar = fc
  .oneof(
    fc.constantFrom(
      '',
      ' ',
      "'",
      '"',
      '""',
      '\'x"',
      '"a" "b"',
      '# x',
      '; x',
      '[x]',
      '=',
      ':',
      '\u0085x\u001f',
      'a\\',
      '\\$x',
      '50%s',
    ),
    fc.string({ unit: 'grapheme', maxLength: 10 }),
    fc.string({ unit: fc.constantFrom(...'"\' \t=#a\u00e9\u0085\u001c\u3000'), maxLength: 6 }),
  )
  .filter((text) => !/[\r\n\0\u2018-\u201f\u00a0\ufeff]/.test(text));

const options = fc.record(
  {
    DEFAULT: fc.record(
      {
        my_ip: fc.constantFrom('192.0.2.8', null),
        reserved_huge_pages: fc.constantFrom<unknown>(
          ['node:0,size:2048,count:64'],
          ['node:0,size:4,count:1', 'node:1,size:1GB,count:9'],
          [],
          null,
        ),
        x: fc.oneof(scalar, fc.constant(null)),
      },
      { requiredKeys: [] },
    ),
    site: fc.record({ x: scalar, y: fc.oneof(fc.integer(), fc.boolean()) }, { requiredKeys: [] }),
    Compute: fc.record({ cpu_dedicated_set: fc.constantFrom('2-17', '1,3', null) }, { requiredKeys: [] }),
  },
  { requiredKeys: [] },
);

/** What a task may ask for, before it is parsed. */
export const wantedArgs = fc.record({
  pci: fc.record(
    {
      alias: goal(alias, fc.constantFrom({ name: 't4' }, { vendor_id: '10de' }), (one) => one.name),
      device_spec: goal(spec, fc.constantFrom({ vendor_id: '15b3' }, { product_id: '11B4' }), (one) =>
        JSON.stringify(one),
      ),
    },
    { requiredKeys: [] },
  ),
  scheduler: fc.option(fc.record({ filters }), { nil: undefined }),
  options,
  migrate_legacy: fc.boolean(),
});
