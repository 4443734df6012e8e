import type { ItemRules } from './multi-values.ts';
import { isObject, type JsonObject, notJson, readJson, strictBooleanOf, writeJson } from './oslo-json.ts';

/** Keys of `[pci] alias` with the Nova release that first took them; any other key makes the alias invalid. */
const KEYS: Readonly<Record<string, number>> = {
  name: 0,
  vendor_id: 0,
  product_id: 0,
  capability_type: 0,
  device_type: 0,
  numa_policy: 17,
  resource_class: 27,
  traits: 27,
  live_migratable: 31,
};
const DEVICE_TYPES = ['type-PCI', 'type-PF', 'type-VF'];

export interface AliasContext {
  readonly release: number;
  /** `[filter_scheduler] pci_in_placement`. */
  readonly isInPlacement: boolean;
}

/**
 * Why Nova would refuse an alias value: before 2025.2 when an instance asks for it, since then at the start of nova-api
 * and nova-compute.
 *
 * Source: nova `pci/request.py` `_ALIAS_SCHEMA`, `_validate_required_ids`.
 */
export function aliasFaults(value: string, context: AliasContext): readonly string[] {
  const json = readJson(value);
  if (json === undefined) return [`is not JSON${notJson(value)}`];
  if (Array.isArray(json)) return ['is a JSON list; Nova takes one object per `alias` line'];
  if (!isObject(json)) return ['is not a JSON object'];
  return [...keyFaults(json, context), ...valueFaults(json, context), ...idFaults(json, context)];
}

/** Faults between aliases: one name may come twice only under conditions. Each fault names the alias. */
export function aliasSetFaults(aliases: readonly JsonObject[], context: AliasContext): readonly string[] {
  const byName = Map.groupBy(aliases, nameOf);
  return [...byName].flatMap(([name, same]) => (same.length < 2 ? [] : sameNameFaults(name, same, context)));
}

function sameNameFaults(name: string, same: readonly JsonObject[], context: AliasContext): readonly string[] {
  const alias = `alias ${JSON.stringify(name)} is defined ${same.length} times`;
  if (context.isInPlacement) return [`${alias}, which pci_in_placement does not allow`];
  if (new Set(same.map((one) => one.numa_policy ?? 'legacy')).size > 1) return [`${alias} with different numa_policy`];
  // Nova indexes `dev_type` of both without asking whether it is there.
  if (same.some((one) => one.device_type === undefined))
    return [`${alias}; Nova then needs device_type on each of them`];
  return new Set(same.map((one) => one.device_type)).size > 1 ? [`${alias} with different device_type`] : [];
}

function keyFaults(alias: JsonObject, { release }: AliasContext): readonly string[] {
  return Object.keys(alias).flatMap((key) => {
    const since = Object.hasOwn(KEYS, key) ? KEYS[key] : undefined;
    if (since === undefined) return [`has the key ${JSON.stringify(key)}, which Nova rejects in an alias`];
    return release < since ? [`has the key ${key}, which Nova knows since ${since}.0.0 (this is ${release})`] : [];
  });
}

function valueFaults(alias: JsonObject, { release }: AliasContext): readonly string[] {
  const { name, device_type, numa_policy, capability_type, live_migratable } = alias;
  const faults: string[] = [];
  if (typeof name !== 'string' || name.length < 1 || name.length > 256)
    faults.push('needs a name of 1 to 256 characters');
  else if (/[:,]/.test(name)) faults.push('has a name with `:` or `,`, which no flavor can ask for');
  for (const key of Object.keys(alias)) {
    if (typeof alias[key] !== 'string') faults.push(`has a ${key} that is not a JSON string`);
  }
  if (device_type !== undefined && !DEVICE_TYPES.includes(String(device_type)))
    faults.push(`has the device_type ${String(device_type)}; Nova knows ${DEVICE_TYPES.join(', ')}`);
  if (numa_policy !== undefined && !['required', 'legacy', 'preferred', 'socket'].includes(String(numa_policy)))
    faults.push(`has an unknown numa_policy ${String(numa_policy)}`);
  if (numa_policy === 'socket' && release < 23) faults.push(`has the numa_policy socket, which came with 23.0.0`);
  if (live_migratable !== undefined && strictBooleanOf(live_migratable) === undefined)
    faults.push(`has a live_migratable that Nova cannot read as yes or no`);
  if (capability_type !== undefined && capability_type !== 'pci') faults.push('has a capability_type other than pci');
  return faults;
}

function idFaults(alias: JsonObject, context: AliasContext): readonly string[] {
  const faults = ['vendor_id', 'product_id'].flatMap((key) => {
    const id = alias[key];
    return id === undefined || (typeof id === 'string' && /^[0-9a-f]{4}$/i.test(id))
      ? []
      : [`has a ${key} that is not four hexadecimal digits without 0x`];
  });
  const isById = alias.vendor_id !== undefined && alias.product_id !== undefined;
  if (isById || (context.isInPlacement && alias.resource_class !== undefined)) return faults;
  return [
    ...faults,
    context.isInPlacement ? 'needs vendor_id with product_id, or resource_class' : 'needs vendor_id and product_id',
  ];
}

function nameOf(alias: JsonObject): string {
  return String(alias.name ?? '').trim();
}

/** What Nova makes of an alias: ids without case, the default policy filled in. */
function canonical(alias: JsonObject): string {
  const { capability_type: _unused, ...rest } = alias;
  const full: JsonObject = {
    numa_policy: 'legacy',
    ...rest,
    name: nameOf(alias),
    vendor_id: lowered(alias.vendor_id),
    product_id: lowered(alias.product_id),
  };
  return JSON.stringify(
    Object.entries(full)
      .filter(([, value]) => value !== undefined)
      .sort(),
  );
}

/** One key of an alias as Nova takes it. */
function meaningOf(alias: JsonObject, key: string): unknown {
  if (key === 'numa_policy') return alias.numa_policy ?? 'legacy';
  // Without it an alias takes either kind, so that it means neither.
  if (key === 'live_migratable' && alias[key] !== undefined) return strictBooleanOf(alias[key]) ?? alias[key];
  return key.endsWith('_id') ? lowered(alias[key]) : alias[key];
}

const lowered = (id: unknown) => (typeof id === 'string' ? id.toLowerCase() : id);

const ORDER = [
  'name',
  'vendor_id',
  'product_id',
  'device_type',
  'numa_policy',
  'resource_class',
  'traits',
  'live_migratable',
];

/** Aliases are a set: Nova looks them up by name. */
export const aliasRules: ItemRules<JsonObject> = {
  read: (value) => {
    const json = readJson(value);
    return isObject(json) ? [json] : undefined;
  },
  write: ([alias]) =>
    writeJson(Object.fromEntries(ORDER.flatMap((key) => (alias?.[key] === undefined ? [] : [[key, alias[key]]])))),
  isSame: (a, b) => canonical(a) === canonical(b),
  isRival: (a, b) => nameOf(a) === nameOf(b),
  matches: (alias, pattern) =>
    Object.entries(pattern).every(([key, value]) =>
      key === 'name' ? nameOf(alias) === nameOf(pattern) : meaningOf(alias, key) === meaningOf({ [key]: value }, key),
    ),
  isOrdered: false,
};
