import { expect } from 'vitest';
import type { NovaConfArgs } from '../../src/modules/nova/args.ts';
import { normalSection } from '../../src/probes/nova/oslo-ini.ts';
import { type Assigned, isRaised, type Verdict, valuesOf } from './judge.ts';

/** Compares what Nova read before and after a write with what the task asked for. */
export function expectMeant(args: NovaConfArgs, before: Verdict, after: Verdict): void {
  expectList(args.pci.alias, before.alias_values, after.alias_values, isSameAlias);
  expectList(args.pci.device_spec, before.spec_values, after.spec_values, isSameSpec);
  expectFilters(args, before, after);
  expectOptions(args, after);
  expectUntouched(args, before, after);
  expect(after.mdevs).toEqual(before.mdevs);
}

type Json = Readonly<Record<string, unknown>>;
type Goal = {
  readonly exactly?: readonly Json[];
  readonly contains?: readonly Json[];
  readonly absent?: readonly Json[];
};

/** Values by their JSON, one for each entry of a list: how they are laid out on lines is no matter. */
function items(values: Verdict['alias_values']): readonly Json[] {
  if (isRaised(values)) throw new Error(values.error);
  return values.flatMap((value) => JSON.parse(value) as Json | readonly Json[]);
}

function expectList(
  goal: Goal | undefined,
  before: Verdict['alias_values'],
  after: Verdict['alias_values'],
  isSame: (a: Json, b: Json) => boolean,
): void {
  if (!goal) return expect(items(after)).toEqual(items(before));
  const found = items(after);
  if (goal.exactly) {
    expect(found).toHaveLength(goal.exactly.length);
    const isFound = (one: Json, index: number) =>
      isSame === isSameSpec ? isSame(one, found[index] ?? {}) : found.some((other) => isSame(one, other));
    goal.exactly.forEach((one, index) => expect(isFound(one, index), JSON.stringify([one, found])).toBe(true));
    return;
  }
  for (const one of goal.contains ?? []) expect(found.filter((other) => isSame(one, other))).toHaveLength(1);
  const isGone = (one: Json) => goal.absent?.some((pattern) => agrees(one, pattern)) ?? false;
  expect(found.filter(isGone)).toEqual([]);
  const isRival = (one: Json) => goal.contains?.some((wanted) => keyOf(wanted) === keyOf(one)) ?? false;
  const bystanders = (list: readonly Json[]) => list.filter((one) => !isRival(one) && !isGone(one));
  expect(bystanders(found)).toEqual(bystanders(items(before)));
}

const hex = (id: unknown): number | string => (id === undefined ? '*' : Number.parseInt(String(id), 16));
const agrees = (one: Json, pattern: Json): boolean =>
  Object.entries(pattern).every(([key, value]) => (key === 'name' ? one.name === value : hex(one[key]) === hex(value)));

/** What an entry is about: an alias its name, a spec the devices it selects. */
const keyOf = (one: Json): string =>
  one.name === undefined
    ? JSON.stringify([hex(one.vendor_id), hex(one.product_id), addressOf(one.address)])
    : JSON.stringify(one.name);
const addressOf = (address: unknown): unknown => (address === '84:00.0' ? '*:84:00.0' : (address ?? '*'));

const isSameAlias = (a: Json, b: Json): boolean =>
  keyOf(a) === keyOf(b) &&
  agrees(a, { vendor_id: b.vendor_id, product_id: b.product_id }) &&
  a.device_type === b.device_type &&
  (a.numa_policy ?? 'legacy') === (b.numa_policy ?? 'legacy');
const isSameSpec = (a: Json, b: Json): boolean =>
  keyOf(a) === keyOf(b) && a.physical_network === b.physical_network && a.trusted === b.trusted;

const REMOVED = ['RetryFilter', 'RamFilter'];

function expectFilters({ scheduler, migrate_legacy }: NovaConfArgs, before: Verdict, after: Verdict): void {
  if (!scheduler) return;
  const { contains, without } = scheduler.filters;
  expect(isRaised(after.filters), JSON.stringify(after.filters)).toBe(false);
  expect(after.filters).toEqual(expect.arrayContaining(contains));
  for (const gone of without) expect(after.filters).not.toContain(gone);
  if (migrate_legacy || isRaised(before.filters)) return;
  const kept = before.filters.filter((one) => !without.includes(one) && !REMOVED.includes(one));
  expect(after.filters).toEqual([...kept, ...contains.filter((one) => !kept.includes(one))]);
}

function expectOptions({ options }: NovaConfArgs, { assigned }: Verdict): void {
  for (const [section, keys] of Object.entries(options)) {
    for (const [key, goal] of Object.entries(keys)) {
      const found = (assigned ?? []).flatMap((file) => valuesIn(file, section, key));
      if (goal === null) expect(found).toEqual([]);
      else if (Array.isArray(goal)) expect(found).toEqual(goal);
      else if (typeof goal === 'boolean')
        expect(found.at(-1)).toMatch(goal ? /^(true|1|on|yes)$/i : /^(false|0|off|no)$/i);
      else expect(found.at(-1)).toBe(String(goal));
    }
  }
}

function valuesIn(file: Assigned, section: string, key: string): readonly string[] {
  const names = Object.keys(file).filter((name) => normalSection(name) === normalSection(section));
  return names.flatMap((name) => file[name]?.[key] ?? []);
}

/** Options a task may touch without being asked to: the filters that were left under names Nova no longer reads. */
const REVIVED = ['filter_scheduler/enabled_filters', 'filter_scheduler/available_filters'];
const OLD_NAMES = [
  'DEFAULT/pci_alias',
  'DEFAULT/pci_passthrough_whitelist',
  'pci/passthrough_whitelist',
  'pci/alias',
  'pci/device_spec',
  'DEFAULT/scheduler_default_filters',
  'DEFAULT/scheduler_available_filters',
  'devices/enabled_vgpu_types',
  'devices/enabled_mdev_types',
];

function expectUntouched(args: NovaConfArgs, before: Verdict, after: Verdict): void {
  const asked = Object.entries(args.options).flatMap(([section, keys]) =>
    Object.keys(keys).map((key) => `${normalSection(section)}/${key}`),
  );
  const own = new Set([...asked, ...REVIVED, 'pci/alias', 'pci/device_spec']);
  // Other options' defaults may name one that was asked for.
  if (asked.includes('DEFAULT/my_ip')) own.add('DEFAULT/my_block_storage_ip');
  const others = (verdict: Verdict) => Object.entries(valuesOf(verdict)).filter(([name]) => !own.has(name));
  expect(Object.fromEntries(others(after))).toEqual(Object.fromEntries(others(before)));
  const isOldTouched = args.migrate_legacy || args.pci.alias || args.pci.device_spec;
  const skipped = new Set([...own, ...(isOldTouched ? OLD_NAMES : [])]);
  expect((after.assigned ?? []).map((file) => without(file, skipped))).toEqual(
    (before.assigned ?? []).map((file) => without(file, skipped)),
  );
}

/** All assignments of a file by merged section, but for those named. */
function without(file: Assigned, skipped: ReadonlySet<string>): Readonly<Record<string, readonly string[]>> {
  const found: Record<string, readonly string[]> = {};
  for (const [section, keys] of Object.entries(file)) {
    for (const [key, values] of Object.entries(keys)) {
      const name = `${normalSection(section)}/${key}`;
      // Renamed sections are judged by what they give.
      if (!skipped.has(name) && !/^(vgpu|mdev)_/.test(name)) found[name] = [...(found[name] ?? []), ...values];
    }
  }
  return found;
}
