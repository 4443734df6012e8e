import type { OptionName } from '../../probes/nova/effective-config.ts';
import type { Names } from './multi-values.ts';

/** The newest release known here: what an option of a later one means is guessed from it. */
export const NEWEST_KNOWN = 33;

const name = (section: string, key: string): OptionName => ({ section, key });

/** An option that Nova renamed. `deadFrom`: since then the old names are ignored without a word. */
export interface Renamed {
  readonly names: Names;
  readonly kind: 'multi' | 'list';
  readonly since: number;
  readonly deadFrom?: number;
}

const DEVICE_SPEC: Renamed = {
  names: [
    name('pci', 'device_spec'),
    name('pci', 'passthrough_whitelist'),
    name('DEFAULT', 'pci_passthrough_whitelist'),
  ],
  kind: 'multi',
  since: 26,
};
const WHITELIST: Renamed = {
  names: [name('pci', 'passthrough_whitelist'), name('DEFAULT', 'pci_passthrough_whitelist')],
  kind: 'multi',
  since: 15,
};
const ALIAS: Renamed = { names: [name('pci', 'alias'), name('DEFAULT', 'pci_alias')], kind: 'multi', since: 15 };
const FILTERS: Renamed = {
  names: [name('filter_scheduler', 'enabled_filters'), name('DEFAULT', 'scheduler_default_filters')],
  kind: 'list',
  since: 15,
  deadFrom: 24,
};
const AVAILABLE: Renamed = {
  names: [name('filter_scheduler', 'available_filters'), name('DEFAULT', 'scheduler_available_filters')],
  kind: 'multi',
  since: 15,
  deadFrom: 24,
};
const MDEV_TYPES: Renamed = {
  names: [name('devices', 'enabled_mdev_types'), name('devices', 'enabled_vgpu_types')],
  kind: 'list',
  since: 24,
};

/** Renames that hold in a release. Source: nova `conf/pci.py`, `conf/scheduler.py`, `conf/devices.py` and their release notes. */
export function renamedOptions(release: number): readonly Renamed[] {
  const spec = release >= DEVICE_SPEC.since ? DEVICE_SPEC : WHITELIST;
  return [spec, ALIAS, FILTERS, AVAILABLE, MDEV_TYPES].filter((one) => release >= one.since);
}

/** All names under which a release takes an option, the best one first. */
export function deviceSpecNames(release: number): Names {
  if (release >= DEVICE_SPEC.since) return DEVICE_SPEC.names;
  return release >= WHITELIST.since ? WHITELIST.names : [name('DEFAULT', 'pci_passthrough_whitelist')];
}

export function aliasNames(release: number): Names {
  return release >= ALIAS.since ? ALIAS.names : [name('DEFAULT', 'pci_alias')];
}

export function enabledFiltersNames(release: number): Names {
  return scheduler(FILTERS, release);
}

export function availableFiltersNames(release: number): Names {
  return scheduler(AVAILABLE, release);
}

function scheduler(option: Renamed, release: number): Names {
  const [modern, legacy = modern] = option.names;
  if (release < option.since) return [legacy];
  return release >= 24 ? [modern] : option.names;
}

export const REPORT_IN_PLACEMENT = name('pci', 'report_in_placement');
export const PCI_IN_PLACEMENT = name('filter_scheduler', 'pci_in_placement');

/** Releases that brought options of which a task must not believe that an older Nova would heed them. */
const SINCE: readonly (readonly [section: string, key: string, since: number])[] = [
  ['pci', 'report_in_placement', 26],
  ['filter_scheduler', 'pci_in_placement', 27],
  ['compute', 'cpu_dedicated_set', 20],
  ...[ALIAS, FILTERS, AVAILABLE, DEVICE_SPEC, MDEV_TYPES].map(
    ({ names: [{ section, key }], since }) => [section, key, since] as const,
  ),
];

/** The release that brought an option; undefined for one of which nothing is known here. */
export function knownSince(section: string, key: string): number | undefined {
  return SINCE.find(([one, other]) => one === section && other === key)?.[2];
}

/** Options of which every line counts, under all names they ever had. Source: `MultiOpt` in nova and the oslo libraries. */
const REPEATABLE: ReadonlySet<string> = new Set([
  'DEFAULT/reserved_huge_pages',
  'DEFAULT/virt_mkfs',
  'cache/backend_argument',
  'oslo_messaging_amqp/pre_settled',
  'oslo_messaging_notifications/driver',
  'oslo_policy/policy_dirs',
  ...[DEVICE_SPEC, ALIAS, AVAILABLE].flatMap(({ names }) => names.map(({ section, key }) => `${section}/${key}`)),
]);

/** Whether Nova takes more than the last of several lines. @example isRepeatable('filter_scheduler', 'enabled_filters') // false */
export function isRepeatable(section: string, key: string): boolean {
  return REPEATABLE.has(`${section}/${key}`);
}

/** The modern name of an option somebody wrote under an old or mistaken one; undefined when the name is fine. */
export function betterName(section: string, key: string, release: number): string | undefined {
  if (section === 'DEFAULT' && key === 'pci_aliases') return '[pci] alias (pci_aliases never existed)';
  const renamed = renamedOptions(release).find(({ names }) =>
    names.slice(1).some((old) => old.section === section && old.key === key),
  );
  return renamed ? `[${renamed.names[0].section}] ${renamed.names[0].key}` : undefined;
}
