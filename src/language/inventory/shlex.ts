/** Thrown where a quote is not closed or a backslash ends the line. */
export class ShlexError extends Error {
  override name = 'ShlexError';
}

export interface Word {
  readonly text: string;
  /** Offset of its first character in the line. */
  readonly start: number;
}

export interface Split {
  readonly words: readonly Word[];
  /** Offset of a `#` inside a word, which begins a comment all the same. */
  readonly cutAt?: number;
}

/** Splits a line into words as Python's `shlex.split(line, comments=True)`, which Ansible reads host lines with. */
export function splitWords(line: string): Split {
  const words: Word[] = [];
  let [at, cutAt]: [number, number | undefined] = [0, undefined];
  while (at < line.length && line[at] !== '#') {
    if (isSpace(line[at])) at++;
    else {
      const word = readWord(line, at);
      words.push({ text: word.text, start: at });
      at = word.end;
      if (line[at] === '#') cutAt = at;
    }
  }
  return cutAt === undefined ? { words } : { words, cutAt };
}

function isSpace(character: string | undefined): boolean {
  return character === undefined || ' \t\r\n'.includes(character);
}

function readWord(line: string, start: number): { readonly text: string; readonly end: number } {
  let [text, at] = ['', start];
  while (!isSpace(line[at]) && line[at] !== '#') {
    const part = readPart(line, at);
    text += part.text;
    at = part.end;
  }
  return { text, end: at };
}

function readPart(line: string, at: number): { readonly text: string; readonly end: number } {
  const character = line.charAt(at);
  if (character === '"' || character === "'") return readQuoted(line, at);
  if (character !== '\\') return { text: character, end: at + 1 };
  if (at + 1 === line.length) throw new ShlexError('a backslash ends the line');
  return { text: line.charAt(at + 1), end: at + 2 };
}

/** A backslash escapes only itself and the quote, and only between double quotes. */
function readQuoted(line: string, start: number): { readonly text: string; readonly end: number } {
  const quote = line.charAt(start);
  let [text, at] = ['', start + 1];
  while (at < line.length && line[at] !== quote) {
    const isEscape = quote === '"' && line[at] === '\\' && /["\\]/.test(line.charAt(at + 1));
    text += line.charAt(isEscape ? at + 1 : at);
    at += isEscape ? 2 : 1;
  }
  if (at >= line.length) throw new ShlexError(`the quote ${quote} is not closed`);
  return { text, end: at + 1 };
}
