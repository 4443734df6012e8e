import { isIPv4, isIPv6 } from 'node:net';

/** Why a text is not a host, or the host and its port. */
export type HostAddress =
  | { readonly name: string; readonly port?: number; readonly mistake?: never }
  | { readonly mistake: string; readonly hint?: string };

const NAME_LENGTH = 253;
const label = /^[A-Za-z0-9_](?:[A-Za-z0-9_-]*[A-Za-z0-9_])?$/;

/**
 * A host name, IPv4 or IPv6 address with an optional port; an address with colons needs brackets before a port.
 *
 * Names end up in ssh's arguments, in file names and in messages, so nothing is let through that means something to a
 * shell, to ssh (`-oProxyCommand=…`) or to a path.
 * @example parseHostAddress('[2001:db8::1]:2222') // { name: '2001:db8::1', port: 2222 }
 */
export function parseHostAddress(text: string): HostAddress {
  const bracketed = /^\[([^[\]]+)\](?::([0-9]+))?$/.exec(text);
  const plain = /^([^:[\]]*):([0-9]+)$/.exec(text);
  const [, name = text, port] = bracketed ?? plain ?? [];
  const mistake = mistakeIn(name);
  if (mistake) return mistake;
  if (port === undefined) return { name };
  const number = Number(port);
  return number >= 1 && number <= 65_535
    ? { name, port: number }
    : { mistake: `port ${port} is not between 1 and 65535` };
}

function mistakeIn(name: string): { readonly mistake: string; readonly hint?: string } | undefined {
  if (isAddress(name) && !name.includes('%')) return undefined;
  const shown = JSON.stringify(name);
  if (name.includes('%'))
    return { mistake: `${shown}: an address may not name a zone`, hint: 'set it in ~/.ssh/config' };
  if (/[^\x20-\x7e]/.test(name) || /(?:^|\.)xn--/i.test(name)) {
    return { mistake: `${shown} is not an ASCII host name`, hint: 'choose an ASCII name and set ansible_host' };
  }
  if (name.length > NAME_LENGTH) return { mistake: `a host name of ${name.length} characters is too long` };
  if (name.split('.').every((part) => label.test(part))) return undefined;
  return { mistake: `${shown} is not a host name`, hint: 'use letters, digits, `-`, `_` and `.`' };
}

const groupName = /^[A-Za-z0-9_][A-Za-z0-9_.+=@-]*$/;

/** Group names are file names under group_vars/ and words of host patterns. */
export function isGroupName(name: string): boolean {
  return groupName.test(name);
}

/** Node's pattern for IPv6 is long and costs milliseconds when it is first used; nearly no inventory needs it. */
function isAddress(name: string): boolean {
  return isIPv4(name) || (name.includes(':') && isIPv6(name));
}
