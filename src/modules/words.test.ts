import { expect, it } from 'vitest';
import { splitWords } from './words.ts';

it.each([
  ['a b  c', ['a', 'b', 'c']],
  [`visudo -cf '%s'`, ['visudo', '-cf', '%s']],
  [`a "b c" 'd "e'`, ['a', 'b c', 'd "e']],
  [`a\\ b "c\\"d" 'e\\f' ""`, ['a b', 'c"d', 'e\\f', '']],
  [`"\\n"`, ['\\n']],
])('%s', (text, words) => {
  expect(splitWords(text)).toEqual(words);
});

it.each(['', '  ', 'a "b', "'"])('%j is refused', (text) => {
  expect(() => splitWords(text)).toThrow();
});
