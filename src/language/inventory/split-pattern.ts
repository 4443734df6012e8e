import { readFileSync } from 'node:fs';
import type { Problems } from '../../contract/problem.ts';
import { readFailure } from '../read-failure.ts';
import { parseHostAddress } from './host-name.ts';

/**
 * The parts of a host pattern. A comma anywhere makes commas the only separator; else colons separate, but not those of
 * an IPv6 address or between brackets.
 */
export function splitPattern(pattern: string | readonly string[], problems?: Problems): readonly string[] {
  if (typeof pattern !== 'string') return pattern.flatMap((part) => splitPattern(part, problems));
  const parts = pattern.includes(',') ? pattern.split(',') : splitAtColons(pattern.trim());
  const trimmed = parts.map((part) => part.trim()).filter((part) => part !== '');
  if (pattern.includes(',')) for (const part of trimmed) refuseMixed(part, problems);
  return trimmed;
}

function splitAtColons(pattern: string): readonly string[] {
  if (parseHostAddress(pattern).mistake === undefined) return [pattern];
  return pattern.match(/(?:[^\s:[\]]|\[[^\]]*\]|[[\]])+/g) ?? [];
}

function refuseMixed(part: string, problems: Problems | undefined): void {
  const isAddress = parseHostAddress(part.replace(/^[&!]/, '')).mistake === undefined;
  const outside = part.replace(/\[[^\]]*\]/g, '');
  if (isAddress || part.startsWith('~') || !outside.includes(':')) return;
  problems?.error(`${part}: a pattern with commas cannot use colons too`, { hint: 'separate all parts with commas' });
}

const MOST_BYTES = 8 * 1024 * 1024;

/**
 * A `--limit` with `@file` parts replaced by the names in the file, one a line; blank lines and `#` lines do not count.
 *
 * @example expandLimit('@failed.retry,!gpu07', problems) // ['gpu01', 'gpu02', '!gpu07']
 */
export function expandLimit(limit: string, problems: Problems): readonly string[] {
  return splitPattern(limit, problems).flatMap((part) =>
    part.startsWith('@') ? namesIn(part.slice(1), problems) : [part],
  );
}

function namesIn(file: string, problems: Problems): readonly string[] {
  try {
    const text = readFileSync(file, 'utf8');
    if (text.length > MOST_BYTES) throw new Error(`longer than ${MOST_BYTES} bytes`);
    return text.split(/\r?\n/).flatMap((line) => (line.trim() === '' || line.startsWith('#') ? [] : [line.trim()]));
  } catch (error) {
    problems.error(`--limit @${file}: the file cannot be read: ${readFailure(error)}`);
    return [];
  }
}
