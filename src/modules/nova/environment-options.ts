import type { OptionName } from '../../probes/nova/effective-config.ts';
import { normalSection } from '../../probes/nova/oslo-ini.ts';
import type { ServiceUnit } from '../../probes/nova/service-unit.ts';

/** An option that the environment of a running service sets: what stands in its files counts for nothing. */
export interface EnvironmentOption extends OptionName {
  readonly unit: string;
  readonly variable: string;
}

/**
 * Options that services take from their environment, under their present names only.
 *
 * Source: oslo.config `sources/_environment.py`; the environment comes after the command line and before every file.
 */
export function environmentOptions(units: readonly ServiceUnit[]): readonly EnvironmentOption[] {
  return units.flatMap(({ name: unit, environment = {} }) =>
    Object.keys(environment).flatMap((variable) => {
      const [, group = '', key = ''] = /^OS_([A-Z0-9_]+?)__(.+)$/.exec(variable) ?? [];
      const section = group === 'DEFAULT' ? group : normalSection(group);
      return group === '' ? [] : [{ unit, variable, section, key: key.toLowerCase() }];
    }),
  );
}

/** @example environmentText(option) // 'the environment of nova-scheduler sets OS_FILTER_SCHEDULER__ENABLED_FILTERS, …' */
export function environmentText({ unit, variable }: EnvironmentOption): string {
  return `the environment of ${unit} sets ${variable}, which wins over every file; take it out of the unit (systemctl cat ${unit})`;
}
