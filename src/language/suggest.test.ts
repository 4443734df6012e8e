import { expect, test } from 'vitest';
import { suggest } from './suggest.ts';

const keywords = ['hosts', 'serial', 'tasks', 'handlers', 'gather_facts', 'lineinfile', 'blockinfile', 'kernel-module'];

test.each([
  ['lineinfle', 'lineinfile'],
  ['serail', 'serial'],
  ['Hosts', 'hosts'],
  ['host', 'hosts'],
  ['kernel_module', 'kernel-module'],
  ['gather-fact', 'gather_facts'],
  ['handler', 'handlers'],
])('takes %s for %s', (word, expected) => {
  expect(suggest(word, keywords)).toBe(expected);
});

test('offers nothing when nothing is near', () => {
  expect(suggest('frobnicate', keywords)).toBeUndefined();
  expect(suggest('xy', ['ab'])).toBeUndefined();
  expect(suggest('x', [])).toBeUndefined();
});

test('prefers the nearest of several', () => {
  expect(suggest('taks', ['tags', 'tasks', 'take'])).toBe('tags');
  expect(suggest('blockinfile', keywords)).toBe('blockinfile');
});
