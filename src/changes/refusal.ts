import type { Output } from '../contract/command.ts';
import { TaskError } from '../contract/task-error.ts';

/**
 * Shell functions for scripts that change a path. `die WORD` prints the stage that failed, the flags of the path and
 * its directory (a flag such as `i` explains "Operation not permitted") and the free inodes, then exits 9. It expects
 * `$base` and to run in the path's directory.
 */
export const DIE = `
die() {
  printf 'stage %s\\n' "$1"
  printf 'flags %s\\n' "$(lsattr -d -- "./$base" 2>/dev/null | cut -d' ' -f1)"
  printf 'directory-flags %s\\n' "$(lsattr -d . 2>/dev/null | cut -d' ' -f1)"
  printf 'inodes %s\\n' "$(df -Pi . 2>/dev/null | { read -r line; read -r name all used free rest; printf '%s %s' "$all" "$free"; })"
  exit 9
}`;

/** Shell function \`version_of PATH\`: the version string of a path, or "absent". */
export function versionOf(format: string): string {
  return `
version_of() {
  if [ -e "$1" ] || [ -L "$1" ]; then TZ=UTC0 stat -c '${format}' -- "$1"; else printf absent; fi
}`;
}

/** What a script that ended in `die` reported, as an error that says what was wanted, what was found, and what to do. */
export function refusal(wanted: string, path: string, output: Output): TaskError {
  const report = reportOf(output);
  const said = Buffer.from(output.stderr).toString().trim();
  return new TaskError(`${wanted}: ${reasonOf(report, said, path)}`, { rc: output.code, stderr: said });
}

type Report = Readonly<Record<string, string>>;

function reportOf(output: Output): Report {
  const lines = Buffer.from(output.stdout).toString().split('\n');
  return Object.fromEntries(lines.map((line) => [line.split(' ', 1)[0], line.slice(line.indexOf(' ') + 1)]));
}

export const NO_DIRECTORY = 'its directory does not exist';
export const READ_ONLY = 'the file system is read-only';
export const NOT_EMPTY = 'the directory there is not empty';
export const mountPoint = (path: string) => `${path} is a mount point, which cannot be replaced atomically`;

const STAGES: Readonly<Record<string, string>> = {
  'no-directory': NO_DIRECTORY,
  changed: 'it changed underneath since it was read; nothing was written, run again',
  'short-input': 'the content did not arrive completely; nothing was written',
  'no-stat': "this host's stat does not understand -c as coreutils and busybox do",
  'no-hash': 'this host has no sha256sum to compare the content with',
};

function reasonOf(report: Report, said: string, path: string): string {
  const stage = report['stage'] ?? '';
  const known = STAGES[stage] ?? flagReason(report, said, path) ?? spaceReason(report, said);
  if (known) return known;
  if (/Read-only file system/.test(said)) return READ_ONLY;
  if (/Device or resource busy/.test(said)) return mountPoint(path);
  if (stage === 'rmdir' && /not empty/i.test(said)) return NOT_EMPTY;
  return [stage && `${stage} failed`, said || 'the host gave no reason'].filter(Boolean).join(': ');
}

function flagReason(report: Report, said: string, path: string): string | undefined {
  if (!/not permitted|Permission denied/.test(said)) return undefined;
  const own = report['flags'] ?? '';
  const above = report['directory-flags'] ?? '';
  if (/[ia]/.test(own)) return `${path} has the flag ${flagNames(own)}; clear it with chattr if the change is wanted`;
  if (/[ia]/.test(above))
    return `the directory of ${path} has the flag ${flagNames(above)}; clear it with chattr if the change is wanted`;
  return undefined;
}

function flagNames(flags: string): string {
  return flags.includes('i') ? 'immutable (i)' : 'append-only (a)';
}

function spaceReason(report: Report, said: string): string | undefined {
  if (/quota exceeded/i.test(said)) return 'the disk quota is used up; nothing was written';
  if (!/No space left/.test(said)) return undefined;
  const [all, free] = (report['inodes'] ?? '').split(' ');
  return Number(all) > 0 && free === '0'
    ? 'the file system has no free inodes; nothing was written'
    : 'no space is left on the file system; nothing was written';
}
