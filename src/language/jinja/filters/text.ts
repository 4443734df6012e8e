import { STRING_METHODS, capitalize, center, replaced, split, splitLines, stripped } from '../methods-string.ts';
import { MAX_TEXT, isTruthy } from '../operators.ts';
import { percentFormat } from '../percent-format.ts';
import { toText } from '../python-repr.ts';
import type { Filter } from '../types.ts';
import { Tuple, ValueFault } from '../values.ts';
import { integerArgument, named, textArgument } from './arguments.ts';
import { comment } from './comment.ts';

const replace: Filter = (value, args, kwargs) => {
  const { old, new: fresh, count = null } = named(args, kwargs, ['old', 'new', 'count']);
  return replaced(toText(value), toText(old), { to: toText(fresh), count });
};

const indent: Filter = (value, args, kwargs) => {
  const { width = 4, first = false, blank = false } = named(args, kwargs, ['width', 'first', 'blank']);
  const margin = typeof width === 'string' ? width : ' '.repeat(Math.min(1000, Math.max(0, integerArgument(width))));
  // Jinja2 adds a line end before splitting, so that text which ends in one keeps it.
  const [head = '', ...rest] = splitLines(`${toText(value)}\n`, false);
  const lines = rest.map((line) => (line === '' && !isTruthy(blank) ? line : margin + line));
  return (isTruthy(first) ? margin : '') + [head, ...lines].join('\n');
};

const truncate: Filter = (value, args, kwargs) => {
  const names = ['length', 'killwords', 'end', 'leeway'];
  const { length = 255, killwords = false, end = '...', leeway = 5 } = named(args, kwargs, names);
  const [text, size, mark] = [toText(value), integerArgument(length), textArgument(end)];
  if (text.length <= size + integerArgument(leeway)) return text;
  const cut = text.slice(0, size - mark.length);
  return (isTruthy(killwords) || !cut.includes(' ') ? cut : cut.slice(0, cut.lastIndexOf(' '))) + mark;
};

const wordwrap: Filter = (value, args, kwargs) => {
  const names = ['width', 'break_long_words', 'wrapstring', 'break_on_hyphens'];
  const { width = 79, break_long_words = true, wrapstring = '\n' } = named(args, kwargs, names);
  const size = Math.max(1, integerArgument(width));
  const lines = splitLines(toText(value), false);
  return lines
    .map((line) => wrapLine(line, size, isTruthy(break_long_words)).join(textArgument(wrapstring)))
    .join(textArgument(wrapstring));
};

function wrapLine(line: string, width: number, breaksWords: boolean): readonly string[] {
  const lines: string[] = [];
  let current = '';
  for (const chunk of line.match(/\s+|[^\s-]+-+|[^\s-]+|-+/g) ?? []) {
    let rest = chunk;
    if (current.length + rest.length > width) {
      while (breaksWords && rest.length > width) {
        const left = width - current.length;
        lines.push(current + rest.slice(0, left));
        [current, rest] = ['', rest.slice(left)];
      }
      if (current.length + rest.length > width && current.trimEnd() !== '')
        [current] = ['', lines.push(current.trimEnd())];
      if (rest.trim() === '' && lines.length > 0 && current === '') rest = '';
    }
    current += rest;
  }
  return current.trimEnd() === '' ? lines : [...lines, current.trimEnd()];
}

/** shlex.quote of Python. */
export function shellQuote(text: string): string {
  if (text === '') return "''";
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'"'"'`)}'`;
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&#34;',
  "'": '&#39;',
};

const escape: Filter = (value) => toText(value).replace(/[&<>"']/g, (character) => ENTITIES[character] ?? character);

/** Jinja2 begins a word after white space and after - ( { [ <. */
function title(text: string): string {
  return text.replace(/[^-\s({[<]+/g, (word) => capitalize(word));
}

const padded: Filter = (value, args, kwargs) => {
  const { width = 80 } = named(args, kwargs, ['width']);
  const size = integerArgument(width);
  if (size > MAX_TEXT) throw new ValueFault(`${size} is too wide`);
  return center(toText(value), size);
};

const format: Filter = (value, args, kwargs) =>
  percentFormat(toText(value), Object.keys(kwargs).length > 0 ? kwargs : Tuple.from2(args));

function viaMethod(name: string): Filter {
  return (value) => STRING_METHODS.get(name)?.(toText(value), [], {});
}

export const textFilters: Readonly<Record<string, Filter>> = {
  lower: viaMethod('lower'),
  upper: viaMethod('upper'),
  capitalize: (value) => capitalize(toText(value)),
  title: (value) => title(toText(value)),
  trim: (value, [chars]) => stripped(toText(value), chars, 'both'),
  split: (value, [separator, limit], kwargs) => split(toText(value), separator ?? kwargs.sep, limit ?? kwargs.maxsplit),
  splitlines: (value) => splitLines(toText(value), false),
  replace,
  indent,
  truncate,
  wordwrap,
  wordcount: (value) => (toText(value).match(/[\p{L}\p{N}_]+/gu) ?? []).length,
  center: padded,
  format,
  quote: (value) => shellQuote(value === null ? '' : toText(value)),
  escape,
  e: escape,
  forceescape: escape,
  striptags: (value) =>
    toText(value)
      .replace(/<!--[^]*?-->|<[^>]*>/g, '')
      .trim()
      .replace(/\s+/g, ' '),
  comment,
};
