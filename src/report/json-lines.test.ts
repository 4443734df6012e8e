import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { result, send, taskOn } from '../../test/support/events.ts';
import { LARGEST_VALUE } from './capped.ts';
import { jsonGap, jsonLinesReporter } from './json-lines.ts';

function lines(values: Readonly<Record<string, unknown>>): readonly string[] {
  let written = '';
  send(
    jsonLinesReporter({ write: (text) => void (written += text), close: async () => {} }),
    taskOn({ a: result('ok', { values }) }),
  );
  return written.trimEnd().split('\n');
}

const valuesOf = (values: Readonly<Record<string, unknown>>) =>
  lines(values)
    .map((line) => JSON.parse(line))
    .find(({ type }) => type === 'task.finished').result.values;

test('one event is one line, whatever a host says', () => {
  const nasty = 'a\nb\r\u2028\u0000\ud800\u001b[2J';
  expect(lines({ nasty })).toHaveLength(6);
  expect(lines({ nasty }).join('')).not.toMatch(/[\u0000-\u001f]/);
  expect(valuesOf({ nasty })).toEqual({ nasty });
});

test('values JSON has no words for stay recognisable', () => {
  expect(valuesOf({ big: 2n ** 64n, bytes: new TextEncoder().encode('x'), map: new Map([['k', 1]]) })).toEqual({
    big: '18446744073709551616',
    bytes: 'x',
    map: { k: 1 },
  });
});

test('a text that is too large keeps its ends and says what is missing', () => {
  const { stdout } = valuesOf({ stdout: `begin${'x'.repeat(3 * LARGEST_VALUE)}end` });
  expect(stdout.length).toBeLessThan(LARGEST_VALUE + 100);
  expect(stdout).toMatch(/^beginx+\n… 131080 characters left out …\nx+end$/);
});

test('a structure that is too large does not pass for a whole one', () => {
  const value = valuesOf({ list: Array.from({ length: 50_000 }, (_, index) => index) }).list;
  expect(value).toMatchObject({ truncated: true, characters: 288_891 });
  expect(value.beginning.length).toBe(LARGEST_VALUE);
});

test('a gap is an event of its own', () => {
  expect(JSON.parse(jsonGap(3))).toMatchObject({ type: 'notice', severity: 'warning' });
});

test('the documentation names every type of event and its fields', () => {
  const source = readFileSync(join(import.meta.dirname, '../contract/event.ts'), 'utf8');
  const docs = readFileSync(join(import.meta.dirname, '../../docs/events.md'), 'utf8');
  const types = [...source.matchAll(/readonly type: '([a-z.]+)'/g)].map((match) => match[1] ?? '');
  expect(types.length).toBeGreaterThan(14);
  const missing = types.filter((type) => !docs.includes(`| \`${type}\` |`));
  expect(missing).toEqual([]);
  const fields = [...source.matchAll(/readonly (\w+)\??:/g)].map((match) => match[1] ?? '');
  expect([...new Set(fields)].filter((field) => !docs.includes(`\`${field}\``))).toEqual([]);
});
