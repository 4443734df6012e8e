import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { formatProblem, Problems } from '../../contract/problem.ts';
import type { YamlLimits } from './limits.ts';
import { positionOf, sourceTextOf, valuePositionOf } from './positions.ts';
import { parseYamlValue, readYaml } from './read-yaml.ts';
import { Unsafe, VaultText } from './tags.ts';

function read(text: string | Uint8Array, limits?: Partial<YamlLimits>) {
  const problems = new Problems();
  const document = readYaml(text, 'f.yaml', problems, limits);
  return { document, messages: problems.list.map(formatProblem) };
}

function valueOf(text: string): unknown {
  const { document, messages } = read(text);
  expect(messages).toEqual([]);
  return document?.value;
}

function objectOf(value: unknown): object {
  if (typeof value !== 'object' || value === null) throw new TypeError('not a container');
  return value;
}

const at = (line: number, column: number) => ({ file: 'f.yaml', line, column });

test('reads a playbook with the types of YAML 1.1', () => {
  expect(valueOf('- hosts: gpu\n  become: yes\n  vars: {mode: 0644, at: 12:30, id: 1e30}\n  tasks:\n')).toEqual([
    { hosts: 'gpu', become: true, vars: { mode: 420, at: 750, id: '1e30' }, tasks: null },
  ]);
});

/** Written by fixtures/capture-documents.py with PyYAML 6. */
const captured: readonly (readonly [string, readonly [unknown] | null])[] = JSON.parse(
  readFileSync(new URL('fixtures/documents-pyyaml.json', import.meta.url), 'utf8'),
);

test.each(captured)('reads or refuses %j as PyYAML does', (text, loaded) => {
  if (loaded === null) expect(read(text).messages).not.toEqual([]);
  else expect(valueOf(text)).toEqual(loaded[0]);
});

test('gives null for an empty file and for one that holds only comments', () => {
  expect(read('').document).toEqual({ value: null });
  expect(read('---\n# nothing\n').document).toEqual({ value: null });
});

test('records where keys, values and elements stand, whatever their style', () => {
  const text =
    'plain: a\n"quoted": "b"\nblock: |  # why\n\n  text\nseq: [x, {k: v}]\nempty:\ntagged: !vault |\n  $A\nalias: &a z\nuse: *a\n';
  const root = objectOf(valueOf(text));
  const places = ['plain', 'quoted', 'block', 'seq', 'empty', 'tagged', 'alias', 'use'].map((key) => [
    positionOf(root, key),
    valuePositionOf(root, key),
  ]);
  expect(places).toEqual([
    [at(1, 1), at(1, 8)],
    [at(2, 1), at(2, 11)],
    [at(3, 1), at(3, 8)],
    [at(6, 1), at(6, 6)],
    [at(7, 1), at(7, 6)],
    [at(8, 1), at(8, 9)],
    [at(10, 1), at(10, 8)],
    [at(11, 1), at(11, 6)],
  ]);
});

test('records the places of sequence elements by index', () => {
  const items = objectOf(valueOf('- a\n-   b: 1\n- [c]\n'));
  expect([0, 1, 2].map((index) => positionOf(items, index))).toEqual([at(1, 3), at(2, 5), at(3, 3)]);
  expect(positionOf(items)).toEqual(at(1, 1));
});

test('keeps what was typed for scalars that are not text', () => {
  const root = objectOf(valueOf('mode: 0644\nid: 1e30\nversion: 6.10\nword: yes\nquoted: "0644"\nnothing: ~\n'));
  const typed = ['mode', 'id', 'version', 'word', 'quoted', 'nothing'].map((key) => sourceTextOf(root, key));
  expect(typed).toEqual(['0644', undefined, '6.10', 'yes', undefined, '~']);
});

test('keeps what was typed behind an alias and a merge', () => {
  const root = valueOf('a: &m 0644\nb: *m\nc: &d {mode: 0600}\ne: {<<: *d}\n') as { readonly e: object };
  expect(sourceTextOf(root, 'b')).toBe('0644');
  expect(sourceTextOf(root.e, 'mode')).toBe('0600');
  expect(positionOf(root.e, 'mode')).toEqual(at(3, 8));
});

test('reads keys as they were typed', () => {
  expect(valueOf('0644: a\nyes: b\n1.50: c\n~: d\n')).toEqual({ '0644': 'a', yes: 'b', '1.50': 'c', '~': 'd' });
});

test('merges << below the own keys, the first of several first', () => {
  const text = 'a: &a {x: 1, y: 1}\nb: &b {y: 2, z: 2}\nc: {z: 3, <<: [*a, *b]}\nd: {"<<": 4}\n';
  expect(valueOf(text)).toMatchObject({ c: { x: 1, y: 1, z: 3 }, d: { '<<': 4 } });
});

test('makes __proto__ and its kin plain data, also through <<', () => {
  const text =
    '__proto__: {polluted: 1}\nconstructor: {prototype: {polluted: 1}}\nm: {<<: {__proto__: {polluted: 1}}}\n';
  const value = objectOf(valueOf(text));
  expect(Object.keys(value)).toEqual(['__proto__', 'constructor', 'm']);
  expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
  expect('polluted' in value).toBe(false);
  expect('polluted' in {}).toBe(false);
});

test('gives objects that a strict schema accepts and whose unknown keys it refuses', () => {
  const schema = z.strictObject({ a: z.object({ b: z.number() }) });
  expect(schema.safeParse(valueOf('a: {b: 1}')).success).toBe(true);
  expect(schema.safeParse(valueOf('a: {b: 1}\nc: 2')).success).toBe(false);
});

test('keeps !vault undecrypted with its place, and marks !unsafe of any shape', () => {
  const value = valueOf('v: !vault |\n  $ANSIBLE_VAULT;1.1;AES256\n  6162\nu: !unsafe "{{ x }}"\nw: !unsafe [a]\n');
  expect(value).toEqual({
    v: new VaultText('$ANSIBLE_VAULT;1.1;AES256\n6162\n', at(1, 4)),
    u: new Unsafe('{{ x }}'),
    w: new Unsafe(['a']),
  });
});

test('reads the core tags', () => {
  expect(
    valueOf(
      'a: !!str 0644\nb: !!int "010"\nc: !!float 1\nd: !!bool "on"\ne: !!null ""\nf: !<tag:yaml.org,2002:str> 1\n',
    ),
  ).toEqual({ a: '0644', b: 8, c: 1, d: true, e: null, f: '1' });
});

test('accepts a byte order mark and Windows line ends', () => {
  expect(valueOf('\uFEFFa: 1\r\nb: |\r\n  x\r\n  y\r\n')).toEqual({ a: 1, b: 'x\ny\n' });
  expect(read(new TextEncoder().encode('\uFEFFa: ü')).document).toEqual({ value: { a: 'ü' } });
});

test.each([
  ['a: 1\nb: 2\na: 3\n', 'f.yaml:3:1: key `a` is set twice, first at f.yaml:1:1 (keep one of the two)'],
  ['a: {{ x }}', 'f.yaml:1:5: a key must be text (quote the template: "{{ … }}")'],
  ['a:\n  - {{ x }}/y', 'f.yaml:2:12: YAML: bad indentation of a mapping entry (quote the template: "{{ … }}")'],
  [
    'a:\n\tb: 1',
    'f.yaml:2:1: YAML: tab characters must not be used in indentation (indent with spaces; YAML does not allow tabs)',
  ],
  ['a: b: c', 'f.yaml:1:5: YAML: bad indentation of a mapping entry (a value that holds ": " must be quoted)'],
  ['a: @x', 'f.yaml:1:4: YAML: bad indentation of a mapping entry (a value cannot start with @, ` or %: quote it)'],
  ['a: 1\n---\nb: 2', 'f.yaml:2:1: a second YAML document starts here (keep one document in a file)'],
  ['a: !vualt x', 'f.yaml:1:4: unknown tag !vualt (did you mean !vault?)'],
  [
    'a: !!python/object:os.system x',
    'f.yaml:1:4: unknown tag !!python/object:os.system (known are !vault and !unsafe)',
  ],
  ['a: *b', 'f.yaml:1:4: alias *b has no anchor (an anchor &name must stand before its alias)'],
  ['a: &x [*x]', 'f.yaml:1:8: alias *x has no anchor (an anchor &name must stand before its alias)'],
  ['a: {<<: 1}', 'f.yaml:1:9: << needs a mapping or a list of mappings'],
  ['? [a]\n: b', 'f.yaml:1:3: a key must be text (write the key as text)'],
  [
    'a: 99999999999999999999',
    'f.yaml:1:4: 99999999999999999999 is too large for an exact number (quote it to keep it as text: "99999999999999999999")',
  ],
  ['a: x\0', 'f.yaml:1:5: the file holds a NUL byte (it is not a text file)'],
  ['a: 1\rb: 2', 'f.yaml:1:5: a carriage return stands alone (end lines with a line feed)'],
])('refuses %j', (text, message) => {
  expect(read(text).messages).toEqual([message]);
});

test('refuses bytes that are not UTF-8', () => {
  expect(read(Buffer.from('\uFEFFa: 1', 'utf16le')).messages).toEqual([
    'f.yaml:1:1: the file is UTF-16 (save it as UTF-8)',
  ]);
  expect(read(Uint8Array.of(0x61, 0x3a, 0x20, 0xff)).messages).toEqual([
    'f.yaml:1:4: the file is not valid UTF-8 here (save it as UTF-8)',
  ]);
});

test('goes on after a lesser mistake to find the others', () => {
  expect(read('a: 1\na: 2\nb: !foo x\nc: *d\n').messages).toHaveLength(3);
});

test('gives up after a hundred mistakes', () => {
  const { messages } = read('a: 1\n'.repeat(5000));
  expect(messages).toHaveLength(101);
  expect(messages.at(-1)).toMatch(/too many mistakes/);
});

test('refuses an alias bomb before it is expanded', () => {
  const levels = Array.from(
    { length: 9 },
    (_, level) => `l${level + 1}: &l${level + 1} [${Array(9).fill(`*l${level}`).join()}]`,
  );
  expect(read(`l0: &l0 x\n${levels.join('\n')}\n`).messages[0]).toMatch(/more than 1000000 values/);
});

test('refuses nesting that aliases build up', () => {
  const levels = Array.from({ length: 200 }, (_, level) => `l${level + 1}: &l${level + 1} [*l${level}]`);
  expect(read(`l0: &l0 x\n${levels.join('\n')}\n`).messages[0]).toMatch(/nested more than 100 deep/);
});

test('bounds nesting, aliases and size', () => {
  expect(read('['.repeat(20_000)).messages[0]).toMatch(/^f.yaml:1:\d+: YAML: nesting exceeded/);
  expect(read('a: &a 1\nb: [*a, *a, *a]', { aliases: 2 }).messages[0]).toMatch(/more than 2 aliases/);
  expect(read('a: 12345', { bytes: 7 }).messages[0]).toMatch(/longer than 7 bytes/);
  expect(read('üü', { bytes: 3 }).messages[0]).toMatch(/longer than 3 bytes/);
});

test('reads back any JSON, with __proto__ keys', () => {
  fc.assert(
    fc.property(fc.jsonValue({ depthSize: 'small', noUnicodeString: false }), (value) => {
      const text = JSON.stringify(value).replaceAll('\x7f', '\\u007f');
      fc.pre(!/[\uD800-\uDFFF]|\d{16,}|\d[eE]/.test(text) && !/[\u0080-\u009f\u2028\u2029\ufffe\uffff]/.test(text));
      expect(JSON.stringify(valueOf(text))).toBe(text.replaceAll('-0', '0'));
    }),
    { numRuns: 100 },
  );
});

test('throws for from_yaml, naming the place', () => {
  expect(parseYamlValue('[1, yes]')).toEqual([1, true]);
  expect(() => parseYamlValue('a: [')).toThrow(/<yaml>:1:5: YAML/);
});
