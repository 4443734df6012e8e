import { isObject } from './oslo-json.ts';

/** Largest field values Nova accepts; VMD's 32-bit domains are ignored by it. */
const FIELDS = [
  { name: 'domain', max: 0xffff, width: 4 },
  { name: 'bus', max: 0xff, width: 2 },
  { name: 'slot', max: 0x1f, width: 2 },
  { name: 'function', max: 7, width: 1 },
] as const;

type Fields = readonly [string, string, string, string];

/**
 * A number as Python's `int(text, 16)` reads it: blanks around, a sign, `0x`, single underscores between digits.
 * Digits of other scripts, which Python takes too, are refused.
 */
export function pythonHex(text: string): number | undefined {
  const match = /^\s*([+-]?)(?:0x_?)?([0-9a-f]+(?:_[0-9a-f]+)*)\s*$/i.exec(text);
  if (!match) return undefined;
  const value = Number.parseInt((match[2] ?? '').replaceAll('_', ''), 16);
  return match[1] === '-' ? -value : value;
}

/** What Nova takes for an address that is not there: anything Python holds for false. */
export function isNothing(value: unknown): boolean {
  if (typeof value === 'object' && value !== null) return Object.keys(value).length === 0;
  return !value;
}

/**
 * Splits Nova's address glob `[[[[domain:]bus]:][slot][.function]]`; what is left out, or empty, is `*`.
 *
 * Source: nova `pci/devspec.py` `PciAddressGlobSpec`.
 * @example globFields('0a:00.*') // ['*', '0a', '00', '*']
 */
export function globFields(address: string): Fields | undefined {
  const dot = address.indexOf('.');
  const fn = dot < 0 ? '' : address.slice(dot + 1);
  const parts = (dot < 0 ? address : address.slice(0, dot)).split(':').map((part) => part.trim() || '*');
  if (parts.length > 3) return undefined;
  const [domain = '*', bus = '*', slot = '*'] = [...Array<string>(3 - parts.length).fill('*'), ...parts];
  const fields = [domain, bus, slot, fn === '' ? '*' : fn.trim()].map((field, index) => padded(field, index));
  const [d, b, s, f] = fields;
  return d === undefined || b === undefined || s === undefined || f === undefined ? undefined : [d, b, s, f];
}

/** Nova takes a negative number and then never finds it. */
function padded(field: string, index: number): string | undefined {
  const limit = FIELDS[index];
  if (field === '*' || !limit) return field;
  const value = pythonHex(field);
  if (value === undefined || value < 0 || value > limit.max) return undefined;
  return value.toString(16).padStart(limit.width, '0');
}

export function addressFaults(address: unknown): string[] {
  if (isNothing(address)) return [];
  if (typeof address === 'string') {
    return globFields(address)
      ? []
      : [`has the address ${JSON.stringify(address)}, which is no PCI address or glob within ffff:ff:1f.7`];
  }
  if (!isObject(address)) return ['has an address that is neither text nor an object'];
  return Object.entries(address).flatMap(([key, value]) => regexFaults(key, value));
}

function regexFaults(key: string, value: unknown): readonly string[] {
  if (!FIELDS.some(({ name }) => name === key))
    return [
      `has the address field ${JSON.stringify(key)}, which Nova passes over; it knows domain, bus, slot, function`,
    ];
  return typeof value === 'string' && toRegex(value)
    ? []
    : [`has an address.${key} that is no regular expression of the plain kind (a-f, 0-9, . [] () | * + ? {2} \\d)`];
}

/** What Python and JavaScript write, and understand, alike. */
const SHARED_SYNTAX =
  /^(?:[\w :,-]|\.|\\[dw.*+?()[\]{}|^$\\-]|\[\^?[\w.:*, -]+\]|\((?:\?:)?|\)|[|^$]|[*+?]\??|\{\d+(?:,\d*)?\}\??)*$/;

/** Python's `re.match`: anchored at the start only. */
function toRegex(text: string): RegExp | undefined {
  if (!SHARED_SYNTAX.test(text)) return undefined;
  try {
    return new RegExp(`^(?:${text})`);
  } catch {
    return undefined;
  }
}

/** Equal for addresses that mean the same. */
export function canonicalAddress(address: unknown): string {
  if (isNothing(address)) return '* * * *';
  if (isObject(address)) return JSON.stringify(FIELDS.map(({ name }) => address[name] ?? '.*'));
  return (globFields(String(address)) ?? [String(address)]).join(' ');
}

/** Whether an address field of a device_spec matches `0000:88:00.0`. */
export function addressMatches(address: unknown, bdf: string): boolean {
  if (isNothing(address)) return true;
  const own = bdf.split(/[:.]/);
  if (isObject(address)) {
    return FIELDS.every(({ name }, index) => toRegex(String(address[name] ?? '.*'))?.test(own[index] ?? '') ?? false);
  }
  const fields = globFields(String(address));
  return fields?.every((field, index) => field === '*' || field === own[index]) ?? false;
}

/** Names one function, no wildcard: then Nova also takes the virtual functions of it. */
export function isSingleAddress(address: unknown): boolean {
  if (isObject(address)) return FIELDS.every(({ name }) => /^[0-9a-f]*$/i.test(String(address[name] ?? '.*')));
  return typeof address === 'string' && (globFields(address)?.every((field) => field !== '*') ?? false);
}
