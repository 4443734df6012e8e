import {
  allValues,
  booleanOf,
  lastValue,
  listItems,
  type OptionName,
  type OsloSource,
  placeOf,
} from '../../probes/nova/effective-config.ts';
import { aliasFaults, aliasRules, aliasSetFaults } from './alias.ts';
import { cpuProblems } from './cpu-sets.ts';
import { specRules, specValueFaults } from './device-spec.ts';
import { ALL_FILTERS, defaultFilters, filtersOf, isRemoved, removedIn } from './filters.ts';
import type { JsonObject } from './oslo-json.ts';
import {
  aliasNames,
  availableFiltersNames,
  deviceSpecNames,
  enabledFiltersNames,
  NEWEST_KNOWN,
  PCI_IN_PLACEMENT,
  REPORT_IN_PLACEMENT,
} from './options.ts';

/** Why oslo.config would stop at a file; empty when it reads all of them. */
export function readingFaults(sources: readonly OsloSource[]): readonly string[] {
  return sources.flatMap(({ path, file: { fault } }) => {
    if (!fault) return [];
    const after = fault.after
      ? ` (after \`${fault.after}\`: a value goes on only in indented lines, closing bracket included)`
      : '';
    return [`${path}:${fault.line}: ${fault.message}${after}`];
  });
}

export const ASPECTS = ['alias', 'device_spec', 'filters', 'cpus'] as const;
export type Aspect = (typeof ASPECTS)[number];

const PROBLEMS = { alias: aliasProblems, device_spec: specProblems, filters: filterProblems, cpus: cpuProblems };

/** Why Nova's services would not start, or would refuse instances, with these files; each with the place. */
export function aspectFaults(aspect: Aspect, sources: readonly OsloSource[], release: number): readonly string[] {
  return PROBLEMS[aspect](sources, release);
}

function aliasProblems(sources: readonly OsloSource[], release: number): readonly string[] {
  const context = { release, isInPlacement: isOn(sources, PCI_IN_PLACEMENT) };
  const found = allValues(sources, aliasNames(release));
  const own = found.flatMap((at) => aliasFaults(at.value, context).map((fault) => `${placeOf(at)}: alias ${fault}`));
  return own.length > 0 ? own : aliasSetFaults(effectiveAliases(sources, release), context);
}

function specProblems(sources: readonly OsloSource[], release: number): readonly string[] {
  const context = { release, isReported: isOn(sources, REPORT_IN_PLACEMENT), extraTags: [] };
  return allValues(sources, deviceSpecNames(release)).flatMap((at) =>
    specValueFaults(at.value, context).map((fault) => `${placeOf(at)}: ${at.key} ${fault}`),
  );
}

function filterProblems(sources: readonly OsloSource[], release: number): readonly string[] {
  const known = knownFilters(sources, release);
  const isSure = release >= OLDEST_CERTAIN && release <= NEWEST_KNOWN;
  const enabled = lastValue(sources, enabledFiltersNames(release));
  const listed = enabled ? listItems(enabled.value) : (defaultFilters(release) ?? []);
  return listed.flatMap((filter) => {
    const place = enabled ? placeOf(enabled) : 'the default of enabled_filters';
    if (isRemoved(filter, release))
      return [`${place}: ${filter} was removed in Nova ${removedIn(filter)}.0.0; ${DEAD}`];
    return isSure && known && !known.includes(filter)
      ? [`${place}: ${filter} is no filter that available_filters of Nova ${release} gives; ${DEAD}`]
      : [];
  });
}

const DEAD = 'nova-scheduler does not start while it is listed';

/** Before it, filters existed that nobody here knows. */
const OLDEST_CERTAIN = 26;

/** Filters that exist on the host: `undefined` when site-specific ones are configured, whose names nobody here knows. */
export function knownFilters(sources: readonly OsloSource[], release: number): readonly string[] | undefined {
  const available = allValues(sources, availableFiltersNames(release)).map(({ value }) => value);
  if (available.length === 0) return filtersOf(release);
  if (available.some((value) => !value.startsWith('nova.scheduler.filters.'))) return undefined;
  return available.flatMap((value) => (value === ALL_FILTERS ? filtersOf(release) : value.split('.').slice(-1)));
}

export function effectiveAliases(sources: readonly OsloSource[], release: number): readonly JsonObject[] {
  return allValues(sources, aliasNames(release)).flatMap((at) => aliasRules.read(at.value) ?? []);
}

export function effectiveSpecs(sources: readonly OsloSource[], release: number): readonly JsonObject[] {
  return allValues(sources, deviceSpecNames(release)).flatMap((at) => specRules.read(at.value) ?? []);
}

/** An option's truth; unset and unreadable count as false, as these options' defaults are. */
export function isOn(sources: readonly OsloSource[], name: OptionName): boolean {
  return booleanOf(lastValue(sources, [name])?.value ?? 'false') ?? false;
}

/** Turning Placement reporting off again makes nova-compute refuse to start. Source: nova `compute/pci_placement_translator.py`. */
export function oneWayFault(
  before: readonly OsloSource[],
  after: readonly OsloSource[],
  isAccepted: boolean,
): string | undefined {
  const [was, becomes] = [isOn(before, REPORT_IN_PLACEMENT), isOn(after, REPORT_IN_PLACEMENT)];
  if (was && !becomes)
    return '[pci] report_in_placement is on and cannot be turned off again: nova-compute would refuse to start';
  if (was || !becomes || isAccepted) return undefined;
  return '[pci] report_in_placement cannot be turned off again once on; say `accept_one_way: true` to turn it on';
}
