import { floatText } from './python-repr.ts';
import { Float, ValueFault, typeName } from './values.ts';

/** Where a scalar stands decides how it may be written and folded. */
export interface ScalarPlace {
  /** Columns already used on the line. */
  readonly column: number;
  /** Indentation of continued lines. */
  readonly indent: number;
  readonly isFlow: boolean;
  readonly isKey: boolean;
}

const WIDTH = 80;

/** Words and numbers that YAML 1.1 would read as something else than text. */
const RESOLVED =
  /^(?:~|null|Null|NULL||<<|=|yes|Yes|YES|no|No|NO|true|True|TRUE|false|False|FALSE|on|On|ON|off|Off|OFF|[-+]?0b[01_]+|[-+]?0[0-7_]+|[-+]?(?:0|[1-9][\d_]*)|[-+]?0x[\da-fA-F_]+|[-+]?[1-9][\d_]*(?::[0-5]?\d)+|[-+]?\d[\d_]*\.[\d_]*(?:[eE][-+]\d+)?|\.[\d_]+(?:[eE][-+]\d+)?|[-+]?\d[\d_]*(?::[0-5]?\d)+\.[\d_]*|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)|\d{4}-\d\d-\d\d|\d{4}-\d\d?-\d\d?(?:[Tt]|[ \t]+)\d\d?:\d\d:\d\d(?:\.\d*)?(?:[ \t]*(?:Z|[-+]\d\d?(?::\d\d)?))?)$/;

/** A scalar as libyaml writes it, which is what Ansible's filters use. */
export function scalarText(value: unknown, place: ScalarPlace): string {
  if (typeof value === 'string') return stringText(value, place);
  if (value === null || value === undefined) return 'null';
  if (typeof value === 'boolean' || typeof value === 'bigint') return String(value);
  if (value instanceof Float) return yamlFloat(value.value);
  if (typeof value === 'number') return Number.isInteger(value) ? String(value) : yamlFloat(value);
  throw new ValueFault(`${typeName(value)} cannot be written as YAML`);
}

function yamlFloat(value: number): string {
  if (Number.isNaN(value)) return '.nan';
  if (!Number.isFinite(value)) return value > 0 ? '.inf' : '-.inf';
  const text = floatText(value);
  return text.includes('e') && !text.includes('.') ? text.replace('e', '.0e') : text;
}

function stringText(text: string, place: ScalarPlace): string {
  if (isPlain(text, place)) return folded(text, place, (part) => part);
  if (isSpecial(text) || (place.isKey && text.includes('\n'))) return doubleQuoted(text, place);
  return singleQuoted(text, place);
}

function isSpecial(text: string): boolean {
  return (
    /[^\n\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd]|\ufeff/u.test(text) ||
    (/ [\n\x85\u2028\u2029]/.test(text) && text !== '')
  );
}

function isPlain(text: string, { isFlow }: ScalarPlace): boolean {
  if (RESOLVED.test(text) || isSpecial(text)) return false;
  if (/^[ \n]|[ \n]$|[\n\x85\u2028\u2029]/.test(text)) return false;
  if (/^(?:---|\.\.\.)/.test(text) || /^[#,[\]{}&*!|>'"%@`]/.test(text) || /^[?:-](?: |$)/.test(text)) return false;
  if (/: |:$| #/.test(text)) return false;
  return !isFlow || !(/[,?[\]{}]/.test(text) || /^[?:]/.test(text) || text.includes(':'));
}

/** Breaks at single spaces where the line is already too long; keys are never broken. */
function folded(text: string, { column, indent, isKey }: ScalarPlace, write: (part: string) => string): string {
  if (isKey) return write(text);
  const words = text.split(/(?<=[^ ]) (?=[^ ])/);
  let at = column;
  let result = '';
  for (const [index, word] of words.entries()) {
    const piece = write(word);
    const breaks = index > 0 && at > WIDTH;
    result += index === 0 ? piece : breaks ? `\n${' '.repeat(indent)}${piece}` : ` ${piece}`;
    at = breaks ? indent + piece.length : at + piece.length + (index === 0 ? 0 : 1);
  }
  return result;
}

function singleQuoted(text: string, place: ScalarPlace): string {
  const escape = (part: string): string => part.replaceAll("'", "''");
  const paragraphs = text.split(/(\n+)/);
  let result = "'";
  for (const [index, part] of paragraphs.entries()) {
    if (index % 2 === 1) result += `\n${part}${' '.repeat(place.indent)}`;
    else result += folded(part, { ...place, column: index === 0 ? place.column + 1 : place.indent }, escape);
  }
  return `${result}'`;
}

const ESCAPES: Readonly<Record<string, string>> = {
  '\0': '\\0',
  '\x07': '\\a',
  '\b': '\\b',
  '\t': '\\t',
  '\n': '\\n',
  '\v': '\\v',
  '\f': '\\f',
  '\r': '\\r',
  '\x1b': '\\e',
  '"': '\\"',
  '\\': '\\\\',
  '\x85': '\\N',
  '\u2028': '\\L',
  '\u2029': '\\P',
};

function doubleQuoted(text: string, { column, indent, isKey }: ScalarPlace): string {
  let [result, line] = ['"', column + 1];
  const characters = [...text];
  for (const [index, character] of characters.entries()) {
    const isInside = index > 0 && index < characters.length - 1;
    const breaks = !isKey && isInside && character === ' ' && characters[index - 1] !== ' ' && line > WIDTH;
    const piece = breaks ? `\n${' '.repeat(indent)}${characters[index + 1] === ' ' ? '\\' : ''}` : escaped(character);
    result += piece;
    line = breaks ? indent : line + piece.length;
  }
  return `${result}"`;
}

function escaped(character: string): string {
  const short = ESCAPES[character];
  if (short !== undefined) return short;
  const code = character.codePointAt(0) ?? 0;
  // libyaml escapes what lies beyond the first plane.
  if (code > 0xffff) return `\\U${code.toString(16).toUpperCase().padStart(8, '0')}`;
  if (code >= 0x20 && code !== 0x7f && code !== 0xfeff && !(code > 0x7f && code < 0xa0)) return character;
  return code < 0x100
    ? `\\x${code.toString(16).toUpperCase().padStart(2, '0')}`
    : `\\u${code.toString(16).toUpperCase().padStart(4, '0')}`;
}
