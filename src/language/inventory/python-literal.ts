import { setOwn } from '../yaml/merge.ts';

/** Not a Python literal; the text then stands for itself. */
class NotALiteral extends Error {}

interface Cursor {
  readonly text: string;
  at: number;
  depth: number;
}

const MOST_NESTED = 50;
const number =
  /^(?:0[xX](?:_?[0-9a-fA-F])+|0[oO](?:_?[0-7])+|0[bB](?:_?[01])+|(?:[0-9](?:_?[0-9])*\.?(?:[0-9](?:_?[0-9])*)?|\.[0-9](?:_?[0-9])*)(?:[eE][-+]?[0-9](?:_?[0-9])*)?)(?![\w.])/;
const stringStart = /^(?:[rRuUbB]|[rR][bB]|[bB][rR])?("""|'''|"|')/;
const constants: ReadonlyMap<string, unknown> = new Map<string, unknown>([
  ['True', true],
  ['False', false],
  ['None', null],
]);

/**
 * The value of an INI variable: what Python's `ast.literal_eval` makes of the text, or the text itself. Tuples and sets
 * become lists; numbers that JavaScript cannot hold exactly stay text, which prints the same.
 *
 * @example parseLiteral('0755') // '0755'
 * @example parseLiteral('1,2') // [1, 2]
 */
export function parseLiteral(text: string): unknown {
  const cursor: Cursor = { text, at: 0, depth: 0 };
  try {
    const value = readTuple(cursor, () => atEnd(cursor));
    if (!atEnd(cursor)) throw new NotALiteral();
    return value;
  } catch (error) {
    if (error instanceof NotALiteral) return text;
    throw error;
  }
}

/** A comment may follow a literal, as in any Python source. */
function atEnd(cursor: Cursor): boolean {
  skipSpace(cursor);
  return cursor.at === cursor.text.length || cursor.text[cursor.at] === '#';
}

function skipSpace(cursor: Cursor): void {
  while (' \t'.includes(cursor.text[cursor.at] ?? 'x')) cursor.at++;
}

function take(cursor: Cursor, expected: string): boolean {
  skipSpace(cursor);
  if (!cursor.text.startsWith(expected, cursor.at)) return false;
  cursor.at += expected.length;
  return true;
}

/** One value, or several with commas between them. */
function readTuple(cursor: Cursor, isDone: () => boolean): unknown {
  const items = [readValue(cursor)];
  let isTuple = false;
  while (take(cursor, ',')) {
    isTuple = true;
    if (isDone()) break;
    items.push(readValue(cursor));
  }
  return isTuple ? items : items[0];
}

function readValue(cursor: Cursor): unknown {
  skipSpace(cursor);
  if (++cursor.depth > MOST_NESTED) throw new NotALiteral();
  const value = readUnnested(cursor);
  cursor.depth--;
  return value;
}

function readUnnested(cursor: Cursor): unknown {
  if (take(cursor, '[')) return readList(cursor, ']');
  if (take(cursor, '(')) return readParenthesised(cursor);
  if (take(cursor, '{')) return readBraces(cursor);
  if (stringStart.test(cursor.text.slice(cursor.at, cursor.at + 5))) return readStrings(cursor);
  return readNumber(cursor) ?? readConstant(cursor);
}

function readConstant(cursor: Cursor): unknown {
  const [word = ''] = /^[A-Za-z_]\w*/.exec(cursor.text.slice(cursor.at)) ?? [];
  if (!constants.has(word)) throw new NotALiteral();
  cursor.at += word.length;
  return constants.get(word);
}

function readNumber(cursor: Cursor): number | undefined {
  const [sign = ''] = /^[-+][ \t]*/.exec(cursor.text.slice(cursor.at)) ?? [];
  const [digits] = number.exec(cursor.text.slice(cursor.at + sign.length)) ?? [];
  if (digits === undefined && sign === '') return undefined;
  if (digits === undefined || /^0[0-9_]*[1-9][0-9_]*$/.test(digits)) throw new NotALiteral();
  const value = Number(digits.replaceAll('_', ''));
  const isFloat = /[.eE]/.test(digits) && !/^0[xX]/.test(digits);
  if (!Number.isFinite(value) || (!isFloat && !Number.isSafeInteger(value))) throw new NotALiteral();
  cursor.at += sign.length + digits.length;
  return sign.startsWith('-') ? 0 - value : value;
}

function readList(cursor: Cursor, close: string): readonly unknown[] {
  const items: unknown[] = [];
  while (!take(cursor, close)) {
    items.push(readValue(cursor));
    if (!take(cursor, ',') && !lookingAt(cursor, close)) throw new NotALiteral();
  }
  return items;
}

function lookingAt(cursor: Cursor, expected: string): boolean {
  skipSpace(cursor);
  return cursor.text.startsWith(expected, cursor.at);
}

function readParenthesised(cursor: Cursor): unknown {
  if (take(cursor, ')')) return [];
  const value = readTuple(cursor, () => lookingAt(cursor, ')'));
  if (!take(cursor, ')')) throw new NotALiteral();
  return value;
}

/** `{}` and `{key: value}` are mappings, `{item}` is a set. */
function readBraces(cursor: Cursor): unknown {
  if (take(cursor, '}')) return {};
  const first = readValue(cursor);
  if (lookingAt(cursor, ':')) return readMapping(cursor, first);
  if (!take(cursor, ',') && !lookingAt(cursor, '}')) throw new NotALiteral();
  return [...new Set([first, ...readList(cursor, '}')])];
}

function readMapping(cursor: Cursor, firstKey: unknown): unknown {
  const mapping: Record<string, unknown> = {};
  let key = firstKey;
  for (;;) {
    if (!take(cursor, ':')) throw new NotALiteral();
    setOwn(mapping, keyText(key), readValue(cursor));
    const isLast = !take(cursor, ',');
    if (take(cursor, '}')) return mapping;
    if (isLast) throw new NotALiteral();
    key = readValue(cursor);
  }
}

function keyText(key: unknown): string {
  if (typeof key === 'object' && key !== null) throw new NotALiteral();
  return String(key);
}

/** Strings that follow each other are one. */
function readStrings(cursor: Cursor): string {
  let text = '';
  do {
    const rest = cursor.text.slice(cursor.at);
    const [prefix = '', quote = ''] = stringStart.exec(rest) ?? [];
    cursor.at += prefix.length;
    text += readString(cursor, quote, /r/i.test(prefix));
    skipSpace(cursor);
  } while (stringStart.test(cursor.text.slice(cursor.at, cursor.at + 5)));
  return text;
}

function readString(cursor: Cursor, quote: string, isRaw: boolean): string {
  const start = cursor.at;
  while (!cursor.text.startsWith(quote, cursor.at)) {
    if (cursor.at >= cursor.text.length) throw new NotALiteral();
    cursor.at += cursor.text[cursor.at] === '\\' ? 2 : 1;
  }
  const body = cursor.text.slice(start, cursor.at);
  cursor.at += quote.length;
  return isRaw ? body : body.replace(escape, (whole, code: string) => unescape(whole, code));
}

const escape = /\\(x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[0-7]{1,3}|[xuU]|[^])/g;
const simpleEscapes: Readonly<Record<string, string>> = {
  '\\': '\\',
  "'": "'",
  '"': '"',
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\n': '',
};

function unescape(whole: string, code: string): string {
  if (/^[0-7]+$/.test(code)) return String.fromCodePoint(Number.parseInt(code, 8));
  if (!/^[xuU]/.test(code)) return simpleEscapes[code] ?? whole;
  const point = Number.parseInt(code.slice(1), 16);
  if (Number.isNaN(point) || point > 0x10ffff) throw new NotALiteral();
  return String.fromCodePoint(point);
}
