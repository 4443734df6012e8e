import { expect, test } from 'vitest';
import { cellsOf } from './cells.ts';
import { prose, span, verbatim } from './line.ts';
import { paint, paintClipped } from './paint.ts';

const plain = { hasColour: false };

test('prose breaks at words and goes on to the right of its beginning', () => {
  const line = prose(
    2,
    span('failed', 'failed'),
    span(': '),
    span('the quick brown fox jumps over the lazy dog again'),
  );
  expect(paint([line], { ...plain, columns: () => 44 })).toBe(
    '  failed: the quick brown fox jumps over the\n      lazy dog again\n',
  );
});

test('no broken line is wider than the terminal, unless one word is', () => {
  const words = Array.from({ length: 200 }, (_, index) => 'x'.repeat((index % 13) + 1)).join(' ');
  const rows = paint([prose(6, span(words))], { ...plain, columns: () => 50 })
    .trimEnd()
    .split('\n');
  expect(Math.max(...rows.map((row) => row.length))).toBeLessThanOrEqual(50);
  expect(rows.map((row) => row.trim()).join(' ')).toBe(words);
});

test('a log keeps lines whole, and so do diffs anywhere', () => {
  const text = 'word '.repeat(50).trim();
  expect(paint([prose(0, span(text))], plain)).toBe(`${text}\n`);
  expect(paint([verbatim(0, span(text))], { ...plain, columns: () => 50 })).toBe(`${text}\n`);
});

test('what a span holds is escaped, colours are ours', () => {
  expect(paint([prose(0, span('ok\u001b[2J\nfake', 'ok'))], { hasColour: true })).toBe(
    '\u001b[32mok\\e[2J\\nfake\u001b[39m\n',
  );
});

test.each([
  ['ascii', 'abcdefghij', 5, 'abcd…'],
  ['fits', 'abcde', 5, 'abcde'],
  ['wide letters', '東京東京', 5, '東京…'],
  ['a wide letter at the cut', '東京東京', 4, '東…'],
  ['combining letters', 'e\u0301e\u0301e\u0301e\u0301', 3, 'e\u0301e\u0301…'],
  ['emoji', '😀😀😀', 5, '😀😀…'],
])('a live line is clipped to the cells of a terminal: %s', (_, text, width, shown) => {
  const clipped = paintClipped(prose(0, span(text)), width, false);
  expect(clipped).toBe(shown);
  expect(cellsOf(clipped)).toBeLessThanOrEqual(width);
});
