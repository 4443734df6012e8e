import { TaskError } from '../contract/task-error.ts';
import { expandTemplate, pythonRegex } from './python-regex.ts';

/** What lineinfile does to the lines of a file. Texts are bytes as latin1, except those of the user. */
export interface LineEdit {
  readonly line: string;
  readonly regexp?: string | undefined;
  readonly searchString?: string | undefined;
  readonly insertAfter?: string | undefined;
  readonly insertBefore?: string | undefined;
  readonly isFirst: boolean;
  /** What becomes of several lines that match: Ansible takes the last. */
  readonly onMultiple?: 'last' | 'all' | 'error';
  readonly hasBackrefs: boolean;
}

type Matcher = (line: string) => RegExpExecArray | boolean;

/** Lines with their ends, as Ansible's reading of bytes gives them: only \n ends a line. */
export function splitLines(text: string): readonly string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
}

export function matcherOf({ regexp, searchString }: LineEdit): Matcher | undefined {
  if (regexp !== undefined) {
    const pattern = pythonRegex(regexp, 'regexp');
    return (line) => pattern.exec(line) ?? false;
  }
  if (searchString === undefined) return undefined;
  const wanted = latin1(searchString);
  return (line) => line.includes(wanted);
}

/** The text with the line in it. */
export function presentLine(text: string, edit: LineEdit): string {
  const lines = splitLines(text);
  const matches = matcherOf(edit);
  const found = matches ? lines.flatMap((line, index) => (matches(line) === false ? [] : [index])) : [];
  if (edit.onMultiple === 'error' && found.length > 1) throw ambiguous(lines, found);
  const chosen = edit.onMultiple === 'all' ? found : edit.isFirst ? found.slice(0, 1) : found.slice(-1);
  if (matches && chosen.length > 0)
    return chosen.reduce((done, at) => {
      const current = splitLines(done);
      return replaced(current, at, wordsFor(edit, matches(current[at] ?? '')));
    }, text);
  if (edit.hasBackrefs) return text;
  const line = latin1(edit.line);
  if (lines.some((existing) => existing.replace(/[\r\n]+$/, '') === line)) return text;
  return inserted(lines, insertionPoint(lines, edit), line);
}

/** The text without the lines that match. */
export function absentLines(text: string, edit: LineEdit): string {
  const lines = splitLines(text);
  const matches = matcherOf(edit);
  const isUnwanted = matches ?? ((line: string) => line.replace(/[\r\n]+$/, '') === latin1(edit.line));
  const kept = lines.filter((line) => isUnwanted(line) === false);
  return kept.length === lines.length ? text : kept.join('');
}

function ambiguous(lines: readonly string[], found: readonly number[]): TaskError {
  const places = found.map(
    (at) =>
      `${at + 1}: ${Buffer.from(lines[at] ?? '', 'latin1')
        .toString()
        .trimEnd()}`,
  );
  return new TaskError(
    `${found.length} lines match, and on_multiple: error asks for one at most (line ${places.slice(0, 5).join('; line ')})`,
  );
}

function wordsFor(edit: LineEdit, match: RegExpExecArray | boolean): string {
  const line = latin1(edit.line);
  return edit.hasBackrefs && typeof match === 'object' ? expandTemplate(line, match) : line;
}

function replaced(lines: readonly string[], at: number, line: string): string {
  const end = /\r?\n$/.exec(lines[at] ?? '')?.[0] ?? '';
  const isSame = (lines[at] ?? '').replace(/[\r\n]+$/, '') === line;
  if (isSame) return lines.join('');
  return [...lines.slice(0, at), line + (end || '\n'), ...lines.slice(at + 1)].join('');
}

/** Where a new line goes: an index into the lines, which may be their number. */
function insertionPoint(lines: readonly string[], { insertAfter, insertBefore, isFirst }: LineEdit): number {
  if (insertBefore === 'BOF' || insertAfter === 'BOF') return 0;
  const anchor = insertBefore ?? (insertAfter === 'EOF' ? undefined : insertAfter);
  if (anchor === undefined || insertBefore === 'EOF') return lines.length;
  const pattern = pythonRegex(anchor, insertBefore === undefined ? 'insertafter' : 'insertbefore');
  const found = indexOf(lines, (line) => pattern.test(line), isFirst);
  if (found < 0) return lines.length;
  return insertBefore === undefined ? found + 1 : found;
}

/** The new line ends as its neighbours do, so that one edit does not mix two kinds of line ends. */
function inserted(lines: readonly string[], at: number, line: string): string {
  const end = lines.some((existing) => existing.endsWith('\r\n')) ? '\r\n' : '\n';
  const above = lines.slice(0, at);
  const last = above.at(-1);
  if (last !== undefined && !last.endsWith('\n')) above[above.length - 1] = last + end;
  return [...above, line + end, ...lines.slice(at)].join('');
}

function indexOf(lines: readonly string[], isMatch: (line: string) => boolean, isFirst: boolean): number {
  return isFirst ? lines.findIndex(isMatch) : lines.findLastIndex(isMatch);
}

function latin1(text: string): string {
  return Buffer.from(text).toString('latin1');
}
