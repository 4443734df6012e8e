import { expect, test } from 'vitest';
import { Secret } from '../contract/secret.ts';
import { parseYamlValue } from '../language/yaml/read-yaml.ts';
import { yamlText } from './yaml-text.ts';

const text = (value: unknown) => [...yamlText(value)].join('\n');

test('nested values read as YAML', () => {
  expect(text({ a: 1, list: ['x', { y: 'z', w: [] }], deep: { k: 'one\ntwo\n' }, none: null, empty: {} })).toBe(
    `a: 1
list:
  - x
  - y: z
    w: []
deep:
  k: |
    one
    two
none: null
empty: {}`,
  );
});

test.each([
  'yes',
  'null',
  '0644',
  '1e30',
  '12:30',
  '- x',
  'a: b',
  '',
  ' x',
  '#c',
  '2024-01-01',
  '{{ x }}',
  '@x',
  "it's",
])('text that could be taken for something else stays text: %j', (value) => {
  expect(parseYamlValue(text({ value }))).toEqual({ value });
});

test('what is shown of plain data can be read back', () => {
  const value = { name: 'gpu01', tags: ['a', 'b c', 'd: e'], nested: [{ x: [1, 2, [3]] }, 'y'], on: true, ratio: 1.5 };
  expect(parseYamlValue(text(value))).toEqual(value);
});

test('secrets, bytes and circles come to an end', () => {
  const circle: Record<string, unknown> = { secret: new Secret('hunter22'), bytes: new Uint8Array(3) };
  circle.self = circle;
  const lines = [...yamlText(circle)];
  expect(lines.slice(0, 2)).toEqual(['secret: ********', 'bytes: (3 bytes)']);
  expect(lines.at(-1)).toMatch(/\{…\}$/);
});
