/** Filters that no longer exist, with the release that removed each: a scheduler that lists one does not start. */
const REMOVED_IN: Readonly<Record<string, number>> = {
  ExactCoreFilter: 18,
  ExactRamFilter: 18,
  ExactDiskFilter: 18,
  CoreFilter: 20,
  RamFilter: 20,
  DiskFilter: 20,
  RetryFilter: 22,
  AggregateCoreFilter: 22,
  AggregateRamFilter: 22,
  AggregateDiskFilter: 22,
  AvailabilityZoneFilter: 28,
};

const CURRENT = [
  'AggregateImagePropertiesIsolation',
  'AggregateInstanceExtraSpecsFilter',
  'AggregateIoOpsFilter',
  'AggregateMultiTenancyIsolation',
  'AggregateNumInstancesFilter',
  'AggregateTypeAffinityFilter',
  'AllHostsFilter',
  'ComputeCapabilitiesFilter',
  'ComputeFilter',
  'DifferentHostFilter',
  'ImagePropertiesFilter',
  'IoOpsFilter',
  'IsolatedHostsFilter',
  'JsonFilter',
  'MetricsFilter',
  'NUMATopologyFilter',
  'NumInstancesFilter',
  'PciPassthroughFilter',
  'SameHostFilter',
  'ServerGroupAffinityFilter',
  'ServerGroupAntiAffinityFilter',
  'SimpleCIDRAffinityFilter',
];

/** What `available_filters` is when nobody sets it. */
export const ALL_FILTERS = 'nova.scheduler.filters.all_filters';

/**
 * Filter classes Nova ships in a release.
 *
 * Source: nova commits 3c756ac659 (18.0.0), 78645e61c6 (20.0.0), 4939d0d1e2 (22.0.0), 5edd805fe2 (28.0.0).
 */
export function filtersOf(release: number): readonly string[] {
  return [...CURRENT, ...Object.keys(REMOVED_IN).filter((name) => !isRemoved(name, release))].sort();
}

/** @example isRemoved('RetryFilter', 26) // true */
export function isRemoved(filter: string, release: number): boolean {
  const gone = Object.hasOwn(REMOVED_IN, filter) ? REMOVED_IN[filter] : undefined;
  return gone !== undefined && release >= gone;
}

/** The release that removed a filter, for messages. */
export function removedIn(filter: string): number | undefined {
  return Object.hasOwn(REMOVED_IN, filter) ? REMOVED_IN[filter] : undefined;
}

const TODAY = [
  'ComputeFilter',
  'ComputeCapabilitiesFilter',
  'ImagePropertiesFilter',
  'ServerGroupAntiAffinityFilter',
  'ServerGroupAffinityFilter',
];

/** `enabled_filters` when nobody sets it; undefined for releases whose default is not known here. Source: nova `conf/scheduler.py`. */
export function defaultFilters(release: number): readonly string[] | undefined {
  return release >= 26 ? TODAY : undefined;
}

/** `available_filters` values that `all_filters` already covers. */
export function isCoveredByDefault(available: string): boolean {
  return available === ALL_FILTERS || /^nova\.scheduler\.filters\.\w+\.\w+$/.test(available);
}
