import { TemplateError } from './types.ts';
import { float, lineAndColumn } from './values.ts';

export interface Token {
  readonly type: 'name' | 'number' | 'string' | 'operator' | 'end';
  /** Text of names and operators; the value of literals. */
  readonly value: unknown;
  readonly at: number;
}

const SPACE = /\s+/y;
const NAME = /[\p{L}_][\p{L}\p{N}_]*/uy;
const NUMBER =
  /0[bB](?:_?[01])+|0[oO](?:_?[0-7])+|0[xX](?:_?[\da-fA-F])+|\d+(?:_\d+)*(?:\.\d+(?:_\d+)*)?(?:[eE][+-]?\d+(?:_\d+)*)?/y;
const INDEX = /\d+/y;
const STRING = /'(?:[^'\\]|\\[^])*'|"(?:[^"\\]|\\[^])*"/y;
const OPERATOR = /\*\*|\/\/|==|!=|<=|>=|[-+*/%~<>=()[\]{},.:|;]/y;

export function faultAt(source: string, at: number, message: string, options?: ErrorOptions): TemplateError {
  const { line, column } = lineAndColumn({ source, offset: at });
  return new TemplateError(`${message} at line ${line}, column ${column}`, line, column, options);
}

function matchAt(pattern: RegExp, source: string, at: number): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(source)?.[0];
}

/**
 * Cuts an expression that starts at `from`, up to the first place where `isEnd` holds outside brackets.
 *
 * @param keepsBackslashes a backslash in a string only keeps a quote from ending it
 */
export function tokenize(
  source: string,
  from: number,
  isEnd: (at: number) => boolean,
  keepsBackslashes = false,
): { readonly tokens: readonly Token[]; readonly end: number } {
  const tokens: Token[] = [];
  let depth = 0;
  let at = from;
  for (;;) {
    at += matchAt(SPACE, source, at)?.length ?? 0;
    if (at >= source.length || (depth === 0 && isEnd(at))) break;
    const [token, end] = nextToken(source, at, tokens.at(-1), keepsBackslashes ? unquote : unescape);
    if (token.type === 'operator') depth = Math.max(0, depth + nesting(token.value));
    tokens.push(token);
    at = end;
  }
  tokens.push({ type: 'end', value: 'end of expression', at });
  return { tokens, end: at };
}

function nesting(operator: unknown): number {
  if (operator === '(' || operator === '[' || operator === '{') return 1;
  return operator === ')' || operator === ']' || operator === '}' ? -1 : 0;
}

function nextToken(
  source: string,
  at: number,
  previous: Token | undefined,
  read: (string: string, quote: string) => string,
): readonly [Token, number] {
  // `users.0.name`: after a point, digits are an index, not the start of a float.
  const isIndex = previous?.type === 'operator' && previous.value === '.';
  const number = matchAt(isIndex ? INDEX : NUMBER, source, at);
  if (number !== undefined) return [{ type: 'number', value: numberValue(number), at }, at + number.length];
  const name = matchAt(NAME, source, at);
  if (name !== undefined) return [{ type: 'name', value: name, at }, at + name.length];
  const string = matchAt(STRING, source, at);
  if (string !== undefined)
    return [{ type: 'string', value: read(string.slice(1, -1), string.slice(0, 1)), at }, at + string.length];
  const operator = matchAt(OPERATOR, source, at);
  if (operator !== undefined) return [{ type: 'operator', value: operator, at }, at + operator.length];
  const isQuote = source[at] === "'" || source[at] === '"';
  throw faultAt(source, at, isQuote ? 'string is not closed' : `unexpected character '${source[at]}'`);
}

function numberValue(text: string): unknown {
  const digits = text.replaceAll('_', '');
  if (/^0[box]/i.test(digits)) return integer(digits.toLowerCase());
  if (/[.eE]/.test(digits)) return float(Number(digits));
  return integer(digits);
}

function integer(digits: string): number | bigint {
  const value = Number(digits);
  return Number.isSafeInteger(value) ? value : BigInt(digits);
}

const ESCAPE = /\\(?:\r\n|[^]|$)/g;
const LONG_ESCAPE = /\\(?:x([\da-fA-F]{2})|u([\da-fA-F]{4})|U([\da-fA-F]{8})|([0-7]{1,3})|(\r\n|[^]))/g;
const ESCAPES: Readonly<Record<string, string>> = {
  n: '\n',
  r: '\r',
  t: '\t',
  '\\': '\\',
  "'": "'",
  '"': '"',
  a: '\x07',
  b: '\b',
  f: '\f',
  v: '\v',
  '\n': '',
  '\r\n': '',
};

function unquote(text: string, quote: string): string {
  if (!text.includes('\\')) return text;
  return text.replace(/\\([^])/g, (all, one: string) => (one === quote ? quote : all));
}

/** Python's escapes; an unknown one such as `\w` keeps its backslash, which regular expressions rely on. */
function unescape(text: string): string {
  if (!ESCAPE.test(text)) return text;
  ESCAPE.lastIndex = 0;
  return text.replace(
    LONG_ESCAPE,
    (all: string, x?: string, u?: string, long?: string, octal?: string, one?: string) => {
      const hex = x ?? u ?? long;
      if (hex !== undefined)
        return Number.parseInt(hex, 16) <= 0x10ffff ? String.fromCodePoint(Number.parseInt(hex, 16)) : all;
      if (octal !== undefined) return String.fromCodePoint(Number.parseInt(octal, 8));
      return one !== undefined && Object.hasOwn(ESCAPES, one) ? (ESCAPES[one] ?? all) : all;
    },
  );
}
