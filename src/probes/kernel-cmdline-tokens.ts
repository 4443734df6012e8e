/**
 * The kernel's own reading of its command line (lib/cmdline.c next_arg, kernel/params.c parameq): words end at white
 * space outside double quotes, quotes cannot be escaped, and `-` equals `_` in keys.
 */
export interface CmdlineToken {
  readonly text: string;
  /** Normalised: `vfio-pci.ids` and `vfio_pci.ids` are one key. */
  readonly key: string;
  readonly value: string | null;
}

/** How several values of one key live together. */
export type TokenPolicy = 'set' | 'multi' | 'csv-merge' | 'sequence';

/** @example tokenize('a="x y" quiet').map((token) => token.key) // ['a', 'quiet'] */
export function tokenize(line: string): readonly CmdlineToken[] {
  return (line.match(/(?:"[^"]*"?|[^\s"])+/g) ?? []).map(parseToken);
}

/** @example parseToken('vfio-pci.ids=10de:1b38') // { key: 'vfio_pci.ids', value: '10de:1b38', … } */
export function parseToken(text: string): CmdlineToken {
  const equals = text.indexOf('=');
  const rawKey = equals < 0 ? text : text.slice(0, equals);
  return {
    text,
    key: normaliseKey(rawKey.replaceAll('"', '')),
    value: equals < 0 ? null : text.slice(equals + 1).replaceAll('"', ''),
  };
}

export function normaliseKey(key: string): string {
  return key.replaceAll('-', '_');
}

/** Names as {@link normaliseKey} makes them; anything else is `set`. */
const POLICIES: Readonly<Record<string, TokenPolicy>> = {
  console: 'multi',
  earlycon: 'multi',
  'rd.driver.pre': 'multi',
  'rd.driver.post': 'multi',
  'rd.driver.blacklist': 'multi',
  initcall_blacklist: 'csv-merge',
  'vfio_pci.ids': 'csv-merge',
  'modprobe.blacklist': 'csv-merge',
  module_blacklist: 'csv-merge',
  pci: 'csv-merge',
  hugepagesz: 'sequence',
  hugepages: 'sequence',
};

/** Policies are looked up by own key only: a token may be called `constructor`. */
export function policyOf(key: string, overrides: Readonly<Record<string, TokenPolicy>> = {}): TokenPolicy {
  const given = Object.entries(overrides).find(([name]) => normaliseKey(name) === key);
  return given?.[1] ?? (Object.hasOwn(POLICIES, key) ? (POLICIES[key] ?? 'set') : 'set');
}

/** Tokens the boot loader adds or that say where to boot from: never compared between an entry and the live line. */
const LOADER_KEYS = new Set(['BOOT_IMAGE', 'root', 'ro', 'rw', 'initrd', 'vt.handoff']);

/** A GRUB variable such as `$vt_handoff` or `$tuned_params` is filled in only at boot. */
export function isComparable(token: CmdlineToken): boolean {
  return !LOADER_KEYS.has(token.key) && !token.text.includes('$');
}
