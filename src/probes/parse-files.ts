import { ProbeError, type Reading } from '../contract/probe.ts';
import type { FileContent, FileState } from '../contract/file-state.ts';
import type { Output } from '../contract/command.ts';
import { type Cursor, cursor } from './cursor.ts';
import { failed, succeeded } from './fuse.ts';
import { firstLine } from './output-text.ts';
import { parseStatLine } from './stat-line.ts';

type PlainFile = Extract<FileState, { kind: 'file' }>;

/** What STATE_SCRIPT printed. */
export function parseStates(paths: readonly string[], output: Output): readonly Reading<FileState>[] {
  const at = cursor(output.stdout);
  const flags = at.line();
  const existing = paths.filter((_, index) => flags[index] === '1');
  const lines = existing.length > 0 ? statLines(at, existing.length) : [];
  const states = new Map(existing.map((path, index) => [path, stateOf(path, lines[index] ?? '', at, output)]));
  return paths.map((path, index) => states.get(path) ?? (flags[index] === '0' ? absent(path) : hidden(path)));
}

/** After a failure of the one stat for all, `!` and a line for each path by itself. */
function statLines(at: Cursor, count: number): readonly string[] {
  const lines: string[] = [];
  for (let line = at.line(); line !== '='; line = at.line()) {
    if (line === '!') lines.length = 0;
    else lines.push(line);
  }
  if (lines.length !== count) throw new ProbeError('stat answered for another number of files than it was asked for');
  return lines;
}

function stateOf(path: string, line: string, at: Cursor, output: Output): Reading<FileState> {
  if (line === '-') return vanished(path, output);
  const state = parseStatLine(path, line);
  if (!state) return failed(noStat(output));
  return succeeded(state.kind === 'link' ? { ...state, target: sized(at) } : state);
}

function vanished(path: string, output: Output): Reading<FileState> {
  const complaints = Buffer.from(output.stderr).toString();
  return complaints.includes('No such file') ? absent(path) : failed(noStat(output));
}

function noStat(output: Output): string {
  return `this host's stat does not understand -c as coreutils and busybox do (${firstLine(output.stderr) || 'no message'})`;
}

function sized(at: Cursor): string {
  const text = at.take(Number(at.line())).toString();
  at.line();
  return text;
}

interface Resolved {
  readonly path: string;
  readonly flag: string;
  readonly realPath: string;
}

/** What CONTENT_SCRIPT printed. */
export function parseContents(paths: readonly string[], output: Output): readonly Reading<FileContent>[] {
  const at = cursor(output.stdout);
  const resolved = paths.map((path) => resolvedAt(path, at));
  const existing = resolved.filter(({ flag }) => flag === 'f');
  const contents = contentsAt(existing, at, output);
  return resolved.map((entry) => contents.get(entry.path) ?? withoutContent(entry));
}

function resolvedAt(path: string, at: Cursor): Resolved {
  const flag = at.take(1).toString();
  const length = readLength(at);
  if (length === undefined) return { path, flag, realPath: path };
  const realPath = at.take(length).toString();
  at.line();
  return { path, flag, realPath };
}

/** Digits up to `:`, or undefined when the line ends at once. */
function readLength(at: Cursor): number | undefined {
  let digits = '';
  for (let char = at.take(1).toString(); char !== '\n'; char = at.take(1).toString()) {
    if (char === ':') return Number(digits);
    digits += char;
  }
  return undefined;
}

function withoutContent({ path, flag, realPath }: Resolved): Reading<FileContent> {
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
  if (at.remaining > 0) throw new ProbeError('a file changed while it was read; run again');
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
  if (state.size > at.remaining) throw new ProbeError('a file changed while it was read; run again');
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

function absent(path: string): Reading<FileState> {
  return succeeded({ kind: 'absent', path });
}

function hidden(path: string): { readonly ok: false; readonly error: string } {
  return failed(`${path}: this user may not look into a directory on the way; use become`);
}
