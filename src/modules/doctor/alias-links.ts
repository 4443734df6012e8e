import { aliasRules } from '../nova/alias.ts';
import { type JsonObject, writeJson } from '../nova/oslo-json.ts';
import { givenHeads, isMeant, placeIn } from './card-links.ts';
import type { HostEvidence, NovaService } from './evidence.ts';
import { broken, type Finding, holds, notChecked, some } from './findings.ts';
import type { Remedies } from './remedies.ts';
import { aliasesOf, apiOf, faultsOf, mainFile, releaseOf, serviceOf, sourcesOf } from './nova-config.ts';

/** Aliases of one host, under the service that reads them. */
interface Side {
  readonly host: string;
  readonly service: NovaService | undefined;
  readonly aliases: readonly JsonObject[];
}

const sideOf = (evidence: HostEvidence, service: NovaService | undefined): Side => ({
  host: evidence.host,
  service,
  aliases: aliasesOf(evidence, service),
});

export const computeSide = (evidence: HostEvidence): Side => sideOf(evidence, serviceOf(evidence, 'compute'));
export const apiSide = (evidence: HostEvidence): Side => sideOf(evidence, apiOf(evidence));

/** An alias of one name counts as there when it means the same. */
function differing(name: unknown, here: Side, there: Side): boolean {
  const named = (side: Side) => side.aliases.filter((alias) => alias.name === name);
  const [mine, theirs] = [named(here), named(there)];
  return !(
    mine.length === theirs.length && mine.every((alias) => theirs.some((other) => aliasRules.isSame(alias, other)))
  );
}

/** The aliases a compute must have as the API has them: those of its own cards, for move operations. */
export function computeAlias(
  evidence: HostEvidence,
  controllers: readonly HostEvidence[],
  remedies: Remedies,
): Finding {
  const here = computeSide(evidence);
  const fault = faultIn(evidence, here, remedies);
  if (fault) return fault;
  if (controllers.length === 0) return notChecked('alias', 'no controller is among these hosts');
  const heads = givenHeads(evidence);
  if (heads.length === 0) return notChecked('alias', 'Nova is given no card here');
  for (const there of controllers.map(apiSide)) {
    const wanted = there.aliases.filter(
      (alias) => heads.some((one) => isMeant(alias, one)) || here.aliases.some((own) => own.name === alias.name),
    );
    const alias = wanted.find((one) => differing(one.name, here, there));
    if (alias) return broken('alias', differenceText(alias, here, there), mendAlias(alias, here, remedies));
  }
  const names = here.aliases
    .filter((alias) => heads.some((one) => isMeant(alias, one)))
    .map((alias) => String(alias.name));
  return holds('alias', `${[...new Set(names)].join(', ')} as on ${controllers.map(({ host }) => host).join(', ')}`);
}

/** Of an alias that cannot be read nobody can say what it fits; where it stands is told by the next link. */
export function unreadAliases(all: readonly HostEvidence[]): Finding | undefined {
  const unread = all.find((one) =>
    [computeSide(one), apiSide(one)].some(({ service }) => {
      const read = sourcesOf(service);
      return read.ok && faultsOf(read.value, 'alias', releaseOf(one)).length > 0;
    }),
  );
  return unread && notChecked('device-type', `aliases on ${unread.host} cannot be read`);
}

/** What the computes define for their cards, the API must know: it is what turns a flavor into a request. */
export function apiAlias(evidence: HostEvidence, computes: readonly HostEvidence[], remedies: Remedies): Finding {
  const here = apiSide(evidence);
  const fault = faultIn(evidence, here, remedies);
  if (fault) return fault;
  if (computes.length === 0) return notChecked('alias', 'no compute with a GPU is among these hosts');
  for (const compute of computes) {
    const there = computeSide(compute);
    const heads = givenHeads(compute);
    const missing = there.aliases.find(
      (alias) => heads.some((one) => isMeant(alias, one)) && !here.aliases.some((own) => own.name === alias.name),
    );
    if (missing)
      return broken(
        'alias',
        `alias ${String(missing.name)} of ${there.host} is not defined here: a flavor that asks for it is refused`,
        mendAlias(missing, here, remedies),
      );
  }
  return holds('alias', [...new Set(here.aliases.map((alias) => String(alias.name)))].join(', ') || 'none is needed');
}

function faultIn(evidence: HostEvidence, side: Side, remedies: Remedies): Finding | undefined {
  const read = sourcesOf(side.service);
  if (!read.ok) return notChecked('alias', read.reason);
  if (read.value.length === 0)
    return notChecked('alias', `there is no configuration of ${side.service?.name ?? 'Nova'} here`);
  const faults = faultsOf(read.value, 'alias', releaseOf(evidence));
  return faults[0] === undefined
    ? undefined
    : broken('alias', some(faults), `mend ${placeIn(faults[0])}, then ${remedies.run(side.host)}`);
}

function differenceText(alias: JsonObject, here: Side, there: Side): string {
  const own = here.aliases.find((one) => one.name === alias.name);
  const theirs = `${there.host} has ${writeJson(alias)}`;
  return own === undefined
    ? `alias ${String(alias.name)} is not defined here; ${theirs}`
    : `alias ${String(alias.name)} differs: here ${writeJson(own)}, ${theirs}`;
}

function mendAlias(alias: JsonObject, { host, service }: Side, remedies: Remedies): string {
  return `${remedies.run(host)}, or in [pci] of ${mainFile(service)}: alias = ${writeJson(alias)}`;
}
