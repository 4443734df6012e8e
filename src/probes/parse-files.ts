import { ProbeError, type Reading } from '../contract/probe.ts';
import type { FileContent, FileState } from '../contract/file-state.ts';
import type { Output } from '../contract/command.ts';
import { type Cursor, cursor, sized } from './cursor.ts';
import { failed, succeeded } from './fuse.ts';
import { firstLine } from './output-text.ts';
import { type Owners, ownersIn, parseStatLine } from './stat-line.ts';

type PlainFile = Extract<FileState, { kind: 'file' }>;

/** A path to look at, as the host is asked: what is there itself, or the content at the end of its links up to so many bytes. */
export type FileWord = `${'s' | number}/${string}`;

export const pathOf = (word: FileWord): string => word.slice(word.indexOf('/'));

/** In the order in which the host is asked. */
export function byKind(words: readonly FileWord[]): ReadonlyMap<string, readonly FileWord[]> {
  return Map.groupBy(words, (word) => word.slice(0, word.indexOf('/')));
}

/** What FILES_SCRIPT printed. */
export function parseFiles(words: readonly FileWord[], output: Output): readonly Reading<FileState | FileContent>[] {
  const at = cursor(output.stdout);
  const flags = at.line();
  const entries = [...byKind(words).values()].flat().map((word, index) => entryAt(word, flags[index] ?? '', at));
  const seen = lookAt(
    entries.filter(({ flag }) => flag === '1' || flag === 'f'),
    at,
    output,
  );
  const byWord = new Map(entries.map((entry) => [entry.word, seen.get(entry) ?? withoutStat(entry)]));
  return words.map((word) => byWord.get(word) ?? failed('the host gave no answer'));
}

/** Something that exists: itself, or its content. */
export interface Held {
  readonly path: string;
  readonly realPath: string;
  readonly isContent: boolean;
}

interface Look {
  readonly at: Cursor;
  readonly output: Output;
  readonly owners: Owners;
}

/** What LOOK printed after `head`. */
export function lookAt<Entry extends Held>(
  held: readonly Entry[],
  at: Cursor,
  output: Output,
): ReadonlyMap<Entry, Reading<FileState | FileContent>> {
  const readings = new Map<Entry, Reading<FileState | FileContent>>();
  if (held.length === 0) return readings;
  const lines = held.map(() => at.line());
  const letters = at.line();
  const contents = held.filter(({ isContent }) => isContent);
  if (letters.length !== contents.length) throw new ProbeError('the answer is about another number of files');
  const look = { at, output, owners: ownersAt(at) };
  held.forEach((entry, index) => {
    if (!entry.isContent) readings.set(entry, stateOf(entry.path, lines[index] ?? '', look));
  });
  let content = 0;
  held.forEach((entry, index) => {
    if (entry.isContent) readings.set(entry, contentOf(entry, lines[index] ?? '', letters[content++] ?? '', look));
  });
  if (at.remaining > 0) throw new ProbeError(CHANGED);
  return readings;
}

/** The same where all are contents, by path. */
export function contentsAt(
  paths: readonly string[],
  at: Cursor,
  output: Output,
): ReadonlyMap<string, Reading<FileContent>> {
  const held = paths.map((path) => ({ path, realPath: path, isContent: true }));
  const seen = [...lookAt(held, at, output)] as readonly (readonly [Held, Reading<FileContent>])[];
  return new Map(seen.map(([{ path }, reading]) => [path, reading]));
}

function ownersAt(at: Cursor): Owners {
  const lines: string[] = [];
  for (let line = at.line(); line !== '='; line = at.line()) lines.push(line);
  return ownersIn(lines);
}

interface Entry extends Held {
  readonly word: FileWord;
  /** As FILES_SCRIPT prints it, in small letters. */
  readonly flag: string;
}

const CHANGED = 'a file changed while it was read; run again';

function entryAt(word: FileWord, flag: string, at: Cursor): Entry {
  const path = pathOf(word);
  const isElsewhere = flag >= 'A' && flag <= 'Z';
  const realPath = isElsewhere ? sized(at) : path;
  return { word, path, realPath, flag: flag.toLowerCase(), isContent: !word.startsWith('s') };
}

function stateOf(path: string, line: string, { at, output, owners }: Look): Reading<FileState> {
  if (line === '-') return vanished(path, output);
  const state = parseStatLine(path, line, owners);
  if (!state) return failed(noStat(output));
  return succeeded(state.kind === 'link' ? { ...state, target: sized(at) } : state);
}

function vanished(path: string, output: Output): Reading<FileState> {
  const complaints = Buffer.from(output.stderr).toString();
  return complaints.includes('No such file') ? succeeded({ kind: 'absent', path }) : failed(noStat(output));
}

function noStat(output: Output): string {
  return `this host's stat does not understand -c as coreutils and busybox do (${firstLine(output.stderr) || 'no message'})`;
}

function withoutStat({ path, flag, realPath }: Entry): Reading<FileState | FileContent> {
  if (flag === '0') return succeeded({ kind: 'absent', path });
  if (flag === 'a' || flag === 'd') return succeeded({ kind: 'absent', path, realPath });
  if (flag === 'l') return failed(`${path} is a symbolic link that leads back to itself`);
  return hidden(path);
}

function contentOf(entry: Held, line: string, letter: string, { at, output, owners }: Look): Reading<FileContent> {
  const { path, realPath } = entry;
  if (letter === 'v') return failed(`${path} could not be examined: ${firstLine(output.stderr)}`);
  const state = parseStatLine(path, line, owners);
  if (!state) return failed(noStat(output));
  if (state.kind !== 'file') return succeeded({ kind: 'not-a-file', path, realPath, state });
  return letter === 'c' ? succeeded(fileAt(entry, state, at)) : unread(entry, state, letter);
}

function fileAt({ path, realPath }: Held, state: PlainFile, at: Cursor): FileContent {
  if (state.size > at.remaining) throw new ProbeError(CHANGED);
  return { kind: 'file', path, realPath, state, bytes: new Uint8Array(at.take(state.size)) };
}

function unread({ path, realPath }: Held, state: PlainFile, letter: string): Reading<FileContent> {
  if (letter === 't') return succeeded({ kind: 'too-large', path, realPath, state });
  if (letter === 'u') return failed(`${path} may not be read by this user; use become`);
  return failed(`${path}: more than 7 MiB of files were asked for at once`);
}

function hidden(path: string): { readonly ok: false; readonly error: string } {
  return failed(`${path}: this user may not look into a directory on the way; use become`);
}
