import { functionName } from '../gpu/known-models.ts';
import { assign, aliasFitFaults, type HostFunction, specFitFaults } from '../nova/cross-check.ts';
import { idOf } from '../nova/device-spec.ts';
import type { JsonObject } from '../nova/oslo-json.ts';
import type { HostEvidence } from './evidence.ts';
import { broken, type Finding, holds, notChecked, some } from './findings.ts';
import { cardCount } from './host-links.ts';
import type { Remedies } from './remedies.ts';
import { resourceClassOf } from './resource-class.ts';
import {
  faultsOf,
  mainFile,
  novaFunctions,
  releaseNote,
  releaseOf,
  serviceOf,
  sourcesOf,
  specsOf,
} from './nova-config.ts';

/** What nova-compute's own configuration gives away, against the cards that are there. */
export function deviceSpec(evidence: HostEvidence, remedies: Remedies): Finding {
  const service = serviceOf(evidence, 'compute');
  const read = sourcesOf(service);
  if (!read.ok) return notChecked('device-spec', read.reason);
  if (read.value.length === 0)
    return broken(
      'device-spec',
      noConfiguration(service?.name),
      'install nova-compute, or say gpu_nova_conf where its file is',
    );
  const [fault, ...more] = faultsOf(read.value, 'device_spec', releaseOf(evidence));
  if (fault !== undefined)
    return broken('device-spec', some([fault, ...more]), `mend ${placeIn(fault)}, then ${remedies.run(evidence.host)}`);
  const specs = specsOf(evidence);
  const remedy = remedies.run(evidence.host);
  const file = mainFile(service);
  if (specs.length === 0) return broken('device-spec', `no device_spec in ${file}: Nova gives no card away`, remedy);
  const faults = [...fitFaults(evidence, specs), ...cardFaults(evidence, specs)];
  if (faults.length > 0) return broken('device-spec', some(faults), remedy);
  return holds('device-spec', `${cardCount(givenHeads(evidence).length)} in ${file}${releaseNote(evidence)}`);
}

function noConfiguration(name: string | undefined): string {
  return `there is no configuration of ${name ?? 'nova-compute'} here`;
}

/** `/etc/nova/nova.conf:12: …` begins with the place. */
export function placeIn(fault: string): string {
  return /^(\S+:\d+):/.exec(fault)?.[1] ?? 'the file';
}

/** A spec for a card of other hosts is no fault where all of this host's are given: many sites have one nova.conf for all. */
function fitFaults(evidence: HostEvidence, specs: readonly JsonObject[]): readonly string[] {
  const isLacking = evidence.cards.ok && givenHeads(evidence).length < evidence.cards.value.chosen.length;
  return specFitFaults({ specs, asked: isLacking ? specs : [] }, novaFunctions(evidence));
}

function cardFaults(evidence: HostEvidence, specs: readonly JsonObject[]): readonly string[] {
  if (!evidence.cards.ok) return [];
  const { chosen, kept } = evidence.cards.value;
  const given = assign(specs, novaFunctions(evidence));
  const isGiven = (address: string) => [...given.keys()].some((one) => one.address === address);
  const missing = chosen.filter(({ head }) => !isGiven(head.address));
  const others = chosen.flatMap(({ head, functions }) =>
    functions.filter((one) => one !== head && isGiven(one.address)),
  );
  const lost = kept.filter(({ card, reason }) => !reason.startsWith('shared') && isGiven(card.head.address));
  return [
    ...missing.map(({ head }) => `no device_spec gives ${head.address} (${head.vendor}:${head.device})`),
    ...others.map(
      (one) =>
        `device_spec also gives the ${functionName(one.class)} function ${one.address}; only function 0 belongs there`,
    ),
    ...lost.map(({ card, reason }) => `device_spec gives ${card.head.address}, which stays with the host: ${reason}`),
  ];
}

/** A function that Nova gives away, with what it is counted as in Placement. */
export interface GivenFunction extends HostFunction {
  readonly resourceClass: string;
}

/** The functions that Nova gives away here, GPUs or not. */
export function givenFunctions(evidence: HostEvidence): readonly GivenFunction[] {
  return [...assign(specsOf(evidence), novaFunctions(evidence))].map(([one, { resource_class }]) => ({
    ...one,
    resourceClass: resourceClassOf({ resource_class, vendor_id: one.vendor, product_id: one.device }),
  }));
}

/** Those of them that are the cards meant for guests; Nova's view of them. */
export function givenHeads(evidence: HostEvidence): readonly GivenFunction[] {
  const heads = evidence.cards.ok ? evidence.cards.value.chosen.map(({ head }) => head.address) : [];
  return givenFunctions(evidence).filter((one) => heads.includes(one.address));
}

/**
 * @param aliases of this host and of the controllers: which of them lacks one is the next link
 */
export function deviceType(evidence: HostEvidence, aliases: readonly JsonObject[], remedies: Remedies): Finding {
  const heads = givenHeads(evidence);
  if (heads.length === 0) return notChecked('device-type', 'Nova is given no card here');
  const faults = aliasFitFaults(aliases, heads);
  const uncovered = heads.filter((one) => !aliases.some((alias) => isMeant(alias, one)));
  if (uncovered.length > 0) {
    const [first] = uncovered;
    const line = first ? aliasLine(first) : '';
    return broken(
      'device-type',
      `no alias names ${[...new Set(uncovered.map((one) => `${one.vendor}:${one.device}`))].join(', ')}, so no flavor can ask for it`,
      `add to nova_gpu_aliases: ${line}; then ${remedies.run('')}`,
    );
  }
  if (faults.length > 0)
    return broken('device-type', some(faults), `put that into nova_gpu_aliases, then ${remedies.run('')}`);
  return holds('device-type', [...new Set(heads.map((one) => `${one.vendor}:${one.device} ${one.type}`))].join(', '));
}

/** An entry of the variable nova_gpu_aliases. */
function aliasLine({ vendor, device, type }: HostFunction): string {
  const isDefault = type === 'type-PCI';
  return `{name: gpu-${device}, vendor_id: "${vendor}", product_id: "${device}"${isDefault ? '' : `, device_type: ${type}`}}`;
}

/** The alias names the function's ids or, without ids, its resource class; its type is another matter. */
export function isMeant(alias: JsonObject, one: GivenFunction): boolean {
  if (alias.vendor_id !== undefined && alias.product_id !== undefined)
    return idOf(alias.vendor_id) === one.vendor && idOf(alias.product_id) === one.device;
  return alias.resource_class !== undefined && resourceClassOf(alias) === one.resourceClass;
}

/**
 * `required` asks for a card whose node is known, as soon as the instance has a NUMA topology.
 *
 * Source: nova `pci/stats.py` `_filter_pools_for_numa_cells`.
 */
export function numa(evidence: HostEvidence, aliases: readonly JsonObject[]): Finding {
  const heads = givenHeads(evidence);
  if (heads.length === 0) return notChecked('numa', 'Nova is given no card here');
  const strict = aliases.filter((alias) => alias.numa_policy === 'required' || alias.numa_policy === 'socket');
  const nodeless = heads.filter((one) => nodeOf(evidence, one.address) === null);
  const alias = strict.find((one) => nodeless.some((card) => isMeant(one, card)));
  if (alias) {
    const card = nodeless.find((one) => isMeant(alias, one));
    return broken(
      'numa',
      `alias ${JSON.stringify(alias.name)} says numa_policy ${String(alias.numa_policy)}, and ${card?.address} has no NUMA node: no instance with a NUMA topology gets it`,
      'say "numa_policy": "preferred" in nova_gpu_aliases, or have the firmware report the node',
    );
  }
  const policies = [
    ...new Set(
      aliases
        .filter((one) => heads.some((card) => isMeant(one, card)))
        .map((one) => String(one.numa_policy ?? 'legacy')),
    ),
  ];
  return holds(
    'numa',
    `policy ${policies.join(', ') || 'legacy'}, nodes ${[...new Set(heads.map((one) => nodeOf(evidence, one.address) ?? 'none'))].join(', ')}`,
  );
}

function nodeOf({ tree }: HostEvidence, address: string): number | null {
  return tree.functions.find((one) => one.address === address)?.numaNode ?? null;
}
