import fc from 'fast-check';

type Json = Readonly<Record<string, unknown>>;

const HEX = fc.constantFrom('10de', '11b4', '10DE', '1eb8', '0302', '1e30');
const ODD_IDS = [
  '10d',
  '10de0',
  '0x10de',
  ' 10de',
  '10de ',
  'zz11',
  '',
  '*',
  '10_de',
  '-001',
  '+10d',
  '\uff11\uff10de',
  '1 0de',
];
const ODD_VALUES: readonly unknown[] = [
  null,
  true,
  0,
  4318,
  1.5,
  [],
  ['10de'],
  {},
  { a: 1 },
  '',
  ' ',
  'x',
  'type-PF',
  'yes',
];

/** A JSON object like those people write, with some keys wrong, missing or too many. */
function spoilt(
  good: fc.Arbitrary<Json>,
  keys: readonly string[],
  oddities: fc.Arbitrary<unknown>,
): fc.Arbitrary<string> {
  const change = fc.oneof(
    { weight: 3, arbitrary: fc.tuple(fc.constant('set'), fc.constantFrom(...keys), oddities) },
    { weight: 1, arbitrary: fc.tuple(fc.constant('drop'), fc.constantFrom(...keys), fc.constant(null)) },
  );
  return fc.tuple(good, fc.array(change, { maxLength: 2 })).map(([json, changes]) => {
    const after: Record<string, unknown> = { ...json };
    for (const [what, key, value] of changes) {
      if (what === 'drop') delete after[key];
      else after[key] = value;
    }
    return JSON.stringify(after);
  });
}

/** The text of a value with a mistake in its punctuation, as pasting and typing make them. */
function mistyped(text: fc.Arbitrary<string>): fc.Arbitrary<string> {
  const slip = fc.constantFrom<(one: string, at: number) => string>(
    (one) => one,
    (one) => one,
    (one) => one,
    (one, at) => one.slice(0, at) + one.slice(at + 1),
    (one, at) => `${one.slice(0, at)}${'{}[]",:\'\\'[at % 9] ?? ''}${one.slice(at)}`,
    (one) => one.replaceAll('"', "'"),
    (one) => one.replace(/"([^"]*)"/, '\u201c$1\u201d'),
    (one) => one.replace('}', ',}'),
    (one) => `${one} # the card`,
    (one) => `'${one}'`,
    (one) => `[${one}]`,
    (one) => one.replace('10de', '$ids'),
    (one) => one.replace('10de', '$$ids'),
    (one) => one.replace('10de', '$(ids)'),
    (one) => one.replaceAll('"', '\\"'),
    (one) => `${one}${one}`,
    (one) => one.replace(':', '='),
  );
  return fc.tuple(text, slip, fc.nat(120)).map(([one, slipped, at]) => slipped(one, at % (one.length + 1)));
}

const goodAlias = fc.record(
  {
    name: fc.constantFrom('t4', 'k4200', 'a 100', 'x'),
    vendor_id: HEX,
    product_id: HEX,
    device_type: fc.constantFrom('type-PCI', 'type-PF', 'type-VF'),
    numa_policy: fc.constantFrom('required', 'legacy', 'preferred', 'socket'),
    capability_type: fc.constant('pci'),
  },
  { requiredKeys: ['name', 'vendor_id', 'product_id'] },
);
const ALIAS_KEYS = [
  'name',
  'vendor_id',
  'product_id',
  'device_type',
  'numa_policy',
  'capability_type',
  'address',
  'device_id',
];
const oddInAlias = fc.oneof(
  fc.constantFrom(...ODD_IDS),
  fc.constantFrom(...ODD_VALUES),
  fc.constantFrom('a:b', 'a,b', 'n'.repeat(256), 'n'.repeat(257), 'type-GPU', 'near', 'usb'),
);

export const aliasValue: fc.Arbitrary<string> = mistyped(spoilt(goodAlias, ALIAS_KEYS, oddInAlias));

const goodSpec = fc.record(
  {
    vendor_id: HEX,
    product_id: HEX,
    address: fc.constantFrom<unknown>('0000:88:00.0', '88:00.0', '*:84:*.*', '.1', { bus: '8[48]', function: '0' }),
    physical_network: fc.constantFrom(null, 'physnet1'),
    trusted: fc.constantFrom('true', 'false'),
  },
  { requiredKeys: [] },
);
const SPEC_KEYS = ['vendor_id', 'product_id', 'address', 'devname', 'trusted', 'name', 'resource_class'];
const ADDRESSES: readonly unknown[] = [
  '0000:188:00.0',
  '0000:88:20.0',
  '0000:88:00.8',
  '10000:88:00.0',
  '0:0:88:00.0',
  '0000:8x:00.0',
  '0000:8*:00.0',
  '0:88:0.0',
  ' 0000 : 88 : 00 . 0 ',
  '0x0:0x88:0x0.0x0',
  '::.',
  ':',
  '.',
  '88',
  '-1',
  '8_8:00.0',
  '0000:8A:00.0',
  '0000:88:00.0.0',
  '0001:88:00.0',
  { bus: '8[' },
  { bus: 88 },
  { bus: null },
  { slott: '00' },
  { bus: '(?i)8A' },
  { bus: '8a|88', slot: '0.' },
  { bus: '\\d8', function: '[^1]' },
  { bus: '8$' },
  { bus: '' },
  { bus: '8{1,2}' },
  { bus: '8{,2}' },
  { bus: '(8)(?P<x>8)' },
  { bus: '(?<x>88)' },
  { bus: '8++' },
  { bus: '[]8]' },
  { bus: '\\q' },
  { bus: '^88$', domain: '0000', slot: '00', function: '0' },
  { domain: '0000', bus: '88', slot: '00', function: '0' },
  { domain: '0000', bus: '8a', slot: '00', function: '0' },
  '0000:8a:00.0',
];
const oddInSpec = fc.oneof(fc.constantFrom(...ODD_IDS), fc.constantFrom(...ODD_VALUES), fc.constantFrom(...ADDRESSES));

export const specValue: fc.Arbitrary<string> = mistyped(spoilt(goodSpec, SPEC_KEYS, oddInSpec));
