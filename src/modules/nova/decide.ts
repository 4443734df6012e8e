import { TaskError } from '../../contract/task-error.ts';
import { lastValue, listItems } from '../../probes/nova/effective-config.ts';
import { aliasRules } from './alias.ts';
import type { NovaConfArgs } from './args.ts';
import { askedFaults } from './asked.ts';
import {
  ASPECTS,
  type Aspect,
  aspectFaults,
  effectiveAliases,
  effectiveSpecs,
  oneWayFault,
  readingFaults,
} from './checks.ts';
import { type ConfigSet, sourcesOf } from './config-set.ts';
import { aliasFitFaults, type HostFunction, specFitFaults } from './cross-check.ts';
import { specRules } from './device-spec.ts';
import { type EffectiveValues, effectiveValues } from './effective.ts';
import { type EnvironmentOption, environmentText } from './environment-options.ts';
import { defaultFilters, isRemoved } from './filters.ts';
import { migrateLegacy } from './migrate.ts';
import { reachMulti } from './multi-values.ts';
import { defined, type JsonObject } from './oslo-json.ts';
import { aliasNames, deviceSpecNames, enabledFiltersNames, NEWEST_KNOWN } from './options.ts';
import { reachScalar } from './scalars.ts';

export interface Decision {
  readonly set: ConfigSet;
  readonly notes: readonly string[];
  readonly effective: EffectiveValues;
}

/** What a decision about configuration rests on. */
export interface Situation {
  readonly set: ConfigSet;
  /** Null: could not be told. */
  readonly release: number | null;
  /** Absent: not to be compared with hardware. */
  readonly functions?: readonly HostFunction[];
  /** Options that services do not take from their files. */
  readonly environment?: readonly EnvironmentOption[];
}

/** The files as they should be. Throws TaskError with every fault that Nova, or the hardware, would find in them. */
export function decide(args: NovaConfArgs, situation: Situation): Decision {
  const { set, release: found, functions, environment = [] } = situation;
  refuse(readingFaults(sourcesOf(set)), 'Nova cannot read its configuration');
  const release = requireRelease(args, found);
  refuse(askedFaults(args, release, situation), 'this task asks for something Nova would not do');
  const { set: present, notes } = args.migrate_legacy ? migrateLegacy(set, release) : { set, notes: [] };
  const after = reach(args, present, release);
  const outcome = { before: set, after, release, functions };
  refuse(finalFaults(args, outcome), 'Nova would not work with the result');
  const effective = effectiveValues(args, after, release);
  return {
    set: after,
    notes: [...notes, ...foreignFaults(args, outcome), ...environment.map(environmentText)],
    effective,
  };
}

function reach(args: NovaConfArgs, set: ConfigSet, release: number): ConfigSet {
  const { device_spec, alias } = args.pci;
  let now = set;
  if (device_spec) now = reachMulti(now, deviceSpecNames(release), plainGoal(device_spec), specRules);
  if (alias) now = reachMulti(now, aliasNames(release), plainGoal(alias), aliasRules);
  if (args.scheduler) now = reachFilters(args.scheduler.filters, now, release);
  for (const [section, keys] of Object.entries(args.options)) {
    for (const [key, goal] of Object.entries(keys)) now = reachScalar(now, [{ section, key }], goal);
  }
  return now;
}

function plainGoal(goal: {
  readonly exactly?: readonly JsonObject[];
  readonly contains?: readonly JsonObject[];
  readonly absent?: readonly JsonObject[];
}) {
  return {
    exactly: goal.exactly?.map(defined),
    contains: goal.contains?.map(defined),
    absent: goal.absent?.map(defined),
  };
}

function reachFilters(
  { contains, without }: { readonly contains: readonly string[]; readonly without: readonly string[] },
  set: ConfigSet,
  release: number,
): ConfigSet {
  const names = enabledFiltersNames(release);
  const winner = lastValue(sourcesOf(set), names);
  const effective = winner ? listItems(winner.value) : defaultFilters(release);
  if (!effective)
    throw new TaskError(
      `the default enabled_filters of Nova ${release} are not known here; set options.${names[0].section}.${names[0].key} to the whole list`,
    );
  const kept = effective.filter((filter) => !without.includes(filter) && !isRemoved(filter, release));
  const wanted = [...kept, ...contains.filter((filter) => !kept.includes(filter))];
  const isReached = wanted.length === effective.length && wanted.every((filter, index) => filter === effective[index]);
  return isReached ? set : reachScalar(set, names, wanted.join(','));
}

function requireRelease(args: NovaConfArgs, found: number | null): number {
  if (found !== null) return found;
  const asks = [
    args.pci.device_spec && 'pci.device_spec',
    args.pci.alias && 'pci.alias',
    args.scheduler && 'scheduler',
  ].filter(Boolean);
  if (asks.length === 0) return NEWEST_KNOWN;
  throw new TaskError(
    `which Nova release is installed could not be told, and ${asks.join(', ')} depends on it; say e.g. \`release: "2025.1"\``,
  );
}

interface Outcome {
  readonly before: ConfigSet;
  readonly after: ConfigSet;
  readonly release: number;
  readonly functions: readonly HostFunction[] | undefined;
}

function finalFaults(args: NovaConfArgs, { before, after, release, functions }: Outcome): readonly string[] {
  const sources = sourcesOf(after);
  const oneWay = oneWayFault(sourcesOf(before), sources, args.accept_one_way);
  const own = ASPECTS.filter((aspect) => isAsked(args, aspect)).flatMap((aspect) =>
    aspectFaults(aspect, sources, release),
  );
  const faults = [...readingFaults(sources), ...own, ...(oneWay ? [oneWay] : [])];
  if (faults.length > 0 || !functions) return faults;
  const cards = args.pci.device_spec
    ? cardFaults(args.pci.device_spec, effectiveSpecs(sources, release), functions)
    : [];
  return [...cards, ...aliasFitFaults(effectiveAliases(sources, release), functions)];
}

function cardFaults(
  { exactly, contains }: NonNullable<NovaConfArgs['pci']['device_spec']>,
  specs: readonly JsonObject[],
  functions: readonly HostFunction[],
): readonly string[] {
  const wanted = exactly ?? contains ?? [];
  const asked = specs.filter((spec) => wanted.some((one) => specRules.isSame(defined(one), spec)));
  return specFitFaults({ specs, asked }, functions);
}

/** What would stop Nova but is none of this task's business: said, not refused. */
function foreignFaults(args: NovaConfArgs, { after, release }: Outcome): readonly string[] {
  const sources = sourcesOf(after);
  return ASPECTS.filter((aspect) => !isAsked(args, aspect)).flatMap((aspect) => aspectFaults(aspect, sources, release));
}

function isAsked(args: NovaConfArgs, aspect: Aspect): boolean {
  if (aspect === 'filters') return args.scheduler !== undefined || args.options.filter_scheduler !== undefined;
  if (aspect === 'cpus') return args.options.compute !== undefined || args.options.DEFAULT !== undefined;
  return args.pci[aspect] !== undefined || args.options.pci !== undefined;
}

function refuse(faults: readonly string[], what: string): void {
  if (faults.length === 0) return;
  throw new TaskError(
    faults.length === 1 ? `${what}: ${faults[0]}` : `${what}:\n${faults.map((fault) => `- ${fault}`).join('\n')}`,
    { faults },
  );
}
