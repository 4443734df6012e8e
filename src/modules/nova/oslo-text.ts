import { normalSection, type OsloEntry, parseOslo, splitLines, trim } from '../../probes/nova/oslo-ini.ts';
import type { OptionName, OsloSource } from '../../probes/nova/effective-config.ts';

/** A configuration file as lines with their ends, so that whatever is not edited stays byte for byte. */
export interface OsloText {
  readonly path: string;
  readonly lines: readonly string[];
}

type Entry = Pick<OsloEntry, 'line' | 'lastLine'>;

export function osloText(path: string, text: string): OsloText {
  return { path, lines: splitLines(text) };
}

/** Splits anew: a lone `\r` before an inserted or remaining `\n` becomes one line end. */
function withLines(file: OsloText, lines: readonly string[]): OsloText {
  return osloText(file.path, lines.join(''));
}

export function textOf(file: OsloText): string {
  return file.lines.join('');
}

/** A file as packages ship it has ten thousand lines of comments, and every edit and check asks what stands in it. */
const sources = new WeakMap<OsloText, OsloSource>();

export function sourceOf(file: OsloText): OsloSource {
  const known = sources.get(file);
  if (known) return known;
  const source = { path: file.path, file: parseOslo(textOf(file)) };
  sources.set(file, source);
  return source;
}

export function removeEntry(file: OsloText, entry: Entry): OsloText {
  return withLines(file, file.lines.toSpliced(entry.line - 1, entry.lastLine - entry.line + 1));
}

/** Puts a value on the entry's own line, whose key, delimiter and blanks stay; continuation lines go. */
export function setEntry(file: OsloText, entry: Entry, value: string): OsloText {
  const first = file.lines[entry.line - 1] ?? '';
  const last = file.lines[entry.lastLine - 1] ?? '';
  // Only plain blanks: a stray U+FEFF would stay in front of every value to come, for it is none to Python.
  const head = /^[^:=]*[:=][ \t]*/.exec(first)?.[0] ?? first;
  const line = `${head}${quoted(value)}${/[\r\n]+$/.exec(last)?.[0] ?? ''}`;
  return withLines(file, file.lines.toSpliced(entry.line - 1, entry.lastLine - entry.line + 1, line));
}

/**
 * Adds `key = value`: before the given entry, else after the last assignment of that key, else after its commented
 * sample, else after the section's last assignment or header, else in a new section at the end.
 */
export function addEntry(file: OsloText, name: OptionName, value: string, before?: Entry): OsloText {
  const line = `${name.key} = ${quoted(value)}`;
  const at = before ? before.line - 1 : placeFor(file, name);
  if (at !== undefined) return insertLines(file, at, [line]);
  const lastLine = file.lines.at(-1);
  const gap = lastLine === undefined || lastLine.trim() === '' ? [] : [''];
  return insertLines(file, file.lines.length, [...gap, `[${name.section}]`, line]);
}

/** Renames a section's headers: `[vgpu_x]` to `[mdev_x]`. */
export function renameSection(file: OsloText, line: number, name: string): OsloText {
  const header = file.lines[line - 1] ?? '';
  return withLines(file, file.lines.toSpliced(line - 1, 1, header.replace(/^\[.*\]/, `[${name}]`)));
}

function placeFor(file: OsloText, name: OptionName): number | undefined {
  const { entries, headers } = sourceOf(file).file;
  const section = normalSection(name.section);
  const own = entries.filter((entry) => normalSection(entry.section) === section);
  const sameKey = own.findLast((entry) => entry.key === name.key);
  if (sameKey) return sameKey.lastLine;
  const blocks = headers.flatMap((header, index) =>
    normalSection(header.name) === section
      ? [{ from: header.line, to: headers[index + 1]?.line ?? file.lines.length + 1 }]
      : [],
  );
  const sample = blocks.flatMap((block) => sampleIn(file, block, name.key)).at(-1);
  return sample ?? own.at(-1)?.lastLine ?? blocks.at(-1)?.from;
}

function sampleIn(
  file: OsloText,
  block: { readonly from: number; readonly to: number },
  key: string,
): readonly number[] {
  const lines = file.lines.slice(block.from, block.to - 1);
  return lines.flatMap((line, index) =>
    /^[#;]\s*([\w-]+)\s*[=:]/.exec(line)?.[1] === key ? [block.from + index + 1] : [],
  );
}

function insertLines(file: OsloText, at: number, added: readonly string[]): OsloText {
  const end = lineEndOf(file);
  const before = file.lines.slice(0, at);
  const last = before.at(-1);
  const closed = last === undefined || /[\r\n]$/.test(last) ? before : [...before.slice(0, -1), `${last}${end}`];
  return withLines(file, [...closed, ...added.map((line) => `${line}${end}`), ...file.lines.slice(at)]);
}

function lineEndOf(file: OsloText): string {
  return file.lines.some((line) => line.endsWith('\r\n')) ? '\r\n' : '\n';
}

/** oslo.config trims values and strips matching outer quotes: one more pair keeps what must stay. */
function quoted(value: string): string {
  const isStripped = value !== trim(value) || (/^["']/.test(value) && value[0] === value.at(-1));
  return isStripped ? `"${value}"` : value;
}
