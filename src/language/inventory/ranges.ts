import { type HostAddress, parseHostAddress } from './host-name.ts';

export type Expansion =
  | { readonly names: readonly string[]; readonly port?: number; readonly mistake?: never }
  | { readonly mistake: string; readonly hint?: string };

/** More hosts than this from one line are a slip of the keyboard. */
const MOST_HOSTS = 100_000;
const LONGEST = 1000;
const letters = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ';

class BoundsError extends Error {
  override name = 'BoundsError';
}

/**
 * The hosts of a line such as `gpu[01:16:2].rack[a:c]:2222`: bounds are inclusive, a begin with leading zeros sets the
 * width, the third number is the step.
 */
export function expandHosts(pattern: string): Expansion {
  if (pattern.length > LONGEST) return { mistake: `a host of ${pattern.length} characters is too long` };
  const [, host = pattern, port] = /^((?:[^:[\]]|\[[^\]]*\])*):([0-9]+)$/.exec(pattern) ?? [];
  if (!/\[[^\]]*:[^\]]*\]/.test(host) || parseHostAddress(pattern).mistake === undefined) return single(pattern);
  try {
    const names = expand(host);
    const wrong = names.map(parseHostAddress).find((address) => address.mistake !== undefined);
    return wrong === undefined ? withPort(names, port) : asExpansion(wrong);
  } catch (error) {
    if (!(error instanceof BoundsError)) throw error;
    return { mistake: `${pattern}: ${error.message}`, hint: 'write [begin:end] or [begin:end:step]' };
  }
}

function single(pattern: string): Expansion {
  return asExpansion(parseHostAddress(pattern));
}

function asExpansion(address: HostAddress): Expansion {
  if (address.mistake !== undefined) return address;
  return address.port === undefined ? { names: [address.name] } : { names: [address.name], port: address.port };
}

function withPort(names: readonly string[], port: string | undefined): Expansion {
  if (port === undefined) return { names };
  const first = parseHostAddress(`${names[0]}:${port}`);
  return first.mistake === undefined ? { names, port: Number(port) } : first;
}

function expand(pattern: string): readonly string[] {
  const range = /^([^[]*)\[([^\]]*)\](.*)$/.exec(pattern);
  if (!range) return [pattern];
  const [, head = '', bounds = '', tail = ''] = range;
  const members = expandBounds(bounds);
  const tails = expand(tail);
  if (members.length * tails.length > MOST_HOSTS) throw new BoundsError(`more than ${MOST_HOSTS} hosts`);
  return members.flatMap((member) => tails.map((rest) => `${head}${member}${rest}`));
}

function expandBounds(bounds: string): readonly string[] {
  const [begin = '', end, step = '1', ...rest] = bounds.split(':');
  if (end === undefined || rest.length > 0) throw new BoundsError(`[${bounds}] is not a range`);
  if (!/^[1-9][0-9]*$/.test(step)) throw new BoundsError(`step ${step} is not a positive number`);
  if (letters.includes(begin) && begin.length === 1) return letterRange(begin, end, Number(step));
  return numberRange(begin || '0', end, Number(step));
}

function letterRange(begin: string, end: string, step: number): readonly string[] {
  const [first, last] = [letters.indexOf(begin), end.length === 1 ? letters.indexOf(end) : -1];
  if (last < first) throw new BoundsError(`${begin}:${end} does not go up from letter to letter`);
  return [...letters.slice(first, last + 1)].filter((_, index) => index % step === 0);
}

function numberRange(begin: string, end: string, step: number): readonly string[] {
  if (!/^[0-9]+$/.test(begin) || !/^[0-9]+$/.test(end)) throw new BoundsError(`${begin}:${end} is not a range`);
  const width = begin.length > 1 && begin.startsWith('0') ? begin.length : 0;
  if (width > 0 && end.length !== width) throw new BoundsError(`${begin} and ${end} differ in width`);
  const count = Math.floor((Number(end) - Number(begin)) / step) + 1;
  if (count < 1) throw new BoundsError(`${begin}:${end} does not go up`);
  if (count > MOST_HOSTS) throw new BoundsError(`more than ${MOST_HOSTS} hosts`);
  return Array.from({ length: count }, (_, index) => String(Number(begin) + index * step).padStart(width, '0'));
}
