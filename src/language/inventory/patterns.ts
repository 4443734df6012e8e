import type { Problems } from '../../contract/problem.ts';
import { suggest } from '../suggest.ts';
import { globToRegExp, hasGlob } from './glob.ts';
import { isImplicitLocalhost } from './localhost.ts';
import { splitPattern } from './split-pattern.ts';
import type { Inventory } from './types.ts';

type Hosts = Pick<Inventory, 'hosts' | 'groups'>;

/**
 * The hosts that a play's `hosts:` or `--limit` means, each once, in the order of the pattern: groups and hosts, globs
 * over both, `~regex`, subscripts with inclusive bounds (`gpu[0:2]`, `gpu[-1]`); all unions first, then every `&`, then
 * every `!`, wherever they stand (docs.ansible.com: "Patterns: targeting hosts and groups").
 *
 * @param problems gets a warning for each part that matches nothing
 * @example matchHosts('gpu:&az1:!gpu-old', inventory)
 */
export function matchHosts(
  pattern: string | readonly string[],
  inventory: Hosts,
  problems?: Problems,
): readonly string[] {
  const parts = splitPattern(pattern, problems).filter((part) => !isBareSign(part, problems));
  const [unions, intersections, exclusions] = ['', '&', '!'].map((sign) => bySign(parts, sign));
  if (parts.length === 0) return [];
  const start = unions?.length ? unions : ['all'];
  const match = (part: string): ReadonlySet<string> => new Set(matchPart(part, inventory, problems));
  let hosts = [...new Set(start.flatMap((part) => [...match(part)]))];
  for (const kept of (intersections ?? []).map(match)) hosts = hosts.filter((host) => kept.has(host));
  for (const dropped of (exclusions ?? []).map(match)) hosts = hosts.filter((host) => !dropped.has(host));
  return hosts;
}

function isBareSign(part: string, problems: Problems | undefined): boolean {
  if (part !== '&' && part !== '!') return false;
  problems?.error(`${part} stands alone in the pattern`, { hint: `write it before a name: ${part}gpu` });
  return true;
}

function bySign(parts: readonly string[], sign: string): readonly string[] {
  if (sign === '') return parts.filter((part) => !/^[&!]/.test(part));
  return parts.filter((part) => part.startsWith(sign)).map((part) => part.slice(1));
}

interface Subscript {
  readonly expression: string;
  readonly first: number;
  /** Inclusive; undefined for a single host, -1 for the last. */
  readonly last: number | undefined;
}

function matchPart(part: string, inventory: Hosts, problems: Problems | undefined): readonly string[] {
  const subscript = inventory.groups.has(part) ? undefined : parseSubscript(part);
  const hosts = enumerate(subscript?.expression ?? part, inventory, problems);
  if (!subscript || hosts.length === 0) return hosts;
  const { first, last } = subscript;
  const chosen =
    last === undefined
      ? hosts.slice(first, first + 1 || undefined)
      : hosts.slice(first, last === -1 ? undefined : last + 1);
  if (chosen.length === 0) problems?.warn(`${part} is out of range: ${subscript.expression} has ${hosts.length} hosts`);
  return chosen;
}

/** `g[0]`, `g[-1]`, `g[0:2]`, `g[1:]`; `g[-2:]` is a character class of a glob, in Ansible too. */
function parseSubscript(part: string): Subscript | undefined {
  const [, expression, index, first, last] = /^([^~].*)\[(?:(-?[0-9]+)|([0-9]+)[:-]([0-9]*))\]$/.exec(part) ?? [];
  if (expression === undefined) return undefined;
  if (index !== undefined) return { expression, first: Number(index), last: undefined };
  return { expression, first: Number(first), last: last === '' ? -1 : Number(last) };
}

function enumerate(part: string, inventory: Hosts, problems: Problems | undefined): readonly string[] {
  const matches = matcherOf(part, problems);
  const groups = [...inventory.groups.keys()].filter(matches);
  if (hasGlob(part) && part !== '*' && groups.includes('all')) {
    problems?.warn(`${part} matches the group \`all\`, that is every host`, { hint: 'write the names out' });
  }
  const found = new Set(groups.flatMap((name) => inventory.groups.get(name)?.hosts ?? []));
  if (groups.length === 0 || hasGlob(part))
    for (const host of inventory.hosts.keys()) if (matches(host)) found.add(host);
  if (found.size > 0) return [...found];
  if (isImplicitLocalhost(part, inventory)) return [part];
  if (groups.length === 0) warnOfNoMatch(part, inventory, problems);
  return [];
}

function matcherOf(part: string, problems: Problems | undefined): (name: string) => boolean {
  if (!hasGlob(part)) return (name) => name === part;
  try {
    const expression = part.startsWith('~') ? pythonRegExp(part.slice(1)) : globToRegExp(part);
    return (name) => expression.test(name);
  } catch {
    problems?.error(`${part} is not a regular expression`, { hint: '~ begins a regular expression' });
    return () => false;
  }
}

/** Anchored at the start, as Python's `re.match`; without the u flag, under which `\\-` would be a mistake. */
function pythonRegExp(source: string): RegExp {
  return new RegExp(`^(?:${source.replaceAll('(?P<', '(?<')})`);
}

function warnOfNoMatch(part: string, { hosts, groups }: Hosts, problems: Problems | undefined): void {
  const similar = hasGlob(part) ? undefined : suggest(part, [...groups.keys(), ...hosts.keys()]);
  problems?.warn(`no host matches ${part}`, similar === undefined ? {} : { hint: `did you mean ${similar}?` });
}
