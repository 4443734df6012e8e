import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { allValues, lastValue, listItems, type OptionName, type OsloSource } from './effective-config.ts';
import { parseOslo, splitLines } from './oslo-ini.ts';

// What the real oslo.config 9.0 made of the same texts; see capture-oslo.py beside the captures.
interface Captured {
  readonly alias?: readonly string[];
  readonly device_spec?: readonly string[];
  readonly enabled_filters?: readonly string[];
  readonly error?: string;
}
const captures = JSON.parse(readFileSync('test/fixtures/nova/oslo-captures.json', 'utf8')) as {
  cases: readonly { name: string; text: string; result: Captured }[];
  orders: Readonly<Record<string, Captured>>;
};

const ALIAS: readonly OptionName[] = [
  { section: 'pci', key: 'alias' },
  { section: 'DEFAULT', key: 'pci_alias' },
];
const DEVICE_SPEC: readonly OptionName[] = [
  { section: 'pci', key: 'device_spec' },
  { section: 'pci', key: 'passthrough_whitelist' },
  { section: 'DEFAULT', key: 'pci_passthrough_whitelist' },
];
const FILTERS: readonly OptionName[] = [
  { section: 'filter_scheduler', key: 'enabled_filters' },
  { section: 'DEFAULT', key: 'scheduler_default_filters' },
];

function effective(sources: readonly OsloSource[]): Captured {
  return {
    alias: allValues(sources, ALIAS).map((one) => one.value),
    device_spec: allValues(sources, DEVICE_SPEC).map((one) => one.value),
    enabled_filters: listItems(lastValue(sources, FILTERS)?.value ?? ''),
  };
}

// `$` is put back by the reader of JSON values, not by the file reader.
const withDollars = (values: readonly string[] = []) => values.map((value) => value.replace(/\$\$|\\\$/g, '$'));

describe('a file read by the real oslo.config and by us', () => {
  for (const { name, text, result } of captures.cases.filter((one) => one.result.error !== 'NoSuchOptError')) {
    it(`means the same: ${name}`, () => {
      const file = parseOslo(text);
      expect(file.fault === undefined).toBe(result.error === undefined);
      if (file.fault) return;
      const ours = effective([{ path: 'nova.conf', file }]);
      expect(ours.alias).toEqual(result.alias);
      expect(withDollars(ours.device_spec)).toEqual(result.device_spec);
      expect(ours.enabled_filters).toEqual(result.enabled_filters);
    });
  }
});

describe('several files', () => {
  const source = (path: string): OsloSource => ({
    path,
    file: parseOslo(
      `[pci]\nalias = ${path}\n[DEFAULT]\npci_alias = old ${path}\n[filter_scheduler]\nenabled_filters = ${path}\n`,
    ),
  });
  it('are concatenated for repeatable options, legacy names first within each, and the last file wins elsewhere', () => {
    const paths = ['nova.conf', 'nova-compute.conf', 'nova.conf.d/10.conf', 'nova.conf.d/20.conf'];
    const ours = effective(paths.map(source));
    expect(ours.alias).toEqual(captures.orders.defaults?.alias);
    expect(ours.enabled_filters).toEqual(captures.orders.defaults?.enabled_filters);
  });
});

describe('positions', () => {
  it('span the continuation lines of a value', () => {
    const file = parseOslo('[pci]\n# c\nalias = {\n  "name":"a"\n  }\ndevice_spec = x\n');
    expect(file.entries.map((entry) => [entry.line, entry.lastLine])).toEqual([
      [3, 5],
      [6, 6],
    ]);
  });

  it('name the line of a mistake and the value being read', () => {
    const fault = parseOslo('[DEFAULT]\npci_passthrough_whitelist={"name":"K4200",\n"11b4"}\n').fault;
    expect(fault).toEqual({
      line: 3,
      message: expect.stringContaining("':' or '='"),
      after: 'pci_passthrough_whitelist',
    });
  });

  it('lose no byte: joined lines are the text', () => {
    const text = 'a\r\nb\rc\n\n\r\n  d';
    expect(splitLines(text).join('')).toBe(text);
    expect(splitLines(text)).toHaveLength(6);
  });
});
