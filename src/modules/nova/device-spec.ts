import { addressFaults, canonicalAddress, isNothing, pythonHex } from './device-address.ts';
import type { ItemRules } from './multi-values.ts';
import { type JsonObject, notJson, readObjects, strictBooleanOf, writeJson } from './oslo-json.ts';

/** Keys that mean something to Nova, with the release since which they do; before it they are free tags that split pools. */
const KEYS: Readonly<Record<string, number>> = {
  vendor_id: 0,
  product_id: 0,
  address: 0,
  devname: 0,
  physical_network: 0,
  trusted: 18,
  remote_managed: 25,
  resource_class: 26,
  traits: 26,
  managed: 31,
  live_migratable: 31,
  one_time_use: 32,
};
const ALIAS_ONLY = ['name', 'device_type', 'numa_policy', 'capability_type'];
const STRICT_BOOLEANS = ['managed', 'live_migratable', 'one_time_use'];
const BOOLEANS = ['trusted', 'remote_managed', ...STRICT_BOOLEANS];

export interface SpecContext {
  readonly release: number;
  /** `[pci] report_in_placement`. */
  readonly isReported: boolean;
  /** Keys that are meant as free tags. */
  readonly extraTags: readonly string[];
}

/**
 * Why nova-compute would not start with a device_spec value.
 *
 * Source: nova `pci/whitelist.py`, `pci/devspec.py`, `compute/pci_placement_translator.py`.
 */
export function specValueFaults(value: string, context: SpecContext): readonly string[] {
  const specs = readObjects(value);
  if (specs === undefined) return [unreadable(value)];
  return specs.flatMap((spec) => novaFaults(spec, context));
}

function unreadable(value: string): string {
  if (value === '') return 'is empty: Nova reads "" as broken JSON; remove the line instead';
  return `is not a JSON object or list of objects${notJson(value)}`;
}

function novaFaults(spec: JsonObject, context: SpecContext): readonly string[] {
  const faults = ['vendor_id', 'product_id'].flatMap((key) => idFaults(key, spec[key]));
  const isNamed = !isNothing(spec.devname);
  if (isNamed && typeof spec.devname !== 'string') faults.push('has a devname that is not a JSON string');
  if (isNamed && !isNothing(spec.address)) faults.push('has both address and devname');
  if (!isNamed) faults.push(...addressFaults(spec.address));
  for (const key of STRICT_BOOLEANS) {
    if (spec[key] !== undefined && context.release >= (KEYS[key] ?? 0) && strictBooleanOf(spec[key]) === undefined)
      faults.push(`has a ${key} that Nova cannot read as yes or no`);
  }
  for (const key of context.isReported ? ['resource_class', 'traits'] : []) {
    if (!isNothing(spec[key]) && typeof spec[key] !== 'string') faults.push(`has a ${key} that is not a JSON string`);
  }
  if (context.isReported && isNamed) faults.push('has devname, which report_in_placement does not allow; use address');
  if (strictBooleanOf(spec.one_time_use ?? 'no') && !context.isReported && context.release >= 32)
    faults.push('has one_time_use, which needs [pci] report_in_placement');
  return faults;
}

/** Stricter than Nova, for what a playbook asks for: Nova takes an unknown key silently as a tag. */
export function specLints(spec: JsonObject, context: SpecContext): readonly string[] {
  const faults = Object.keys(spec).flatMap((key) => keyLint(key, context));
  if (strictBooleanOf(spec.live_migratable ?? 'yes') === false) {
    faults.push(
      'sets live_migratable to no: Nova then demands libvirt 10.0 and QEMU 8.2.2 all the same; leave the key out',
    );
  }
  return faults;
}

function keyLint(key: string, { release, extraTags }: SpecContext): readonly string[] {
  if (extraTags.includes(key)) return [];
  const since = Object.hasOwn(KEYS, key) ? KEYS[key] : undefined;
  if (since !== undefined)
    return release < since ? [`has ${key}, which Nova knows since ${since}.0.0 (this is ${release})`] : [];
  const hint = ALIAS_ONLY.includes(key)
    ? 'it belongs into [pci] alias'
    : 'name it under `extra_tags` when a free tag is meant';
  return [`has the key ${JSON.stringify(key)}, which Nova takes as a free tag: ${hint}`];
}

function idFaults(key: string, id: unknown): string[] {
  if (id === undefined || (typeof id === 'string' && isAny(key, id))) return [];
  const value = typeof id === 'string' ? pythonHex(id) : undefined;
  return value !== undefined && value >= 0 && value <= 0xffff
    ? []
    : [`has a ${key} that is not a hexadecimal number up to ffff`];
}

/** Nova takes the blanks off a vendor_id only. */
function isAny(key: string, id: string): boolean {
  return id === '*' || (key === 'vendor_id' && id.trim() === '*');
}

/** @example idOf('0x10DE') // '10de' */
export function idOf(id: unknown): string {
  if (id === undefined || String(id).trim() === '*') return '*';
  return (pythonHex(String(id)) ?? -1).toString(16).padStart(4, '0');
}

function selector(spec: JsonObject): string {
  return JSON.stringify([
    idOf(spec.vendor_id),
    idOf(spec.product_id),
    canonicalAddress(spec.address),
    isNothing(spec.devname) ? null : spec.devname,
  ]);
}

function tags(spec: JsonObject): string {
  const { vendor_id: _v, product_id: _p, address: _a, devname: _d, ...rest } = spec;
  return JSON.stringify(
    Object.entries(rest)
      .map(([key, value]) => [key, tagOf(key, value)])
      .sort(),
  );
}

/** Nova takes `no`, `false` and `0` for the same. */
function tagOf(key: string, value: unknown): unknown {
  return BOOLEANS.includes(key) && value !== undefined ? (strictBooleanOf(value) ?? value) : value;
}

const ORDER = ['vendor_id', 'product_id', 'address', 'devname', ...Object.keys(KEYS).slice(4)];

function writeSpec(spec: JsonObject): JsonObject {
  const known = ORDER.flatMap((key) => (spec[key] === undefined ? [] : [[key, spec[key]] as const]));
  const rest = Object.entries(spec).filter(([key]) => !ORDER.includes(key));
  return Object.fromEntries([...known, ...rest]);
}

/** The first spec that matches a device decides about it, so their order counts. */
export const specRules: ItemRules<JsonObject> = {
  read: readObjects,
  write: (specs) => writeJson(specs.length === 1 ? writeSpec(specs[0] ?? {}) : specs.map(writeSpec)),
  isSame: (a, b) => selector(a) === selector(b) && tags(a) === tags(b),
  isRival: (a, b) => selector(a) === selector(b),
  matches: (spec, pattern) =>
    Object.entries(pattern).every(([key, value]) => {
      if (key === 'address') return canonicalAddress(spec.address) === canonicalAddress(value);
      return key.endsWith('_id') ? idOf(spec[key]) === idOf(value) : tagOf(key, spec[key]) === tagOf(key, value);
    }),
  isOrdered: true,
};
