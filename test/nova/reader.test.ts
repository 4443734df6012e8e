import { mkdirSync, rmSync, symlinkSync } from 'node:fs';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  allValues,
  booleanOf,
  lastValue,
  listItems,
  type OptionName,
  type OsloSource,
} from '../../src/probes/nova/effective-config.ts';
import { parseOslo } from '../../src/probes/nova/oslo-ini.ts';
import { aliasNames, deviceSpecNames, enabledFiltersNames } from '../../src/modules/nova/options.ts';
import { literalOf } from '../../src/modules/nova/oslo-json.ts';
import { anyText, plausibleText } from './config-texts.ts';
import { type Assigned, type Judge, overwrite, reading, startJudge, type Verdict, valuesOf, written } from './judge.ts';

const ZED = 26;
let judge: Judge;
beforeAll(() => {
  judge = startJudge();
});
afterAll(() => judge.close());

function ours(text: string): Assigned | undefined {
  const file = parseOslo(text);
  if (file.fault) return undefined;
  const sections: Record<string, Record<string, string[]>> = Object.create(null);
  for (const { name } of file.headers) sections[name] ??= Object.create(null);
  for (const { section, key, value } of file.entries) {
    const keys = (sections[section] ??= Object.create(null));
    (keys[key] ??= []).push(value);
  }
  return sections;
}

const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

describe('our reader and oslo.config', () => {
  it('agree on every section, key and value of any file, and on which files cannot be read', {
    timeout: 120_000,
  }, async () => {
    const folder = written({});
    let readable = 0;
    await fc.assert(
      fc.asyncProperty(anyText, async (text) => {
        overwrite(folder, { 'nova.conf': text });
        const verdict = await judge.ask({ words: reading([`${folder}/nova.conf`]), also: ['assigned'] });
        const read = ours(text);
        if (verdict.unreadable === undefined) readable += 1;
        expect(verdict.unreadable === undefined).toBe(read !== undefined);
        if (read) expect(plain(read)).toEqual(verdict.assigned?.[0]);
      }),
      { numRuns: 400 },
    );
    expect(readable).toBeGreaterThan(40);
  });

  it('agree that bytes which are not UTF-8 cannot be read', async () => {
    const folder = written({ 'nova.conf': Buffer.from('[DEFAULT]\nx = caf\xe9\n', 'latin1') });
    const { unreadable } = await judge.ask({ words: reading([`${folder}/nova.conf`]) });
    expect(unreadable).toContain('UnicodeDecodeError');
  });

  it('agree on what in a directory stops Nova: a link to nothing and a directory, but not /dev/null', async () => {
    const folder = written({ 'nova.conf': '[DEFAULT]\n', 'd/10.conf': '[DEFAULT]\n' });
    const ask = () => judge.ask({ words: reading([`${folder}/nova.conf`], [`${folder}/d`]) });
    symlinkSync('/dev/null', `${folder}/d/20.conf`);
    expect((await ask()).unreadable).toBeUndefined();
    symlinkSync('nowhere', `${folder}/d/30.conf`);
    expect((await ask()).unreadable).toContain('30.conf');
    rmSync(`${folder}/d/30.conf`);
    mkdirSync(`${folder}/d/30.conf`);
    expect((await ask()).unreadable).toContain('30.conf');
  });

  it('agree on the effective values over files and directories, old names included', { timeout: 120_000 }, async () => {
    const names = ['nova.conf', 'nova-compute.conf', 'd/10.conf', 'd/20.conf'] as const;
    const folder = written({ 'd/ignored.conf.bak': 'junk' });
    await fc.assert(
      fc.asyncProperty(fc.tuple(plausibleText, plausibleText, plausibleText, plausibleText), async (texts) => {
        overwrite(folder, Object.fromEntries(names.map((name, index) => [name, texts[index] ?? ''])));
        const files = names.slice(0, 2).map((name) => `${folder}/${name}`);
        const verdict = await judge.ask({ words: reading(files, [`${folder}/d`]), also: ['values'] });
        const sources = names.map((name, index) => ({ path: name, file: parseOslo(texts[index] ?? '') }));
        expectEqualMeaning(sources, verdict);
      }),
      { numRuns: 80 },
    );
  });
});

it.each(['" true "', '"true"', "' off'", 'TRUE', 'on', '2', '', 'truee'])(
  '%s is a boolean to both of us, or to neither',
  async (value) => {
    const text = `[pci]\nreport_in_placement = ${value}\n`;
    const verdict = await judge.ask({
      words: reading([`${written({ 'nova.conf': text })}/nova.conf`]),
      also: ['values'],
    });
    const read = lastValue(
      [{ path: 'nova.conf', file: parseOslo(text) }],
      [{ section: 'pci', key: 'report_in_placement' }],
    );
    const taken = valuesOf(verdict)['pci/report_in_placement'] ?? false;
    expect(booleanOf(read?.value ?? '')).toBe(typeof taken === 'boolean' ? taken : undefined);
  },
);

it.each(['a,b,,', ' a , b', '"\u0085a,\u001fb\u00a0"', '"\ufeffa,b"', ',', '",a"', '" "'])(
  '%j is the same list to both of us',
  async (value) => {
    const text = `[filter_scheduler]\nenabled_filters = ${value}\n`;
    const verdict = await judge.ask({
      words: reading([`${written({ 'nova.conf': text })}/nova.conf`]),
      also: ['values'],
    });
    const read = lastValue([{ path: 'nova.conf', file: parseOslo(text) }], enabledFiltersNames(ZED));
    expect(listItems(read?.value ?? '')).toEqual(valuesOf(verdict)['filter_scheduler/enabled_filters']);
  },
);

const literals = (values: readonly { readonly value: string }[]) => values.map(({ value }) => literalOf(value));

function expectEqualMeaning(sources: readonly OsloSource[], verdict: Verdict): void {
  const single = (section: string, key: string) => lastValue(sources, [{ section, key } satisfies OptionName])?.value;
  expect(literals(allValues(sources, aliasNames(ZED)))).toEqual(verdict.alias_values);
  expect(literals(allValues(sources, deviceSpecNames(ZED)))).toEqual(verdict.spec_values);
  const set = valuesOf(verdict);
  const filters = lastValue(sources, enabledFiltersNames(ZED));
  expect(filters && listItems(filters.value)).toEqual(set['filter_scheduler/enabled_filters']);
  expect(single('DEFAULT', 'my_ip')).toBe(set['DEFAULT/my_ip']);
  expect(single('compute', 'cpu_dedicated_set')).toBe(set['compute/cpu_dedicated_set']);
  expect(single('database', 'connection')).toBe(set['database/connection']);
  const pages = allValues(sources, [{ section: 'DEFAULT', key: 'reserved_huge_pages' }]);
  expect(pages.length).toBe(((set['DEFAULT/reserved_huge_pages'] ?? []) as readonly unknown[]).length);
  const reported = single('pci', 'report_in_placement');
  expect(reported === undefined || booleanOf(reported) === false).toBe(set['pci/report_in_placement'] === undefined);
}
