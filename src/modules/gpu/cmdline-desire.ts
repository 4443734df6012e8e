import {
  type CmdlineToken,
  normaliseKey,
  parseToken,
  policyOf,
  type TokenPolicy,
} from '../../probes/kernel-cmdline-tokens.ts';

/** Which tokens a task wants on a command line, or off it. */
export interface CmdlineDesire {
  readonly state: 'present' | 'absent';
  readonly tokens: readonly CmdlineToken[];
  readonly policies: Readonly<Record<string, TokenPolicy>>;
}

/** The wanted tokens that a command line lacks, or the unwanted ones it holds; empty when it is as desired. */
export function unmetTokens(current: readonly CmdlineToken[], desire: CmdlineDesire): readonly string[] {
  const isUnmet = desire.state === 'present' ? isMissing : isUnwanted;
  return desire.tokens.filter((token) => isUnmet(token, current, desire)).map((token) => token.text);
}

/** The command line made as desired. Tokens nobody spoke of stay as and where they are. */
export function withDesire(current: readonly CmdlineToken[], desire: CmdlineDesire): readonly CmdlineToken[] {
  const amend = desire.state === 'present' ? withToken : withoutToken;
  return desire.tokens.reduce((tokens, token) => amend(tokens, token, desire), current);
}

/** Tokens of one key that must be one token but are several with different values; the kernel would take the last. */
export function conflictingTokens(current: readonly CmdlineToken[], desire: CmdlineDesire): readonly CmdlineToken[] {
  const merged = desire.tokens.filter((token) => policyOf(token.key, desire.policies) === 'csv-merge');
  const sameKey = merged.map((token) => occurrences(current, token.key));
  return sameKey.find((tokens) => new Set(tokens.map((token) => token.value)).size > 1) ?? [];
}

/** Tokens whose order among each other matters: `hugepagesz=1G hugepages=16`. */
export function sequenceOf(tokens: readonly CmdlineToken[], desire: CmdlineDesire): readonly CmdlineToken[] {
  return tokens.filter((token) => policyOf(token.key, desire.policies) === 'sequence');
}

function isMissing(token: CmdlineToken, current: readonly CmdlineToken[], desire: CmdlineDesire): boolean {
  const same = occurrences(current, token.key);
  switch (policyOf(token.key, desire.policies)) {
    case 'set':
      return same.length === 0 || same.some((one) => !isMetBy(token, one));
    case 'multi':
      return isModuleList(token)
        ? itemsOf(token).some((item) => !same.flatMap(itemsOf).includes(item))
        : !same.some((one) => one.value === token.value);
    case 'csv-merge':
      return same.length !== 1 || itemsOf(token).some((item) => !same.flatMap(itemsOf).includes(item));
    case 'sequence':
      return !isEqualList(textsOf(sequenceOf(current, desire)), textsOf(sequenceOf(desire.tokens, desire)));
  }
}

function isUnwanted(token: CmdlineToken, current: readonly CmdlineToken[], desire: CmdlineDesire): boolean {
  const same = occurrences(current, token.key);
  if (token.value === null) return same.length > 0;
  if (!hasItems(token, desire)) return same.some((one) => one.value === token.value);
  return same.flatMap(itemsOf).some((item) => itemsOf(token).includes(item));
}

function withToken(
  current: readonly CmdlineToken[],
  token: CmdlineToken,
  desire: CmdlineDesire,
): readonly CmdlineToken[] {
  if (!isMissing(token, current, desire)) return current;
  const others = current.filter((one) => one.key !== token.key);
  switch (policyOf(token.key, desire.policies)) {
    case 'set':
      return [...others, withFlags(token, occurrences(current, token.key).at(-1))];
    case 'multi':
      return [...current, token];
    case 'csv-merge':
      return [...others, withItems(token, [...occurrences(current, token.key).flatMap(itemsOf), ...itemsOf(token)])];
    case 'sequence': {
      const managed = sequenceOf(desire.tokens, desire);
      return [...current.filter((one) => policyOf(one.key, desire.policies) !== 'sequence'), ...managed];
    }
  }
}

function withoutToken(
  current: readonly CmdlineToken[],
  token: CmdlineToken,
  desire: CmdlineDesire,
): readonly CmdlineToken[] {
  const isMerged = hasItems(token, desire);
  return current.flatMap((one) => {
    if (one.key !== token.key) return [one];
    if (token.value === null || (!isMerged && one.value === token.value)) return [];
    if (!isMerged) return [one];
    const left = itemsOf(one).filter((item) => !itemsOf(token).includes(item));
    if (left.length === itemsOf(one).length) return [one];
    return left.length > 0 ? [withItems(one, left)] : [];
  });
}

/** Keys whose value is a list of switches: `intel_iommu=on,igfx_off` says `on` too. */
const FLAG_KEYS = new Set(['intel_iommu', 'amd_iommu', 'iommu']);

function isMetBy(wanted: CmdlineToken, present: CmdlineToken): boolean {
  if (present.value === wanted.value) return true;
  if (!FLAG_KEYS.has(wanted.key)) return false;
  const items = itemsOf(present);
  return itemsOf(wanted).every((item) => items.includes(item)) && !items.some((item) => contradicts(item, wanted));
}

/** The wanted switches, beside those already set that they do not contradict. */
function withFlags(wanted: CmdlineToken, present: CmdlineToken | undefined): CmdlineToken {
  if (!present || !FLAG_KEYS.has(wanted.key)) return wanted;
  const kept = itemsOf(present).filter((item) => !contradicts(item, wanted));
  return withItems(wanted, [...itemsOf(wanted), ...kept]);
}

function contradicts(item: string, wanted: CmdlineToken): boolean {
  const items = itemsOf(wanted);
  if (items.includes(item)) return false;
  return (
    item === 'off' || items.includes('off') || (/^(no)?pt$/.test(item) && items.some((one) => /^(no)?pt$/.test(one)))
  );
}

function occurrences(tokens: readonly CmdlineToken[], key: string): readonly CmdlineToken[] {
  return tokens.filter((token) => token.key === key);
}

/** Lists of modules, in which `-` is `_`. dracut's may be repeated, and each may hold several (dracut.cmdline(7)). */
const MODULE_LISTS = new Set([
  'rd.driver.pre',
  'rd.driver.post',
  'rd.driver.blacklist',
  'modprobe.blacklist',
  'module_blacklist',
]);

function isModuleList({ key }: CmdlineToken): boolean {
  return MODULE_LISTS.has(key);
}

function hasItems(token: CmdlineToken, desire: CmdlineDesire): boolean {
  return isModuleList(token) || policyOf(token.key, desire.policies) === 'csv-merge';
}

/** PCI ids are hexadecimal, so their case does not matter. */
function itemsOf(token: CmdlineToken): readonly string[] {
  const items = (token.value ?? '').split(',').filter(Boolean);
  if (isModuleList(token)) return items.map(normaliseKey);
  return token.key === 'vfio_pci.ids' ? items.map((item) => item.toLowerCase()) : items;
}

function withItems(token: CmdlineToken, items: readonly string[]): CmdlineToken {
  return parseToken(`${token.text.split('=', 1)[0]}=${[...new Set(items)].join(',')}`);
}

function textsOf(tokens: readonly CmdlineToken[]): readonly string[] {
  return tokens.map((token) => `${token.key}=${token.value ?? ''}`);
}

function isEqualList(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((item, index) => item === b[index]);
}
