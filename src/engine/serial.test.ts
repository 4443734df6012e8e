import { expect, test } from 'vitest';
import { batchesOf, ordered } from './serial.ts';

const hosts = (count: number) => Array.from({ length: count }, (_, index) => `h${index}`);

// ansible-playbook 2.14 over ten hosts.
test.each([
  [undefined, [10]],
  [0, [10]],
  [3, [3, 3, 3, 1]],
  ['3', [3, 3, 3, 1]],
  ['25%', [2, 2, 2, 2, 2]],
  ['33%', [3, 3, 3, 1]],
  ['1%', [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]],
  [
    [1, '30%', 5],
    [1, 3, 5, 1],
  ],
  [50, [10]],
])('serial %j of ten hosts', (serial, sizes) => {
  const batches = batchesOf(hosts(10), serial);
  expect(batches.map((batch) => batch.length)).toEqual(sizes);
  expect(batches.flat()).toEqual(hosts(10));
});

test.each(['half', -1, 1.5, '-10%'])('serial %j is refused', (serial) => {
  expect(() => batchesOf(hosts(3), serial)).toThrow(/serial must be/);
});

test.each([
  ['inventory', ['b', 'a', 'c']],
  ['reverse_inventory', ['c', 'a', 'b']],
  ['sorted', ['a', 'b', 'c']],
  ['reverse_sorted', ['c', 'b', 'a']],
])('order %s', (order, expected) => {
  expect(ordered(['b', 'a', 'c'], order)).toEqual(expected);
});

test('shuffle loses and doubles nobody', () => {
  expect(ordered(hosts(50), 'shuffle').toSorted()).toEqual(hosts(50).toSorted());
});
