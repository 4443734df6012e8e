import type { FileContent } from '../contract/file-state.ts';
import { type CmdlineToken, tokenize } from './kernel-cmdline-tokens.ts';

export const BLS_DIRECTORY = '/boot/loader/entries';

/** One boot entry as a file of its own (systemd.io/BOOT_LOADER_SPECIFICATION, type 1), as GRUB's blscfg reads it. */
export interface BlsEntry {
  readonly file: Extract<FileContent, { kind: 'file' }>;
  /** The file's name without `.conf`: what saved_entry names. */
  readonly id: string;
  readonly title: string;
  readonly kernel: string;
  readonly initrds: readonly string[];
  /** The first `options` line, which is the one GRUB takes, with its variables as they are written. */
  readonly options: readonly CmdlineToken[];
  /** There is more in the file than GRUB reads: see {@link pairsOf}. */
  readonly isCutShort: boolean;
  /** The entry of last resort, which nobody should tune. */
  readonly isRescue: boolean;
  /** Of the installation that made the entry, where its name tells. */
  readonly machineId: string | null;
}

/** Entries with a kernel, in the order of GRUB's menu: newest first. GRUB passes over carriage returns (grub_file_getline). */
export function parseBlsEntries(files: readonly FileContent[]): readonly BlsEntry[] {
  const entries = files.flatMap((file) => (file.kind === 'file' ? entryOf(file) : []));
  return entries.sort((a, b) => compareIds(b.id, a.id));
}

function entryOf(file: BlsEntry['file']): readonly BlsEntry[] {
  const { pairs, isCutShort } = pairsOf(Buffer.from(file.bytes).toString());
  const valuesOf = (key: string) => pairs.flatMap((pair) => (pair[0] === key ? [pair[1]] : []));
  const [kernel] = valuesOf('linux');
  if (!kernel) return [];
  const id = file.path.slice(file.path.lastIndexOf('/') + 1).replace(/\.conf$/, '');
  return [
    {
      file,
      id,
      kernel,
      title: valuesOf('title')[0] ?? id,
      initrds: valuesOf('initrd')
        .flatMap((value) => value.split(/\s+/))
        .filter((path) => !path.startsWith('$')),
      options: tokenize(valuesOf('options')[0] ?? ''),
      isCutShort,
      isRescue: /(^|-)0-rescue/.test(id),
      machineId: /^[0-9a-f]{32}(?=-)/.exec(id)?.[0] ?? null,
    },
  ];
}

interface Pairs {
  readonly pairs: readonly (readonly [key: string, value: string])[];
  readonly isCutShort: boolean;
}

/**
 * GRUB's blscfg (read_entry) takes the first blank for the end of the key, a tab only where there is no blank, and stops
 * at the first line without a value, an empty one too. grubby reads on, and shows options that GRUB never sees.
 */
function pairsOf(text: string): Pairs {
  const lines = text.split(/\r?\n/).map((line) => line.replace(/^[ \t]+/, ''));
  const spoken = lines.filter((line) => !line.startsWith('#'));
  const end = spoken.findIndex((line) => keyEnd(line) < 0 || keyEnd(line) === line.length - 1);
  const read = end < 0 ? spoken : spoken.slice(0, end);
  const pairs = read.map((line) => [line.slice(0, keyEnd(line)), line.slice(keyEnd(line)).trim()] as const);
  return { pairs, isCutShort: spoken.slice(read.length).some((line) => line !== '') };
}

function keyEnd(line: string): number {
  return line.includes(' ') ? line.indexOf(' ') : line.indexOf('\t');
}

/** Not the rescue entry, and not what is no Linux system: memtest86+ has neither options nor an initrd. */
export function takesParameters({ isRescue, options, initrds, isCutShort }: BlsEntry): boolean {
  return !isRescue && (options.length > 0 || initrds.length > 0 || isCutShort);
}

/** The entry's file with other words on its options line; all else stays as it is. */
export function withOptions({ file }: BlsEntry, options: readonly CmdlineToken[]): Uint8Array {
  const lines = Buffer.from(file.bytes).toString('latin1').split('\n');
  const line = `options ${options.map((token) => token.text).join(' ')}`;
  const at = lines.findIndex((one) => /^[ \t]*options[ \t]/.test(one));
  return Buffer.from(lines.with(at, line).join('\n'), 'latin1');
}

/** Variables of the environment block, put in as blscfg does; one that is not set is nothing. */
export function expandOptions(
  options: readonly CmdlineToken[],
  variables: ReadonlyMap<string, string>,
): readonly CmdlineToken[] {
  return options.flatMap((token) =>
    token.text.includes('$')
      ? tokenize(token.text.replaceAll(/\$(\w+)/g, (_, name: string) => variables.get(name) ?? ''))
      : [token],
  );
}

/** GRUB takes the file's name for that of a package and compares name, version and release (grub2, blscfg.c). */
export function compareIds(a: string, b: string): number {
  const [nameA, versionA, releaseA] = splitId(a);
  const [nameB, versionB, releaseB] = splitId(b);
  return compareVersions(nameA, nameB) || compareVersions(versionA, versionB) || compareVersions(releaseA, releaseB);
}

/** A name of one word has no version, one of two has no release. */
function splitId(id: string): readonly [name: string, version: string, release: string] {
  const words = id.split('-');
  const nameEnd = Math.max(1, words.length - 2);
  const [version = '', release = ''] = words.slice(nameEnd);
  return [words.slice(0, nameEnd).join('-'), version, release];
}

/** As rpm does: runs of digits as numbers, runs of letters as text, digits before letters, `~` before everything. */
function compareVersions(a: string, b: string): number {
  const left = a.match(/~|\d+|[A-Za-z]+/g) ?? [];
  const right = b.match(/~|\d+|[A-Za-z]+/g) ?? [];
  for (let at = 0; at < Math.max(left.length, right.length); at += 1) {
    const order = compareRuns(left[at], right[at]);
    if (order !== 0) return order;
  }
  return 0;
}

function compareRuns(a: string | undefined, b: string | undefined): number {
  if (a === b) return 0;
  if (a === '~' || b === '~') return a === '~' ? -1 : 1;
  if (a === undefined || b === undefined) return a === undefined ? -1 : 1;
  const areNumbers = [/^\d/.test(a), /^\d/.test(b)] as const;
  if (areNumbers[0] !== areNumbers[1]) return areNumbers[0] ? 1 : -1;
  if (areNumbers[0]) return Math.sign(Number(BigInt(a) - BigInt(b)));
  return a < b ? -1 : 1;
}
