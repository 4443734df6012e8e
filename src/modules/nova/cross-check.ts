import { addressMatches, isNothing, isSingleAddress } from './device-address.ts';
import { idOf } from './device-spec.ts';
import { type JsonObject, strictBooleanOf } from './oslo-json.ts';

/** One PCI function of the host, as far as Nova's matching needs it. Ids are four lower-case hex digits. */
export interface HostFunction {
  readonly address: string;
  readonly vendor: string;
  readonly device: string;
  /** As Nova classifies it: type-PF has virtual functions to give, type-VF is one. */
  readonly type: 'type-PCI' | 'type-PF' | 'type-VF';
  /** The physical function of a virtual one. */
  readonly parent?: string;
}

/**
 * Which function each device_spec gives to Nova: the first match decides. A spec that names one physical function takes
 * its virtual functions too.
 *
 * Source: nova `pci/whitelist.py` `get_devspec`, `pci/devspec.py` `match`.
 */
export function assign(
  specs: readonly JsonObject[],
  functions: readonly HostFunction[],
): ReadonlyMap<HostFunction, JsonObject> {
  const pairs = functions.flatMap((one) => {
    const spec = specs.find((candidate) => specMatches(candidate, one, functions));
    return spec ? [[one, spec] as const] : [];
  });
  return new Map(pairs);
}

function specMatches(spec: JsonObject, one: HostFunction, functions: readonly HostFunction[]): boolean {
  const ids = ['*', one.vendor].includes(idOf(spec.vendor_id)) && ['*', one.device].includes(idOf(spec.product_id));
  if (!ids || !isDecidedHere(spec)) return false;
  if (addressMatches(spec.address, one.address)) return true;
  const parent = functions.find((other) => other.address === one.parent);
  return parent !== undefined && isSingleAddress(spec.address) && addressMatches(spec.address, parent.address);
}

/** A network device's name and a DPU's serial number are not known here. */
function isDecidedHere(spec: JsonObject): boolean {
  return isNothing(spec.devname) && strictBooleanOf(spec.remote_managed) !== true;
}

export interface SpecsToFit {
  /** All effective ones: an earlier one may take a card from a later one. */
  readonly specs: readonly JsonObject[];
  /** Those of them that must match something. */
  readonly asked: readonly JsonObject[];
}

/** Why the specs asked for do not fit the cards that are there. */
export function specFitFaults({ specs, asked }: SpecsToFit, functions: readonly HostFunction[]): readonly string[] {
  const given = assign(specs, functions);
  const used = new Set(given.values());
  const idle = asked.filter((spec) => isDecidedHere(spec) && !used.has(spec));
  return [...idle.map((spec) => idleFault(spec, specs, functions)), ...familyFaults(given)];
}

function idleFault(spec: JsonObject, specs: readonly JsonObject[], functions: readonly HostFunction[]): string {
  const text = JSON.stringify(spec);
  const taken = functions.find((one) => specMatches(spec, one, functions));
  const earlier = taken && specs.find((other) => specMatches(other, taken, functions));
  if (taken) return `${text} never takes effect: ${JSON.stringify(earlier)} comes first and takes ${taken.address}`;
  const swapped = { ...spec, vendor_id: spec.product_id, product_id: spec.vendor_id };
  const meant = functions.find((one) => specMatches(swapped, one, functions));
  if (meant) return `${text} has vendor_id and product_id swapped: ${meant.address} is ${meant.vendor}:${meant.device}`;
  return `${text} matches no PCI function of this host${nearest(spec, functions)}`;
}

function nearest(spec: JsonObject, functions: readonly HostFunction[]): string {
  const sameVendor = functions.filter((one) => one.vendor === idOf(spec.vendor_id));
  const atAddress =
    spec.address === undefined ? [] : functions.filter((one) => addressMatches(spec.address, one.address));
  const near = (atAddress.length > 0 && atAddress.length < functions.length ? atAddress : sameVendor).slice(0, 8);
  return near.length === 0
    ? ''
    : ` (there are ${near.map((one) => `${one.address} ${one.vendor}:${one.device}`).join(', ')})`;
}

/**
 * Nova gives either a physical function or its virtual ones to guests, and all virtual ones of a card alike; with
 * Placement it refuses anything else. Functions of Neutron's networks are no business of Placement's.
 *
 * Source: nova `compute/pci_placement_translator.py` `PciResourceProvider`.
 */
function familyFaults(given: ReadonlyMap<HostFunction, JsonObject>): readonly string[] {
  const placed = [...given].filter(([, spec]) => isNothing(spec.physical_network));
  return placed
    .flatMap(([one]) => {
      const virtual = placed.filter(([other]) => other.parent === one.address);
      return virtual.length === 0
        ? []
        : [
            `device_spec gives both ${one.address} and its virtual functions to Nova; select one of the two by product_id or address`,
          ];
    })
    .concat(mixedFaults(placed));
}

function mixedFaults(placed: readonly (readonly [HostFunction, JsonObject])[]): readonly string[] {
  const families = Map.groupBy(
    placed.filter(([one]) => one.parent !== undefined),
    ([one]) => one.parent,
  );
  return [...families].flatMap(([parent, members]) =>
    new Set(members.map(([one, spec]) => placementNames(spec, one))).size < 2
      ? []
      : [`device_spec gives virtual functions of ${parent} to Nova under different resource_class or traits`],
  );
}

/** What a function is called in Placement. */
function placementNames(spec: JsonObject, { vendor, device }: HostFunction): string {
  const own = (text: string) =>
    `CUSTOM_${text
      .toUpperCase()
      .replace(/[^A-Z0-9_]+/g, '_')
      .replace(/^CUSTOM_/, '')}`;
  const traits = isNothing(spec.traits) ? [] : String(spec.traits).split(',').map(own);
  const name = isNothing(spec.resource_class) ? `PCI_${vendor}_${device}` : String(spec.resource_class);
  return [own(name), ...[...new Set(traits)].sort()].join(' ');
}

/**
 * Aliases that no card of this host they name can ever satisfy, because of Nova's device types. All hosts have the same
 * aliases: one for each type of a card that has SR-IOV on some hosts only is no mistake.
 */
export function aliasFitFaults(aliases: readonly JsonObject[], functions: readonly HostFunction[]): readonly string[] {
  return aliases.flatMap((alias) => {
    const meant = functions.filter((one) => isNamed(alias, one));
    const types = [...new Set(meant.map(({ type }) => type))];
    if (meant.length === 0 || meant.some((one) => canTake(alias, one))) return [];
    const others = aliases.filter(({ name }) => name !== alias.name);
    if (meant.every((one) => others.some((other) => isNamed(other, one) && canTake(other, one)))) return [];
    return [
      `alias ${JSON.stringify(alias.name)} never matches: ${meant[0]?.address} is ${types.join(' or ')} to Nova; say "device_type": "${types[0]}"`,
    ];
  });
}

function isNamed(alias: JsonObject, { vendor, device }: HostFunction): boolean {
  return vendor === idOf(alias.vendor_id) && device === idOf(alias.product_id);
}

/** Without device_type an alias takes anything but physical functions. Source: nova `pci/stats.py`. */
function canTake(alias: JsonObject, one: HostFunction): boolean {
  return alias.device_type === undefined ? one.type !== 'type-PF' : alias.device_type === one.type;
}
