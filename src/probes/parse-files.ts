import { ProbeError, type Reading } from '../contract/probe.ts';
import type { FileContent, FileState } from '../contract/file-state.ts';
import type { Output } from '../contract/command.ts';
import { type Cursor, cursor, sized } from './cursor.ts';
import { type FileWord, isContent, type Looks, looksOf, mostOf, pathOf } from './file-words.ts';
import { failed, succeeded } from './fuse.ts';
import { firstLine } from './output-text.ts';
import { type Owners, ownersIn, parseStatLine } from './stat-line.ts';

/** What FILES_SCRIPT printed. */
export function parseFiles(words: readonly FileWord[], output: Output): readonly Reading<FileState | FileContent>[] {
  const at = cursor(output.stdout);
  const flags = at.line();
  const looks = looksOf(words);
  const readings = new Map(flags === '.' ? usual(looks, at, output) : unusual(looks, flags, at, output));
  return words.map((word) => readings.get(word) ?? failed('the host gave no answer'));
}

type Answers = readonly (readonly [FileWord, Reading<FileState | FileContent>])[];

/** Everything is there and is itself: one look at a path answers all that was asked of it. */
function usual(looks: readonly Looks[], at: Cursor, output: Output): Answers {
  const held = looks.flatMap(({ kinds, asked }) =>
    asked.map(({ path, words }) => ({ path, realPath: path, isContent: isContent(kinds), words })),
  );
  const seen = seenAt(held, at);
  return held.flatMap((entry, index) => entry.words.map((word) => [word, readingOf(word, entry, seen[index], output)]));
}

function unusual(looks: readonly Looks[], flags: string, at: Cursor, output: Output): Answers {
  const inOrder = looks.flatMap(({ kinds, asked }) =>
    kinds.split(',').flatMap((_, kind) => asked.map(({ words }) => words[kind])),
  );
  const entries = inOrder.flatMap((word, index) => (word ? [entryAt(word, flags[index] ?? '', at)] : []));
  const held = entries.filter(({ flag }) => flag === '1' || flag === 'f');
  const seen = new Map(seenAt(held, at).map((one, index) => [held[index], one]));
  return entries.map((entry) => {
    const one = seen.get(entry);
    return [entry.word, one ? readingOf(entry.word, entry, one, output) : withoutStat(entry)];
  });
}

/** Something that exists: itself, or its content. */
interface Held {
  readonly path: string;
  readonly realPath: string;
  readonly isContent: boolean;
}

/** What LOOK printed about one path. */
interface Seen {
  readonly line: string;
  /** Absent when the line is none of {@link STAT_FORMAT}. */
  readonly state: FileState | undefined;
  readonly letter: string;
  readonly bytes: Uint8Array | undefined;
}

/** What LOOK printed after `head`, about each that exists. */
function seenAt(held: readonly Held[], at: Cursor): readonly Seen[] {
  if (held.length === 0) return [];
  const lines = held.map(() => at.line());
  const letters = at.line();
  if (letters.length !== held.filter((entry) => entry.isContent).length)
    throw new ProbeError('the answer is about another number of files');
  const owners = ownersAt(at);
  let content = 0;
  const seen = held.map((entry, index) => {
    const line = lines[index] ?? '';
    const state = parseStatLine(entry.path, line, owners);
    return { line, state, letter: entry.isContent ? (letters[content++] ?? '') : '' };
  });
  const withTargets = seen.map((one) =>
    one.letter === '' && one.state?.kind === 'link' ? { ...one, state: { ...one.state, target: sized(at) } } : one,
  );
  const whole = withTargets.map((one) => ({ ...one, bytes: one.letter === 'c' ? bytesOf(one.state, at) : undefined }));
  if (at.remaining > 0) throw new ProbeError(CHANGED);
  return whole;
}

/** Contents of files at the end of links, by path. */
export function contentsAt(
  paths: readonly string[],
  at: Cursor,
  output: Output,
): ReadonlyMap<string, Reading<FileContent>> {
  const held = paths.map((path) => ({ path, realPath: path, isContent: true }));
  const seen = seenAt(held, at);
  return new Map(
    held.map((entry, index) => [entry.path, contentOf(entry, Number.POSITIVE_INFINITY, seen[index], output)]),
  );
}

function ownersAt(at: Cursor): Owners {
  const lines: string[] = [];
  for (let line = at.line(); line !== '='; line = at.line()) lines.push(line);
  return ownersIn(lines);
}

interface Entry extends Held {
  readonly word: FileWord;
  /** As UNUSUAL_SCRIPT prints it, in small letters. */
  readonly flag: string;
}

const CHANGED = 'a file changed while it was read; run again';

function entryAt(word: FileWord, flag: string, at: Cursor): Entry {
  const path = pathOf(word);
  const isElsewhere = flag >= 'A' && flag <= 'Z';
  const realPath = isElsewhere ? sized(at) : path;
  return { word, path, realPath, flag: flag.toLowerCase(), isContent: isContent(word) };
}

function readingOf(
  word: FileWord,
  held: Held,
  seen: Seen | undefined,
  output: Output,
): Reading<FileState | FileContent> {
  return isContent(word) ? contentOf(held, mostOf(word), seen, output) : stateOf(held.path, seen, output);
}

function stateOf(path: string, seen: Seen | undefined, output: Output): Reading<FileState> {
  if (seen?.line === '-') return vanished(path, output);
  return seen?.state ? succeeded(seen.state) : failed(noStat(output));
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

function contentOf(held: Held, most: number, seen: Seen | undefined, output: Output): Reading<FileContent> {
  const { path, realPath } = held;
  if (seen?.letter === 'v') return failed(`${path} could not be examined: ${firstLine(output.stderr)}`);
  if (!seen?.state) return failed(noStat(output));
  const { state, letter, bytes } = seen;
  if (state.kind !== 'file') return succeeded({ kind: 'not-a-file', path, realPath, state });
  if (letter === 't' || state.size > most) return succeeded({ kind: 'too-large', path, realPath, state });
  return bytes ? succeeded({ kind: 'file', path, realPath, state, bytes }) : unread(path, letter);
}

function bytesOf(state: FileState | undefined, at: Cursor): Uint8Array {
  if (state?.kind !== 'file' || state.size > at.remaining) throw new ProbeError(CHANGED);
  return new Uint8Array(at.take(state.size));
}

function unread(path: string, letter: string): { readonly ok: false; readonly error: string } {
  if (letter === 'u') return failed(`${path} may not be read by this user; use become`);
  return failed(`${path}: more than 7 MiB of files were asked for at once`);
}

function hidden(path: string): { readonly ok: false; readonly error: string } {
  return failed(`${path}: this user may not look into a directory on the way; use become`);
}
