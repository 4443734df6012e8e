import { apiAlias, apiSide, computeAlias, computeSide, unreadAliases } from './alias-links.ts';
import { deviceSpec, deviceType, numa } from './card-links.ts';
import { computePairing, controllerPairing, filter } from './controller-links.ts';
import type { FlavorWish, HostEvidence } from './evidence.ts';
import { type Finding, inChainOrder, linkNumber, notChecked } from './findings.ts';
import { apiFindings, type Fleet, flavor } from './flavor-link.ts';
import { hostFindings } from './host-links.ts';
import type { Remedies } from './remedies.ts';
import { placementFree } from './placement-link.ts';
import { services } from './service-links.ts';

/** What was found on one host, in the order of the chain. */
export interface HostDiagnosis {
  readonly host: string;
  readonly roles: HostEvidence['roles'];
  readonly findings: readonly Finding[];
}

export interface Diagnosis {
  readonly hosts: readonly HostDiagnosis[];
  /** What belongs to no host: Placement and flavors. */
  readonly fleet: readonly Finding[];
}

export interface Examination {
  readonly remedies: Remedies;
  /** A flavor asked for on the command line; without one all of the inventory's. */
  readonly flavor?: FlavorWish | { readonly name: string };
}

/**
 * The whole chain over all hosts. Pure: everything was read before.
 *
 * @example examine(evidence, { remedies }).hosts[0]?.findings.find(({ status }) => status === 'broken')
 */
export function examine(all: readonly HostEvidence[], examination: Examination): Diagnosis {
  const fleet: Fleet = {
    computes: all.filter(({ roles }) => roles.includes('compute')),
    controllers: all.filter(({ roles }) => roles.includes('controller')),
  };
  return {
    hosts: all.map((evidence) => diagnose(evidence, fleet, examination)),
    fleet: [placementFree(fleet), ...flavors(all, fleet, examination)],
  };
}

function diagnose(evidence: HostEvidence, fleet: Fleet, { remedies }: Examination): HostDiagnosis {
  const { host, roles } = evidence;
  const compute = roles.includes('compute') ? computeFindings(evidence, fleet, remedies) : [];
  const controller = roles.includes('controller') ? controllerFindings(evidence, fleet, remedies) : [];
  const shared = roles.length > 0 ? [services(evidence, fleet.controllers)] : [];
  return { host, roles, findings: inChainOrder([...compute, ...controller, ...shared]) };
}

/** A compute that is to have no GPU has nothing to do with Nova's PCI options. */
function computeFindings(evidence: HostEvidence, { controllers }: Fleet, remedies: Remedies): readonly Finding[] {
  const own = hostFindings(evidence, remedies);
  const isBare = !evidence.isGpuRequired && evidence.cards.ok && evidence.cards.value.chosen.length === 0;
  if (isBare) return own.filter(({ link }) => link === 'functions');
  const aliases = [computeSide(evidence), ...controllers.map(apiSide)].flatMap((side) => side.aliases);
  return [
    ...own,
    deviceSpec(evidence, remedies),
    unreadAliases([evidence, ...controllers]) ?? deviceType(evidence, aliases, remedies),
    computeAlias(evidence, controllers, remedies),
    computePairing(evidence, controllers),
    numa(evidence, aliases),
  ];
}

function controllerFindings(evidence: HostEvidence, fleet: Fleet, remedies: Remedies): readonly Finding[] {
  return [
    apiAlias(evidence, fleet.computes, remedies),
    filter(evidence, remedies) ?? [],
    controllerPairing(evidence, fleet.controllers),
  ].flat();
}

/** The API's word counts; without it, the inventory's; one given on the command line comes before both. */
function flavors(
  all: readonly HostEvidence[],
  fleet: Fleet,
  { flavor: wanted, remedies }: Examination,
): readonly Finding[] {
  if (wanted && 'alias' in wanted) return [flavor(wanted, fleet)];
  const written = all.flatMap((one) => one.flavors);
  const asked = fleet.controllers.map(({ apiFlavors }) => apiFlavors);
  const api = asked.flatMap((one) => (one?.ok ? [one.value] : []))[0];
  const meant = distinct(written).filter(({ name }) => wanted === undefined || name === wanted.name);
  if (api)
    return apiFindings(api, {
      fleet,
      names: wanted ? [wanted.name] : meant.map(({ name }) => name),
      wishes: written,
      isNamed: wanted !== undefined,
      remedies,
    });
  const [refused] = asked.flatMap((one) => (one?.ok === false ? [one] : []));
  const said = refused?.down === undefined ? 'the API was not asked' : 'the API did not answer';
  const why = refused === undefined ? 'no controller is among these hosts' : `${said}: ${refused.reason}`;
  if (meant.length > 0)
    return [...meant.map((one) => flavor(one, fleet)), notChecked('flavor', `as the inventory has them; ${why}`)];
  const reason = wanted
    ? `flavor ${wanted.name} is not in nova_gpu_flavors; give its property as --flavor '${wanted.name}=alias:1'`
    : 'no flavor was named, and nova_gpu_flavors is empty';
  return [notChecked('flavor', `${reason}; ${why}`)];
}

function distinct(flavorsOfAll: readonly FlavorWish[]): readonly FlavorWish[] {
  return [...new Map(flavorsOfAll.map((one) => [`${one.name} ${one.alias}`, one])).values()];
}

/** The first broken link of a list in chain order. */
export function firstBroken(findings: readonly Finding[]): Finding | undefined {
  return findings.find(({ status }) => status === 'broken');
}

/** Where the whole chain breaks first, and on which hosts; undefined when it holds. */
export function firstBreak({ hosts, fleet }: Diagnosis) {
  const breaks = [
    ...hosts.map(({ host, findings }) => ({ host, finding: firstBroken(findings) })),
    ...fleet.map((finding) => ({ host: null, finding: firstBroken([finding]) })),
  ].flatMap(({ host, finding }) => (finding ? [{ host, finding }] : []));
  const first = Math.min(...breaks.map(({ finding }) => linkNumber(finding.link)));
  const there = breaks.filter(({ finding }) => linkNumber(finding.link) === first);
  const [one] = there;
  return one && { link: one.finding.link, hosts: there.flatMap(({ host }) => host ?? []) };
}
