import { execFile } from 'node:child_process';
import { globSync, readFileSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { promisify } from 'node:util';

import { matchesPattern } from './known-hosts.ts';
import { splitWords } from './words.ts';

/** ssh_config(5) keywords in lower case, each with its values; only IdentityFile keeps more than the first. */
export type SshSettings = ReadonlyMap<string, readonly string[]>;

/** A block asks something only ssh can answer (`Match exec`, `Match canonical`, …). */
class NeedsSsh extends Error {}

interface Query {
  readonly host: string;
  readonly user?: string;
}

const SYSTEM_FILE = '/etc/ssh/ssh_config';

/**
 * What the user's ssh configuration says about a host: first match wins, as ssh does it. Read here, because `ssh -G`
 * costs a process a host; files with `Match` conditions that need ssh itself are left to `ssh -G`.
 */
export async function readSshConfig(query: Query, file?: string): Promise<SshSettings> {
  if (file === 'none') return new Map();
  const files = file === undefined ? [join(homedir(), '.ssh/config'), SYSTEM_FILE] : [file];
  try {
    const settings = new Map<string, readonly string[]>();
    if (file !== undefined) statSync(file);
    for (const path of files) applyFile(path, query, settings);
    return settings;
  } catch (error) {
    if (!(error instanceof NeedsSsh)) throw error;
    return askSsh(query, file);
  }
}

type Mutable = Map<string, readonly string[]>;

function applyFile(path: string, query: Query, settings: Mutable, depth = 0): void {
  let isActive = true;
  for (const { keyword, value } of shared(`file ${path}`, () => readLines(path).map(splitLine))) {
    if (keyword === 'host') isActive = matchesHost(splitWords(value), query.host);
    else if (keyword === 'match') isActive = matchesCondition(splitWords(value.toLowerCase()), query);
    else if (!isActive) continue;
    else if (keyword === 'include') applyIncludes(value, query, settings, depth);
    else addSetting(settings, keyword, value);
  }
}

function applyIncludes(value: string, query: Query, settings: Mutable, depth: number): void {
  if (depth > 16) throw new Error('ssh configuration files include each other');
  const patterns = splitWords(value).map((word) => includePath(word));
  for (const path of patterns.flatMap((pattern) => shared(`glob ${pattern}`, () => globSync(pattern).sort())))
    applyFile(path, query, settings, depth + 1);
}

/** Milliseconds for which hosts that connect one after another share one look at the configuration. */
const SHARED_MS = 1000;

const looks = new Map<string, { readonly until: number; readonly found: unknown }>();

/** Hundreds of hosts read the same files within a second; a later reconnection sees what was edited meanwhile. */
function shared<Found>(key: string, look: () => Found): Found {
  const known = looks.get(key);
  const now = performance.now();
  if (known && now < known.until) return known.found as Found;
  const found = look();
  looks.set(key, { until: now + SHARED_MS, found });
  return found;
}

function includePath(word: string): string {
  const path = expandHome(word);
  return isAbsolute(path) ? path : join(homedir(), '.ssh', path);
}

function readLines(path: string): readonly string[] {
  try {
    return readFileSync(path, 'utf8')
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => line !== '' && !line.startsWith('#'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

function splitLine(line: string): { readonly keyword: string; readonly value: string } {
  const [, keyword = '', value = ''] = /^(\w+)(?:\s*=\s*|\s+)(.*)$/s.exec(line) ?? [];
  return { keyword: keyword.toLowerCase(), value };
}

export function addSetting(settings: Mutable, keyword: string, value: string): void {
  const values = RAW.has(keyword) ? [value] : splitWords(value);
  const before = settings.get(keyword);
  if (before === undefined) settings.set(keyword, values);
  else if (keyword === 'identityfile') settings.set(keyword, [...before, ...values]);
}

/** The rest of the line is a command: its quotes are for the shell that runs it. */
const RAW = new Set(['proxycommand']);

function matchesHost(patterns: readonly string[], host: string): boolean {
  const matches = (pattern: string): boolean => matchesPattern(pattern.toLowerCase(), host.toLowerCase());
  if (patterns.some((pattern) => pattern.startsWith('!') && matches(pattern.slice(1)))) return false;
  return patterns.some((pattern) => !pattern.startsWith('!') && matches(pattern));
}

function matchesCondition(words: readonly string[], query: Query): boolean {
  const [criterion, list, ...more] = words;
  if (criterion === 'all' || (criterion === 'final' && list === 'all')) return true;
  if (criterion !== 'originalhost' || list === undefined || more.length > 0) throw new NeedsSsh();
  return matchesHost(list.split(','), query.host);
}

async function askSsh({ host, user }: Query, file?: string): Promise<SshSettings> {
  const args = [
    '-G',
    ...(file === undefined ? [] : ['-F', file]),
    ...(user === undefined ? [] : ['-l', user]),
    '--',
    host,
  ];
  const { stdout } = await promisify(execFile)('ssh', args, { timeout: 10_000 });
  const settings: Mutable = new Map();
  for (const line of stdout.split('\n')) {
    const { keyword, value } = splitLine(line.trim());
    if (keyword !== '') addSetting(settings, keyword, value);
  }
  return settings;
}

export function expandHome(path: string): string {
  return path === '~' || path.startsWith('~/') ? join(homedir(), path.slice(1)) : path;
}
