import { expect, test } from 'vitest';
import { keyValue, splitWords } from './words.ts';

const cases: readonly (readonly [text: string, words: readonly string[]])[] = [
  ['a  b\nc', ['a', 'b', 'c']],
  ['', []],
  [`a='b c' d`, [`a='b c'`, 'd']],
  ['a="b \\" c" d', ['a="b \\" c"', 'd']],
  ['a={{ b | default("c d") }} e', ['a={{ b | default("c d") }}', 'e']],
  ['a={{ "}}" }} b', ['a={{ "}}" }}', 'b']],
  ['a="x {{ b["c d"] }} y" z', ['a="x {{ b["c d"] }} y"', 'z']],
  ['{% if a %}b c{% endif %} {# x y #}z', ['{% if a %}b', 'c{% endif %}', '{# x y #}z']],
  ['a\\ b c', ['a\\ b', 'c']],
  [`it's never closed`, [`it's never closed`]],
  ['a={{ b c', ['a={{ b c']],
  ['a\\', ['a\\']],
];

test.each(cases)('splits %j', (text, words) => {
  expect(splitWords(text).map((word) => word.text)).toEqual(words);
});

test('words say where they stand', () => {
  const text = ' ab  "c d"';
  for (const { text: word, start, end } of splitWords(text)) expect(text.slice(start, end)).toBe(word);
});

test.each([
  ['a=b', ['a', 'b']],
  ['a=', ['a', '']],
  ['a="b c"', ['a', 'b c']],
  [`a='b"`, ['a', `'b"`]],
  ['a=b=c', ['a', 'b=c']],
  ['a', undefined],
  ['=b', undefined],
  ['"a=b"', undefined],
  ['./a=b', undefined],
])('%s as key and value', (word, pair) => {
  expect(keyValue(word)).toEqual(pair);
});
