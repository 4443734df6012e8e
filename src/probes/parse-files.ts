import { ProbeError, type Reading } from '../contract/probe.ts';
import type { FileContent, FileState } from '../contract/file-state.ts';
import type { Output } from '../contract/command.ts';
import { type Cursor, cursor } from './cursor.ts';
import { failed, succeeded } from './fuse.ts';
import { firstLine } from './output-text.ts';
import { parseStatLine } from './stat-line.ts';

type PlainFile = Extract<FileState, { kind: 'file' }>;

/** A path to look at: what is there itself, or with `maxBytes` the content at the end of its links. */
export interface FileSubject {
  readonly path: string;
  readonly maxBytes?: number;
}

/** What FILES_SCRIPT printed. */
export function parseFiles(
  subjects: readonly FileSubject[],
  output: Output,
): readonly Reading<FileState | FileContent>[] {
  const at = cursor(output.stdout);
  const flags = at.line();
  const entries = subjects.map((subject, index) => entryAt(subject, flags[index] ?? '', at));
  const held = entries.filter(({ flag }) => flag === '1' || flag === 'f');
  if (held.length === 0) return entries.map((entry) => withoutStat(entry));
  const lines = new Map(held.map((entry) => [entry, at.line()]));
  const letters = at.line();
  const contents = held.filter(({ flag }) => flag === 'f');
  if (letters.length !== contents.length) throw new ProbeError(`the host's answer could not be understood: ${letters}`);
  const readings = new Map<Entry, Reading<FileState | FileContent>>();
  for (const entry of held)
    if (entry.flag === '1') readings.set(entry, stateOf(entry, lines.get(entry) ?? '', at, output));
  contents.forEach((entry, index) =>
    readings.set(entry, contentOf(entry, { line: lines.get(entry) ?? '', letter: letters[index] ?? '', at, output })),
  );
  if (at.remaining > 0) throw new ProbeError(CHANGED);
  return entries.map((entry) => readings.get(entry) ?? withoutStat(entry));
}

interface Entry {
  readonly path: string;
  /** As FILES_SCRIPT prints it, in small letters. */
  readonly flag: string;
  readonly realPath: string;
}

const CHANGED = 'a file changed while it was read; run again';

function entryAt({ path }: FileSubject, flag: string, at: Cursor): Entry {
  const isElsewhere = flag >= 'A' && flag <= 'Z';
  return { path, flag: flag.toLowerCase(), realPath: isElsewhere ? sized(at) : path };
}

/** Length, colon, text and newline. */
function sized(at: Cursor): string {
  let digits = '';
  for (let char = at.take(1).toString(); char !== ':'; char = at.take(1).toString()) digits += char;
  const text = at.take(Number(digits)).toString();
  at.take(1);
  return text;
}

function stateOf({ path }: Entry, line: string, at: Cursor, output: Output): Reading<FileState> {
  if (line === '-') return vanished(path, output);
  const state = parseStatLine(path, line);
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

/** What CONTENTS printed for paths that exist. */
export function contentsAt(
  entries: readonly { readonly path: string; readonly realPath: string }[],
  at: Cursor,
  output: Output,
): ReadonlyMap<string, Reading<FileContent>> {
  if (entries.length === 0) return new Map();
  const lines = entries.map(() => at.line());
  const letters = at.line();
  const readings = entries.map((entry, index) =>
    contentOf(entry, { line: lines[index] ?? '', letter: letters[index] ?? '', at, output }),
  );
  if (at.remaining > 0) throw new ProbeError(CHANGED);
  return new Map(entries.map(({ path }, index) => [path, readings[index] ?? failed('the host gave no answer')]));
}

interface ContentPlace {
  readonly line: string;
  readonly letter: string;
  readonly at: Cursor;
  readonly output: Output;
}

function contentOf(
  entry: { readonly path: string; readonly realPath: string },
  place: ContentPlace,
): Reading<FileContent> {
  const { path, realPath } = entry;
  if (place.letter === 'v') return failed(`${path} could not be examined: ${firstLine(place.output.stderr)}`);
  const state = parseStatLine(path, place.line);
  if (!state) return failed(noStat(place.output));
  if (state.kind !== 'file') return succeeded({ kind: 'not-a-file', path, realPath, state });
  return place.letter === 'c' ? succeeded(fileAt(entry, state, place.at)) : unread(entry, state, place.letter);
}

function fileAt(
  { path, realPath }: { readonly path: string; readonly realPath: string },
  state: PlainFile,
  at: Cursor,
): FileContent {
  if (state.size > at.remaining) throw new ProbeError(CHANGED);
  return { kind: 'file', path, realPath, state, bytes: new Uint8Array(at.take(state.size)) };
}

function unread(
  { path, realPath }: { readonly path: string; readonly realPath: string },
  state: PlainFile,
  letter: string,
): Reading<FileContent> {
  if (letter === 't') return succeeded({ kind: 'too-large', path, realPath, state });
  if (letter === 'u') return failed(`${path} may not be read by this user; use become`);
  return failed(`${path}: more than 7 MiB of files were asked for at once`);
}

function hidden(path: string): { readonly ok: false; readonly error: string } {
  return failed(`${path}: this user may not look into a directory on the way; use become`);
}
