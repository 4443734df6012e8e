import { expect, it } from 'vitest';
import { playText } from '../../test/support/play.ts';
import { expandTemplate, pythonRegex } from './python-regex.ts';

it.each([
  ['^a$', 'a\n', true],
  ['^a$', 'a\n\n', false],
  ['\\Aa\\Z', 'a', true],
  ['\\Aa\\Z', 'a\n', false],
  ['(?i)ABC', 'xabcx', true],
  ['(?P<k>\\w)=(?P=k)', 'b=b', true],
  ['(?#comment)x', 'x', true],
  ['[$^]', '$', true],
  ['[]a]', ']', true],
  ['\\$x', '$x', true],
  ['(?m)^b$', 'a\nb\nc', true],
  ['é', Buffer.from('é').toString('latin1'), true],
])('%s on %j is %s', (source, text, expected) => {
  expect(pythonRegex(source, 'regexp').test(text)).toBe(expected);
});

it.each(['(', '(?x)a b', 'a*+', '(?>a)'])('%s is refused', (source) => {
  expect(() => pythonRegex(source, 'regexp')).toThrow();
});

it('fills groups by number and name, and refuses those that are not there', () => {
  const match = pythonRegex('(\\w+)=(?P<value>\\w*)', 'regexp').exec('key=1');
  if (!match) throw new Error('no match');
  expect(expandTemplate('\\1 \\g<1> \\g<value> \\\\ \\d', match)).toBe('key key 1 \\ \\d');
  expect(() => expandTemplate('\\3', match)).toThrow('only 2');
  expect(() => expandTemplate('\\g<none>', match)).toThrow('none');
});

it.each([
  'lineinfile: {path: /x, line: a, regexp: "("}',
  'lineinfile: {path: /x, line: a, insertafter: "["}',
  'blockinfile: {path: /x, block: a, insertbefore: "a*+"}',
  'wait_for: {path: /x, search_regex: "(?>a)"}',
])('%s is a mistake found before any host is contacted', async (task) => {
  const { exitCode, problems, events } = await playText(`- hosts: all\n  tasks:\n    - ${task}\n`);
  expect([exitCode, events]).toEqual([1, []]);
  expect(problems).toMatchObject([{ message: expect.stringContaining('is no regular expression we understand') }]);
});
