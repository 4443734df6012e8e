/** One word of `k=v` text, with where it stands. */
export interface Word {
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

const CLOSERS: Readonly<Record<string, string>> = { '{{': '}}', '{%': '%}', '{#': '#}' };

/** Splits at white space as a shell would, but keeps quotes, and keeps templates in one piece whatever they hold. */
export function splitWords(text: string): readonly Word[] {
  const words: Word[] = [];
  let position = 0;
  while (position < text.length) {
    if (/\s/.test(text.charAt(position))) position++;
    else {
      const end = wordEnd(text, position);
      words.push({ text: text.slice(position, end), start: position, end });
      position = end;
    }
  }
  return words;
}

function wordEnd(text: string, start: number): number {
  let position = start;
  while (position < text.length && !/\s/.test(text.charAt(position))) position = pieceEnd(text, position);
  return position;
}

/** The end of a template, a quoted part or one character. What is never closed reaches to the end of the text. */
function pieceEnd(text: string, start: number): number {
  const closer = CLOSERS[text.slice(start, start + 2)];
  if (closer) return endAfter(text, closer, start + 2);
  const character = text.charAt(start);
  if (character === '\\') return start + 2;
  return character === '"' || character === "'" ? endAfter(text, character, start + 1) : start + 1;
}

function endAfter(text: string, closer: string, from: number): number {
  let position = from;
  while (position < text.length && !text.startsWith(closer, position)) position = innerEnd(text, position, closer);
  return Math.min(text.length, position + closer.length);
}

/** Quotes may hold templates and templates quotes, each hiding the other's end; a backslash takes the next character along. */
function innerEnd(text: string, position: number, closer: string): number {
  const character = text.charAt(position);
  if (character === '\\') return position + 2;
  const isQuote = character === '"' || character === "'";
  if (closer.length === 2) return isQuote && closer !== '#}' ? endAfter(text, character, position + 1) : position + 1;
  const nested = CLOSERS[text.slice(position, position + 2)];
  return nested ? endAfter(text, nested, position + 2) : position + 1;
}

/** `key=value` with one pair of quotes around the value removed; undefined when the word is not of that form. */
export function keyValue(word: string): readonly [key: string, value: string] | undefined {
  const match = /^([A-Za-z_][\w.-]*)=([\s\S]*)$/.exec(word);
  if (!match) return undefined;
  const [, key = '', value = ''] = match;
  const isQuoted =
    value.length >= 2 && (value.startsWith('"') || value.startsWith("'")) && value.endsWith(value.charAt(0));
  return [key, isQuoted ? value.slice(1, -1) : value];
}
