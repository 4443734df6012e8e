import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { ShlexError, splitWords } from './shlex.ts';

/** Written by fixtures/capture-shlex.py with Python 3.11. */
const captured: readonly (readonly [string, readonly string[] | null])[] = JSON.parse(
  readFileSync(new URL('fixtures/shlex-python.json', import.meta.url), 'utf8'),
);

test.each(captured)('splits %j as Python does', (line, words) => {
  if (words === null) expect(() => splitWords(line)).toThrow(ShlexError);
  else expect(splitWords(line).words.map((word) => word.text)).toEqual(words);
});

test('tells where words start and where a # cut one short', () => {
  expect(splitWords('ab  c="d e" f=g#h')).toEqual({
    words: [
      { text: 'ab', start: 0 },
      { text: 'c=d e', start: 4 },
      { text: 'f=g', start: 12 },
    ],
    cutAt: 15,
  });
  expect(splitWords('a # b').cutAt).toBeUndefined();
});
