import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parseLiteral } from './python-literal.ts';

/** Written by fixtures/capture-literals.py with Python 3.11. */
const captured: readonly (readonly [string, unknown])[] = JSON.parse(
  readFileSync(new URL('fixtures/literals-python.json', import.meta.url), 'utf8'),
);

test.each(captured)('reads %j as Python does', (text, value) => {
  expect(JSON.stringify(parseLiteral(text))).toBe(JSON.stringify(value));
});

test('keeps integers that are not exact as text', () => {
  expect(parseLiteral('12345678901234567890')).toBe('12345678901234567890');
  expect(parseLiteral('1e400')).toBe('1e400');
});

test('takes absurd nesting for text', () => {
  const text = '['.repeat(5000) + ']'.repeat(5000);
  expect(parseLiteral(text)).toBe(text);
});
