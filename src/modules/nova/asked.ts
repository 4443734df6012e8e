import { type OptionName } from '../../probes/nova/effective-config.ts';
import { normalSection } from '../../probes/nova/oslo-ini.ts';
import type { NovaConfArgs } from './args.ts';
import { isOn, knownFilters } from './checks.ts';
import { type ConfigSet, sourcesOf } from './config-set.ts';
import { specLints } from './device-spec.ts';
import { type EnvironmentOption, environmentText } from './environment-options.ts';
import { isRemoved, removedIn } from './filters.ts';
import { defined } from './oslo-json.ts';
import {
  aliasNames,
  betterName,
  deviceSpecNames,
  enabledFiltersNames,
  isRepeatable,
  knownSince,
  REPORT_IN_PLACEMENT,
} from './options.ts';
import { requirePlain } from './scalars.ts';
import { isSecretKey } from './secrets.ts';

/** What a task asks for that Nova would not do, or not as the author thinks; found before any value is decided. */
export function askedFaults(
  args: NovaConfArgs,
  release: number,
  { set, environment = [] }: { readonly set: ConfigSet; readonly environment?: readonly EnvironmentOption[] },
): readonly string[] {
  const context = { release, isReported: isOn(sourcesOf(set), REPORT_IN_PLACEMENT), extraTags: args.extra_tags };
  const { exactly = [], contains = [] } = args.pci.device_spec ?? {};
  const lints = [...exactly, ...contains].flatMap((spec) =>
    specLints(defined(spec), context).map((fault) => `device_spec ${JSON.stringify(spec)} ${fault}`),
  );
  const decided = decidedNames(args, release);
  const lost = environment.filter((one) => decided.some((name) => isSameOption(name, one))).map(environmentText);
  return [...lints, ...filterFaults(args, release, set), ...optionFaults(args, release), ...lost];
}

/** All options a task decides about. */
function decidedNames(args: NovaConfArgs, release: number): readonly OptionName[] {
  const others = Object.entries(args.options).flatMap(([written, keys]) =>
    Object.keys(keys).map((key) => ({ section: normalSection(written), key })),
  );
  return [...ownedNames(args, release), ...others];
}

function isSameOption(a: OptionName, b: OptionName): boolean {
  return a.section === b.section && a.key === b.key;
}

function filterFaults(args: NovaConfArgs, release: number, set: ConfigSet): readonly string[] {
  const known = knownFilters(sourcesOf(set), release);
  const { contains = [], without = [] } = args.scheduler?.filters ?? {};
  return contains.flatMap((filter) => {
    if (without.includes(filter)) return [`${filter} is asked for under \`contains\` and under \`without\``];
    if (isRemoved(filter, release)) return [`${filter} was removed in Nova ${removedIn(filter)}.0.0`];
    return known && !known.includes(filter)
      ? [`${filter} is no filter of Nova ${release}; [filter_scheduler] available_filters must name its class first`]
      : [];
  });
}

function optionFaults(args: NovaConfArgs, release: number): readonly string[] {
  return Object.entries(args.options).flatMap(([written, keys]) =>
    Object.entries(keys).flatMap(([key, goal]) => {
      const section = normalSection(written);
      requirePlain({ section: written, key }, goal);
      const since = goal === null ? undefined : knownSince(section, key);
      if (since !== undefined && release < since)
        return [`options.${section}.${key} is known to Nova since ${since}.0.0; ${release} would pass over it`];
      const better = goal === null ? undefined : betterName(section, key, release);
      if (better) return [`options.${section}.${key} is an old name; use ${better}`];
      if (Array.isArray(goal) && !isRepeatable(section, key))
        return [
          `options.${section}.${key} is a list, and of several lines Nova would take the last; write one value${isSecretKey(key) ? '' : `: "${goal.join(',')}"`}`,
        ];
      const twice = ownedNames(args, release).find((name) => name.section === section && name.key === key);
      return twice ? [`options.${section}.${key} is set by this task's own argument for it too; keep one of them`] : [];
    }),
  );
}

/** Options the typed arguments decide about. */
function ownedNames({ pci, scheduler }: NovaConfArgs, release: number): readonly OptionName[] {
  return [
    ...(pci.device_spec ? deviceSpecNames(release) : []),
    ...(pci.alias ? aliasNames(release) : []),
    ...(scheduler ? enabledFiltersNames(release) : []),
  ];
}
