import type { HostRecap } from '../contract/event.ts';

/** What the run was called with and how it ended. */
export interface Ended {
  /** The words after `tsplay`, as they were typed. */
  readonly words: readonly string[];
  readonly exitCode: number;
  readonly recap: readonly HostRecap[];
}

/** Hosts that a command names; with more, running for all is shorter to type and does no work twice. */
const MOST_LIMITED = 20;

/** The command that makes sense now, with the real playbook and inventory; undefined when nothing is left to do. */
export function nextStep({ words, exitCode, recap }: Ended): string | undefined {
  if (words.length === 0) return undefined;
  switch (exitCode) {
    case 3:
      return command(applying(words));
    case 2:
    case 4:
      return command(limited(words, recap));
    case 130:
      return command(words);
    default:
      return undefined;
  }
}

/** The same without check mode. */
function applying(words: readonly string[]): readonly string[] {
  const [verb, ...rest] = words;
  const kept = rest.filter((word) => word !== '--check' && word !== '-C');
  return [verb === 'check' ? 'run' : (verb ?? 'run'), ...kept];
}

/** Only the hosts that failed or could not be reached, when they can be named. */
function limited(words: readonly string[], recap: readonly HostRecap[]): readonly string[] {
  const hosts = recap.filter((host) => host.failed > 0 || host.unreachable > 0).map(({ host }) => host);
  if (hosts.length === 0 || hosts.length === recap.length || hosts.length > MOST_LIMITED) return words;
  const kept = words.filter((word, index) => !isLimit(word) && !isLimitAlone(words[index - 1]));
  return [...kept, '--limit', hosts.join(',')];
}

function isLimitAlone(word: string | undefined): boolean {
  return word === '-l' || word === '--limit';
}

function isLimit(word: string): boolean {
  return isLimitAlone(word) || word.startsWith('--limit=') || /^-l./.test(word);
}

/** Values given with -e may be secrets; a log must not repeat them. */
function command(words: readonly string[]): string {
  const shown = words.map((word, index) => {
    const before = words[index - 1];
    if (before === '-e' || before === '--extra-vars') return word.startsWith('@') ? quoted(word) : '…';
    if (word.startsWith('--extra-vars=') && !word.startsWith('--extra-vars=@')) return '--extra-vars=…';
    return /^-e[^@]/.test(word) ? '-e …' : quoted(word);
  });
  return ['tsplay', ...shown].join(' ');
}

/** As a POSIX shell reads it. */
function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}
