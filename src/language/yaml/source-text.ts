import type { Position, Problems } from '../../contract/problem.ts';

/** The text of a file with a way to tell where an offset stands. */
export interface SourceText {
  readonly text: string;
  readonly file: string;
  positionAt(offset: number): Position;
}

export function sourceText(text: string, file: string): SourceText {
  const starts = [0];
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  return {
    text,
    file,
    positionAt(offset) {
      const line = lastNotAfter(starts, offset);
      return { file, line: line + 1, column: offset - (starts[line] ?? 0) + 1 };
    },
  };
}

function lastNotAfter(starts: readonly number[], offset: number): number {
  let [low, high] = [0, starts.length - 1];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((starts[middle] ?? 0) <= offset) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** Text of UTF-8 bytes without a byte order mark, or undefined after saying why it is not text anyone meant to write. */
export function decodeText(input: string | Uint8Array, file: string, problems: Problems): string | undefined {
  const start = { file, line: 1, column: 1 };
  if (typeof input !== 'string' && isUtf16(input)) {
    problems.error('the file is UTF-16', { position: start, hint: 'save it as UTF-8' });
    return undefined;
  }
  const text = (
    typeof input === 'string' ? input : new TextDecoder('utf-8', { ignoreBOM: true }).decode(input)
  ).replace(/^\uFEFF/, '');
  return hasBadCharacter(text, file, problems, typeof input !== 'string') ? undefined : text;
}

function isUtf16(bytes: Uint8Array): boolean {
  const [first, second] = bytes;
  return (first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff) || first === 0 || second === 0;
}

function hasBadCharacter(text: string, file: string, problems: Problems, isDecoded: boolean): boolean {
  const found = badCharacters.find(({ pattern, onlyDecoded }) => (isDecoded || !onlyDecoded) && pattern.test(text));
  if (!found) return false;
  const position = sourceText(text, file).positionAt(text.search(found.pattern));
  problems.error(found.message, { position, hint: found.hint });
  return true;
}

const badCharacters = [
  { pattern: /\0/, onlyDecoded: false, message: 'the file holds a NUL byte', hint: 'it is not a text file' },
  {
    pattern: /\uFFFD/,
    onlyDecoded: true,
    message: 'the file is not valid UTF-8 here',
    hint: 'save it as UTF-8',
  },
  {
    pattern: /\r(?!\n)/,
    onlyDecoded: false,
    message: 'a carriage return stands alone',
    hint: 'end lines with a line feed',
  },
];
