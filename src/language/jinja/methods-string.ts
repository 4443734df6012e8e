import { iterate } from './access.ts';
import type { Method } from './methods.ts';
import { MAX_TEXT, capped } from './operators.ts';
import { formatText } from './python-format.ts';
import { zeroPadded } from './percent-format.ts';
import { toText } from './python-repr.ts';
import { Tuple, ValueFault, isDict, newDict, typeName } from './values.ts';

/** What Python counts as white space in `str.split()` and `str.strip()`. */
const SPACE = '[\\s\\x1c-\\x1f\\x85]';
const SPACES = new RegExp(`${SPACE}+`, 'u');

export const STRING_METHODS: ReadonlyMap<string, Method<string>> = new Map<string, Method<string>>([
  ['lower', (self) => self.toLowerCase()],
  ['casefold', (self) => self.toLowerCase().replaceAll('ß', 'ss')],
  ['upper', (self) => self.toUpperCase()],
  ['title', (self) => title(self)],
  ['capitalize', (self) => capitalize(self)],
  ['swapcase', (self) => [...self].map((c) => (c === c.toUpperCase() ? c.toLowerCase() : c.toUpperCase())).join('')],
  ['strip', (self, [chars]) => stripped(self, chars, 'both')],
  ['lstrip', (self, [chars]) => stripped(self, chars, 'left')],
  ['rstrip', (self, [chars]) => stripped(self, chars, 'right')],
  ['split', (self, [separator, limit], kwargs) => split(self, separator ?? kwargs.sep, limit ?? kwargs.maxsplit)],
  ['rsplit', (self, [separator, limit], kwargs) => splitRight(self, separator ?? kwargs.sep, limit ?? kwargs.maxsplit)],
  ['splitlines', (self, [keep], kwargs) => splitLines(self, (keep ?? kwargs.keepends) === true)],
  ['partition', (self, [separator]) => partition(self, text(separator), self.indexOf(text(separator)))],
  ['rpartition', (self, [separator]) => partitionRight(self, text(separator))],
  ['join', (self, [items]) => joinTexts(self, items)],
  [
    'replace',
    (self, [from, to, count], kwargs) => replaced(self, text(from), { to: text(to), count: count ?? kwargs.count }),
  ],
  ['startswith', (self, [prefix]) => anyOf(prefix).some((word) => self.startsWith(word))],
  ['endswith', (self, [suffix]) => anyOf(suffix).some((word) => self.endsWith(word))],
  ['removeprefix', (self, [prefix]) => (self.startsWith(text(prefix)) ? self.slice(text(prefix).length) : self)],
  [
    'removesuffix',
    (self, [suffix]) => (text(suffix) && self.endsWith(text(suffix)) ? self.slice(0, -text(suffix).length) : self),
  ],
  ['find', (self, [part, from = 0]) => self.indexOf(text(part), Number(from))],
  ['rfind', (self, [part]) => self.lastIndexOf(text(part))],
  ['index', (self, [part]) => present(self, text(part), self.indexOf(text(part)))],
  ['rindex', (self, [part]) => present(self, text(part), self.lastIndexOf(text(part)))],
  ['count', (self, [part]) => (text(part) === '' ? [...self].length + 1 : self.split(text(part)).length - 1)],
  ['zfill', (self, [width]) => zeroPadded(self, size(width))],
  ['ljust', (self, [width, fill = ' ']) => self.padEnd(size(width), text(fill))],
  ['rjust', (self, [width, fill = ' ']) => self.padStart(size(width), text(fill))],
  ['center', (self, [width, fill = ' ']) => center(self, size(width), text(fill))],
  ['expandtabs', (self, [width = 8]) => expandTabs(self, size(width))],
  ['format', (self, args, kwargs) => formatText(self, args, kwargs)],
  ['format_map', (self, [mapping]) => formatText(self, [], isDict(mapping) ? mapping : newDict())],
  ['encode', (self) => self],
  ['isdigit', (self) => /^\p{Nd}+$/u.test(self)],
  ['isdecimal', (self) => /^\p{Nd}+$/u.test(self)],
  ['isnumeric', (self) => /^\p{N}+$/u.test(self)],
  ['isalpha', (self) => /^\p{L}+$/u.test(self)],
  ['isalnum', (self) => /^[\p{L}\p{N}]+$/u.test(self)],
  ['isascii', (self) => /^[\0-\x7f]*$/.test(self)],
  ['isspace', (self) => new RegExp(`^${SPACE}+$`, 'u').test(self)],
  ['isidentifier', (self) => /^[\p{L}_][\p{L}\p{N}_]*$/u.test(self)],
  ['islower', (self) => self === self.toLowerCase() && self !== self.toUpperCase()],
  ['isupper', (self) => self === self.toUpperCase() && self !== self.toLowerCase()],
  ['istitle', (self) => self === title(self) && /\p{L}/u.test(self)],
]);

function text(value: unknown): string {
  if (typeof value !== 'string')
    throw new ValueFault(`needs a string, not ${typeName(value === undefined ? null : value)}`);
  return value;
}

function size(value: unknown): number {
  if (typeof value !== 'number' || !Number.isInteger(value))
    throw new ValueFault(`needs an integer, not ${typeName(value)}`);
  if (value > MAX_TEXT) throw new ValueFault(`${value} is too wide`);
  return value;
}

function anyOf(value: unknown): readonly string[] {
  return value instanceof Tuple ? value.map(text) : [text(value)];
}

function present(self: string, part: string, index: number): number {
  if (index < 0) throw new ValueFault(`'${part}' is not in '${self}'`);
  return index;
}

function title(self: string): string {
  return self.toLowerCase().replace(/\p{L}+/gu, (word) => capitalize(word));
}

export function capitalize(self: string): string {
  const [first = '', ...rest] = self;
  return first.toUpperCase() + rest.join('').toLowerCase();
}

export function stripped(self: string, chars: unknown, side: 'both' | 'left' | 'right'): string {
  const set = chars === undefined || chars === null ? undefined : new Set(text(chars));
  const isStripped = (character: string | undefined): boolean =>
    character !== undefined && (set ? set.has(character) : SPACES.test(character));
  let [start, end] = [0, self.length];
  while (side !== 'right' && start < end && isStripped(self[start])) start++;
  while (side !== 'left' && end > start && isStripped(self[end - 1])) end--;
  return self.slice(start, end);
}

function maximum(limit: unknown): number {
  return typeof limit === 'number' && limit >= 0 ? limit : Number.POSITIVE_INFINITY;
}

export function split(self: string, separator: unknown, limit: unknown): readonly string[] {
  const most = maximum(limit);
  if (separator === undefined || separator === null) return splitSpaces(self, most);
  const mark = text(separator);
  if (mark === '') throw new ValueFault('the separator is empty');
  const parts = self.split(mark);
  return parts.length - 1 <= most ? parts : [...parts.slice(0, most), parts.slice(most).join(mark)];
}

function splitSpaces(self: string, most: number): readonly string[] {
  const parts: string[] = [];
  let rest = stripped(self, undefined, 'left');
  while (rest !== '' && parts.length < most) {
    const at = rest.search(SPACES);
    if (at < 0) break;
    parts.push(rest.slice(0, at));
    rest = stripped(rest.slice(at), undefined, 'left');
  }
  return rest === ''
    ? parts
    : [...parts, most === Number.POSITIVE_INFINITY ? rest : stripped(rest, undefined, 'right')];
}

function splitRight(self: string, separator: unknown, limit: unknown): readonly string[] {
  const reversed = [...self].reverse().join('');
  const mark = separator === undefined || separator === null ? separator : [...text(separator)].reverse().join('');
  return split(reversed, mark, limit)
    .map((part) => [...part].reverse().join(''))
    .toReversed();
}

export function splitLines(self: string, keepEnds: boolean): readonly string[] {
  const lines =
    self.match(/[^\n\r\v\f\x1c-\x1e\x85\u2028\u2029]*(?:\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]|$)/g) ?? [];
  const kept = lines.filter((line, index) => line !== '' || index < lines.length - 1);
  return keepEnds ? kept : kept.map((line) => line.replace(/(?:\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029])$/, ''));
}

function partition(self: string, separator: string, at: number): Tuple {
  if (separator === '') throw new ValueFault('the separator is empty');
  return Tuple.from2(at < 0 ? [self, '', ''] : [self.slice(0, at), separator, self.slice(at + separator.length)]);
}

function partitionRight(self: string, separator: string): Tuple {
  const at = self.lastIndexOf(separator);
  return at < 0 ? Tuple.from2(['', '', self]) : partition(self, separator, at);
}

function joinTexts(separator: string, items: unknown): string {
  return capped(iterate(items).map(text).join(separator));
}

export function replaced(
  self: string,
  from: string,
  { to, count }: { readonly to: string; readonly count: unknown },
): string {
  const most = maximum(count === null ? undefined : count);
  const parts = from === '' ? ['', ...self, ''] : self.split(from);
  if (parts.length * to.length > MAX_TEXT) throw new ValueFault('the text would grow too large');
  if (most >= parts.length - 1) return parts.join(to);
  return [parts.slice(0, most + 1).join(to), ...parts.slice(most + 1)].join(from);
}

export function center(self: string, width: number, fill = ' '): string {
  const missing = width - self.length;
  if (missing <= 0) return self;
  const left = Math.floor(missing / 2) + (missing & width & 1);
  return fill.repeat(left) + self + fill.repeat(missing - left);
}

function expandTabs(self: string, width: number): string {
  let column = 0;
  return self.replace(/\t|\n|[^\t\n]+/g, (part) => {
    const piece = part === '\t' ? ' '.repeat(width > 0 ? width - (column % width) : 0) : part;
    column = part === '\n' ? 0 : column + piece.length;
    return piece;
  });
}

export function firstText(value: unknown): string {
  return typeof value === 'string' ? value : toText(value);
}
