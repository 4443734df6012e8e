import { createHash, createHmac, randomBytes } from 'node:crypto';
import { appendFileSync, chmodSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

/** One line of a known_hosts file; format: sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT". */
export interface KnownHost {
  readonly marker?: 'revoked' | 'cert-authority';
  readonly patterns: string;
  readonly type: string;
  readonly key: Buffer;
  /** `file:line` */
  readonly place: string;
}

export type Verdict =
  | { readonly kind: 'known' | 'unknown' | 'only-authority' }
  | { readonly kind: 'changed' | 'revoked'; readonly entry: KnownHost };

/** @example hostKeyName('10.0.0.5', 2222) // '[10.0.0.5]:2222' */
export function hostKeyName(host: string, port: number): string {
  return port === 22 ? host.toLowerCase() : `[${host.toLowerCase()}]:${port}`;
}

/** SHA256 as `ssh-keygen -l` prints it. */
export function fingerprint(key: Buffer): string {
  return `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`;
}

/** The type a public key blob says it is. */
export function keyType(key: Buffer): string {
  return key.toString('latin1', 4, 4 + key.readUInt32BE(0));
}

export function parseKnownHosts(text: string, file: string): readonly KnownHost[] {
  return text.split('\n').flatMap((line, index) => parseLine(line.trim(), `${file}:${index + 1}`));
}

function parseLine(line: string, place: string): readonly KnownHost[] {
  if (line === '' || line.startsWith('#')) return [];
  const words = line.split(/\s+/);
  const marker = words[0]?.startsWith('@') ? words.shift()?.slice(1) : undefined;
  const [patterns, type, key] = words;
  if (patterns === undefined || type === undefined || key === undefined) return [];
  if (marker !== undefined && marker !== 'revoked' && marker !== 'cert-authority') return [];
  return [{ ...(marker && { marker }), patterns, type, key: Buffer.from(key, 'base64'), place }];
}

/** Entries whose host field covers the name. */
export function entriesFor(entries: readonly KnownHost[], name: string): readonly KnownHost[] {
  return entries.filter((entry) => matches(entry.patterns, name));
}

function matches(patterns: string, name: string): boolean {
  if (patterns.startsWith('|1|')) return matchesHash(patterns, name);
  const list = patterns.toLowerCase().split(',');
  const isNegated = list.some((pattern) => pattern.startsWith('!') && matchesPattern(pattern.slice(1), name));
  return !isNegated && list.some((pattern) => !pattern.startsWith('!') && matchesPattern(pattern, name));
}

function matchesHash(field: string, name: string): boolean {
  const [, , salt = '', hash = ''] = field.split('|');
  return createHmac('sha1', Buffer.from(salt, 'base64')).update(name).digest('base64') === hash;
}

/** `*` and `?` as in ssh_config(5) PATTERNS; brackets are literal. */
export function matchesPattern(pattern: string, name: string): boolean {
  if (!/[*?]/.test(pattern)) return pattern === name;
  const source = RegExp.escape(pattern).replaceAll('\\*', '.*').replaceAll('\\?', '.');
  return new RegExp(`^${source}$`, 's').test(name);
}

/** What the entries for one host say about the key it showed. */
export function judge(entries: readonly KnownHost[], key: Buffer): Verdict {
  const same = (entry: KnownHost): boolean => entry.key.equals(key);
  const revoked = entries.find((entry) => entry.marker === 'revoked' && same(entry));
  if (revoked) return { kind: 'revoked', entry: revoked };
  const plain = entries.filter((entry) => entry.marker === undefined);
  if (plain.some(same)) return { kind: 'known' };
  // Known types are asked for first, so a host that shows another type no longer has the key we know.
  const other = plain.find((entry) => entry.type === keyType(key)) ?? plain[0];
  if (other) return { kind: 'changed', entry: other };
  return { kind: entries.some((entry) => entry.marker === 'cert-authority') ? 'only-authority' : 'unknown' };
}

/** Reads files as they are now, parsing each only once while it stays the same. Missing files are empty. */
export class KnownHostsFiles {
  readonly #parsed = new Map<string, { readonly stamp: string; readonly entries: readonly KnownHost[] }>();

  entries(files: readonly string[]): readonly KnownHost[] {
    return files.flatMap((file) => this.#file(file));
  }

  #file(file: string): readonly KnownHost[] {
    const stat = statSync(file, { throwIfNoEntry: false, bigint: true });
    if (stat === undefined || !stat.isFile()) return [];
    const stamp = `${stat.ino}:${stat.mtimeNs}:${stat.size}`;
    const cached = this.#parsed.get(file);
    if (cached?.stamp === stamp) return cached.entries;
    const entries = parseKnownHosts(readFileSync(file, 'utf8'), file);
    this.#parsed.set(file, { stamp, entries });
    return entries;
  }
}

/**
 * Appends a host's key in one write, creating the file 0600.
 *
 * @throws the file system's error: the caller must refuse the host then.
 */
export function rememberHostKey(file: string, name: string, key: Buffer, isHashed: boolean): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const before = statSync(file, { throwIfNoEntry: false });
  if (before !== undefined && !before.isFile()) throw new Error(`${file} is not a regular file`);
  const needsNewline = before !== undefined && before.size > 0 && readFileSync(file).at(-1) !== 0x0a;
  const line = `${isHashed ? hashed(name) : name} ${keyType(key)} ${key.toString('base64')}\n`;
  appendFileSync(file, (needsNewline ? '\n' : '') + line, { mode: 0o600, flush: true });
  if (before === undefined) chmodSync(file, 0o600);
}

function hashed(name: string): string {
  const salt = randomBytes(20);
  return `|1|${salt.toString('base64')}|${createHmac('sha1', salt).update(name).digest('base64')}`;
}
