import { lastValue, listItems, type OsloSource, placeOf, valuesIn } from '../../probes/nova/effective-config.ts';
import { isOn } from '../nova/checks.ts';
import { defaultFilters } from '../nova/filters.ts';
import { enabledFiltersNames, PCI_IN_PLACEMENT, REPORT_IN_PLACEMENT } from '../nova/options.ts';
import { placeIn } from './card-links.ts';
import type { HostEvidence } from './evidence.ts';
import { broken, type Finding, holds, notChecked, some } from './findings.ts';
import type { Remedies } from './remedies.ts';
import {
  asksPlacement,
  faultsOf,
  mainFile,
  releaseNote,
  releaseOf,
  serviceOf,
  setting,
  sourcesOf,
  sourcesOrNone,
} from './nova-config.ts';

const FILTER = 'PciPassthroughFilter';
const LEGACY = { section: 'DEFAULT', key: 'scheduler_default_filters' };

/** The filters nova-scheduler really uses: old names are ignored without a word since 24.0.0. */
export function filter(evidence: HostEvidence, remedies: Remedies): Finding | undefined {
  const service = serviceOf(evidence, 'scheduler');
  if (!service) return undefined;
  const read = sourcesOf(service);
  if (!read.ok) return notChecked('filter', read.reason);
  if (read.value.length === 0) return notChecked('filter', `there is no configuration of ${service.name} here`);
  const release = releaseOf(evidence);
  const [fault, ...more] = faultsOf(read.value, 'filters', release);
  if (fault !== undefined)
    return broken('filter', some([fault, ...more]), `mend ${placeIn(fault)}, or ${remedies.run(evidence.host)}`);
  const enabled = lastValue(read.value, enabledFiltersNames(release));
  const filters = enabled ? listItems(enabled.value) : defaultFilters(release);
  if (filters === undefined)
    return notChecked('filter', `enabled_filters is not set, and the default of Nova ${release} is not known here`);
  const source = enabled ? placeOf(enabled) : 'the default';
  if (filters.includes(FILTER)) return holds('filter', `${source}${releaseNote(evidence)}`);
  const line = `enabled_filters = ${[...filters, FILTER].join(',')}`;
  return broken(
    'filter',
    `${FILTER} is not in ${source}${ignoredText(read.value, release)}${releaseNote(evidence)}`,
    `${remedies.run(evidence.host)}, or in [filter_scheduler] of ${mainFile(service)}: ${line}`,
  );
}

function ignoredText(sources: readonly OsloSource[], release: number): string {
  const old = sources.flatMap((source) => valuesIn(source, LEGACY)).at(-1);
  return old !== undefined && release >= 24
    ? `; ${placeOf(old)} sets ${LEGACY.key}, which Nova ignores since 24.0.0`
    : '';
}

/** With pci_in_placement a request becomes a query to Placement, which knows only the cards that computes report. */
export function computePairing(evidence: HostEvidence, controllers: readonly HostEvidence[]): Finding {
  const read = sourcesOf(serviceOf(evidence, 'compute'));
  if (!read.ok) return notChecked('placement-pairing', read.reason);
  const isReporting = isOn(read.value, REPORT_IN_PLACEMENT);
  if (controllers.length === 0) return notChecked('placement-pairing', 'no controller is among these hosts');
  const asking = controllers.find((one) =>
    one.services.some((service) => asksPlacement(sourcesOrNone(service), releaseOf(one))),
  );
  if (asking && !isReporting)
    return broken(
      'placement-pairing',
      `${asking.host} says pci_in_placement, and this compute does not report its cards`,
      `in [pci] of ${mainFile(serviceOf(evidence, 'compute'))}: report_in_placement = true (there is no way back), then systemctl restart nova-compute`,
    );
  const words = [isReporting ? 'reported' : 'not reported', asking ? 'asked for' : 'not asked for'];
  return holds('placement-pairing', `cards are ${words.join(' and ')} in Placement`);
}

/** All services of all controllers must agree: each of them makes or answers a part of the request. */
export function controllerPairing(evidence: HostEvidence, controllers: readonly HostEvidence[]): Finding {
  const all = controllers.flatMap((one) =>
    one.services
      .filter(({ role, config }) => role !== 'compute' && config.ok)
      .map((service) => ({
        host: one.host,
        name: service.name,
        isOn: asksPlacement(sourcesOrNone(service), releaseOf(one)),
      })),
  );
  const own = all.filter(({ host }) => host === evidence.host);
  const [on] = all.filter((one) => one.isOn);
  const [off] = own.filter((one) => !one.isOn);
  if (on && off)
    return broken(
      'placement-pairing',
      `${on.name} on ${on.host} has pci_in_placement, ${off.name} here has not`,
      `in [filter_scheduler] of every controller's configuration: pci_in_placement = true, then restart ${off.name}`,
    );
  if (own.length === 0) return notChecked('placement-pairing', 'the configuration of Nova could not be read here');
  const place = setting(sourcesOrNone(serviceOf(evidence, 'scheduler', 'api', 'conductor')), PCI_IN_PLACEMENT)?.place;
  const absent = place === undefined ? 'off' : `off (${place}${unheeded(evidence)})`;
  return holds('placement-pairing', `pci_in_placement is ${on ? `on (${place})` : absent}`);
}

function unheeded(evidence: HostEvidence): string {
  const release = releaseOf(evidence);
  return release < 27 ? `: Nova ${release} does not know it; it came with 27, 2023.1` : '';
}
