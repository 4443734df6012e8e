import { join } from 'node:path';
import { expect, test } from 'vitest';
import { workspace } from '../../test/support/play.ts';
import { formatProblem, Problems } from '../contract/problem.ts';
import { extraVars } from './extra-vars.ts';

function read(...words: readonly string[]) {
  const problems = new Problems();
  const vars = extraVars(words, problems, (text) => text);
  return { vars, messages: problems.list.map(formatProblem) };
}

test('words, JSON and files give variables, later ones winning', () => {
  const directory = workspace({ 'v.yaml': 'b: [1]\n' });
  const { vars, messages } = read('a=1 b="x y"', '{"c": true}', `@${join(directory, 'v.yaml')}`);
  expect(vars).toEqual({ a: '1', b: [1], c: true });
  expect(messages).toEqual([]);
});

test.each([
  ['word', '--extra-vars: "word" is not name=value (or give JSON: -e \'{"name": true}\')'],
  ['a-b=1', '--extra-vars: "a-b" is no variable name (letters, digits and _ only, no digit first)'],
  ['1a=1', '--extra-vars: "1a" is no variable name (letters, digits and _ only, no digit first)'],
  ['a="b', '--extra-vars: a quote is not closed: a="b'],
  ['@/nosuch', '--extra-vars @/nosuch: the file cannot be read: there is no such file'],
  ['@/tmp', '--extra-vars @/tmp: the file cannot be read: it is a directory'],
  ['{"a b": 1}', expect.stringMatching(/^--extra-vars:1:2: --extra-vars: "a b" is no variable name/)],
])('%s says what is wrong with it', (word, message) => {
  expect(read(word).messages).toEqual([message]);
});

test('a file of variables with a name that is none has its place', () => {
  const directory = workspace({ 'v.yaml': 'a: 1\nb-c: 2\n' });
  expect(read(`@${join(directory, 'v.yaml')}`).messages).toEqual([
    expect.stringMatching(/v\.yaml:2:1: .*"b-c" is no variable name/),
  ]);
});
