import { allValues, lastValue, type Occurrence, type OptionName } from '../../probes/nova/effective-config.ts';
import { MASK } from '../../contract/secret.ts';
import type { NovaConfArgs } from './args.ts';
import { type ConfigSet, sourcesOf } from './config-set.ts';
import {
  aliasNames,
  availableFiltersNames,
  deviceSpecNames,
  enabledFiltersNames,
  PCI_IN_PLACEMENT,
  REPORT_IN_PLACEMENT,
} from './options.ts';
import { isSecretKey, maskOsloSecrets } from './secrets.ts';

/** One value a service sees, and the line it comes from. */
export interface EffectiveValue {
  readonly value: string;
  readonly file: string;
  readonly line: number;
}

/** Values by `section/option`, under the present name whatever name the line uses; an option nobody sets has none. */
export type EffectiveValues = Readonly<Record<string, readonly EffectiveValue[]>>;

/** What the services see of the options a task is about: all values of a repeatable option, the one that wins of others. */
export function effectiveValues(args: NovaConfArgs, set: ConfigSet, release: number): EffectiveValues {
  const sources = sourcesOf(set);
  const multi = [deviceSpecNames(release), aliasNames(release), availableFiltersNames(release)];
  const single = [enabledFiltersNames(release), [REPORT_IN_PLACEMENT] as const, [PCI_IN_PLACEMENT] as const];
  const found = [
    ...multi.map((names) => [names[0], allValues(sources, names)] as const),
    ...single.map((names) => [names[0], listOf(lastValue(sources, names))] as const),
    ...asked(args).map(({ name, isList }) =>
      isList ? ([name, allValues(sources, [name])] as const) : ([name, listOf(lastValue(sources, [name]))] as const),
    ),
  ];
  return Object.fromEntries(found.map(([name, values]) => [`${name.section}/${name.key}`, values.map(shown)]));
}

const listOf = (one: Occurrence | undefined): readonly Occurrence[] => (one ? [one] : []);

function asked({ options }: NovaConfArgs): readonly { readonly name: OptionName; readonly isList: boolean }[] {
  return Object.entries(options).flatMap(([section, keys]) =>
    Object.entries(keys).map(([key, goal]) => ({ name: { section, key }, isList: Array.isArray(goal) })),
  );
}

function shown({ key, value, path, line }: Occurrence): EffectiveValue {
  return { value: isSecretKey(key) ? MASK : maskOsloSecrets(value), file: path, line };
}
