import { ValueFault } from './values.ts';

export interface RegexFlags {
  readonly ignoreCase?: boolean;
  readonly multiline?: boolean;
  readonly dotAll?: boolean;
}

const WORD = '\\p{L}\\p{N}_';
const START = '(?<![^])';
const END = '(?![^])';
const BOUNDARY = `(?:(?<=[${WORD}])(?![${WORD}])|(?<![${WORD}])(?=[${WORD}]))`;

/** Writes a pattern of Python's `re` as a JavaScript one with the flags `u` and, if asked, `i`. */
export function translate(pattern: string, flags: RegexFlags): RegExp {
  const inline = /^\(\?([aiLmsux]+)\)/.exec(pattern);
  const letters = inline?.[1] ?? '';
  if (letters.includes('x')) throw new ValueFault('the (?x) flag of regular expressions is not supported');
  const all = {
    ignoreCase: letters.includes('i') || flags.ignoreCase,
    multiline: letters.includes('m') || flags.multiline,
    dotAll: letters.includes('s') || flags.dotAll,
  };
  const source = new Translation(pattern.slice(inline?.[0].length ?? 0), all).run();
  try {
    return new RegExp(source, all.ignoreCase ? 'gui' : 'gu');
  } catch (cause) {
    throw new ValueFault(`'${pattern}' is not a valid regular expression`, { cause });
  }
}

const OUTSIDE: Readonly<Record<string, string>> = {
  A: START,
  Z: END,
  b: BOUNDARY,
  B: `(?!${BOUNDARY})`,
  d: '\\p{Nd}',
  D: '\\P{Nd}',
  w: `[${WORD}]`,
  W: `[^${WORD}]`,
};

const INSIDE: Readonly<Record<string, string>> = { b: '\\x08', d: '\\p{Nd}', D: '\\P{Nd}', w: WORD, W: '\\W' };
const SAME: ReadonlySet<string> = new Set([...'sSnrtfv']);
const SYNTAX: ReadonlySet<string> = new Set([...'^$\\.*+?()[]{}|/']);

/** One pass over a pattern. Mutable while it runs. */
class Translation {
  readonly #text: string;
  readonly #flags: RegexFlags;
  #at = 0;

  constructor(text: string, flags: RegexFlags) {
    this.#text = text;
    this.#flags = flags;
  }

  run(): string {
    let result = '';
    while (this.#at < this.#text.length) result += this.#next();
    return result;
  }

  #take(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.#text);
    if (match) this.#at += match[0].length;
    return match;
  }

  #next(): string {
    const character = String.fromCodePoint(this.#text.codePointAt(this.#at) ?? 0);
    if (character === '\\') return this.#escape(OUTSIDE);
    if (character === '[') return this.#class();
    if (character === '(') return this.#group();
    if (character === '{') return this.#brace();
    this.#at += character.length;
    return this.#plain(character);
  }

  #plain(character: string): string {
    const { multiline, dotAll } = this.#flags;
    if (character === '.') return dotAll ? '[^]' : '[^\\n]';
    if (character === '^') return multiline ? `(?<=\\n|${START})` : START;
    if (character === '$') return multiline ? `(?=\\n|${END})` : `(?=\\n?${END})`;
    return character === ']' || character === '}' || character === '/' ? `\\${character}` : character;
  }

  #brace(): string {
    const quantifier = this.#take(/\{(\d*)(,?)(\d*)\}/y);
    if (quantifier && (quantifier[1] || quantifier[3]))
      return `{${quantifier[1] || '0'}${quantifier[2] ?? ''}${quantifier[3] ?? ''}}`;
    if (quantifier) this.#at -= quantifier[0].length;
    this.#at++;
    return '\\{';
  }

  #group(): string {
    if (this.#take(/\(\?#[^)]*\)/y)) return '';
    const name = this.#take(/\(\?P<(\w+)>/y);
    if (name) return `(?<${name[1] ?? ''}>`;
    const reference = this.#take(/\(\?P=(\w+)\)/y);
    if (reference) return `\\k<${reference[1] ?? ''}>`;
    if (this.#take(/\(\?(?:\(|>)/y))
      throw new ValueFault('conditional and atomic groups of regular expressions are not supported');
    return this.#take(/\(\?(?:[:=!]|<[=!]|[ims-]+:)|\(/y)?.[0] ?? '(';
  }

  #escape(table: Readonly<Record<string, string>>): string {
    const hex = this.#take(/\\(?:x([\da-fA-F]{2})|u([\da-fA-F]{4})|U([\da-fA-F]{8}))/y);
    if (hex) return `\\u{${Number.parseInt(hex[1] ?? hex[2] ?? hex[3] ?? '0', 16).toString(16)}}`;
    if (this.#take(/\\0[0-7]{0,2}/y)) return '\\x00';
    const back = this.#take(/\\(\d{1,2})/y);
    if (back) return `(?:\\${back[1] ?? ''})`;
    const escaped = this.#take(/\\([^])/uy)?.[1];
    if (escaped === undefined) throw new ValueFault('a regular expression ends in a single backslash');
    return this.#escaped(escaped, table);
  }

  #escaped(character: string, table: Readonly<Record<string, string>>): string {
    const translated = Object.hasOwn(table, character) ? table[character] : undefined;
    if (translated !== undefined) return translated;
    if (SAME.has(character)) return `\\${character}`;
    if (character === 'a') return '\\x07';
    if (/[A-Za-z]/.test(character)) throw new ValueFault(`regular expressions have no escape '\\${character}'`);
    return SYNTAX.has(character) || (table === INSIDE && character === '-') ? `\\${character}` : character;
  }

  #class(): string {
    let result = this.#take(/\[\^?/y)?.[0] ?? '[';
    if (this.#take(/\]/y)) result += '\\]';
    for (let isFirst = true; this.#text[this.#at] !== ']'; isFirst = false) {
      if (this.#at >= this.#text.length) throw new ValueFault("a '[' of the regular expression is not closed");
      result += this.#member(isFirst, result);
    }
    this.#at++;
    return `${result}]`;
  }

  #member(isFirst: boolean, before: string): string {
    const character = String.fromCodePoint(this.#text.codePointAt(this.#at) ?? 0);
    if (character === '\\') return this.#escape(INSIDE);
    this.#at += character.length;
    if (character === '-' && (isFirst || this.#isLiteralDash(before))) return '\\-';
    return character === '[' ? '\\[' : character;
  }

  /** A dash beside a class such as `\w`, or at the end, is a dash. */
  #isLiteralDash(before: string): boolean {
    const next = this.#text.slice(this.#at, this.#at + 2);
    return (
      next.startsWith(']') ||
      /^\\[dDwWsS]/.test(next) ||
      (/(?:_|\\[dDwWsS]|\\[pP]\{Nd\})$/.test(before) && /\\[dDwWsS]-$/.test(this.#text.slice(0, this.#at)))
    );
  }
}
