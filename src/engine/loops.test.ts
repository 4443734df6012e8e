import { expect, test } from 'vitest';
import type { Loop } from '../language/playbook/types.ts';
import { createCompiler } from '../language/jinja/compile.ts';
import { standardEnvironment } from '../language/jinja/environment.ts';
import { loopItems } from './loops.ts';
import { lookups } from './lookups.ts';
import { VariableScope } from './scope.ts';

const environment = standardEnvironment(lookups);
const scope = new VariableScope([], { ...createCompiler(environment), decrypt: (text) => text });

function items(kind: Loop['kind'], over: unknown): readonly unknown[] {
  const loop: Loop = { kind, over, variable: 'item', isExtended: false };
  return loopItems(loop, scope, (name, terms, seen) => {
    const lookup = lookups.get(name);
    if (!lookup) throw new Error(name);
    return lookup(terms, {}, { scope: seen, environment });
  });
}

// What ansible-playbook 2.14 gives.
test.each<[Loop['kind'], unknown, readonly unknown[]]>([
  ['loop', [1, [2, [3]]], [1, [2, [3]]]],
  ['items', [1, [2, [3]]], [1, 2, [3]]],
  ['items', 'one', ['one']],
  ['flattened', [1, [2, [3]]], [1, 2, 3]],
  ['dict', { a: 1 }, [{ key: 'a', value: 1 }]],
  [
    'indexed_items',
    ['x', ['y']],
    [
      [0, 'x'],
      [1, 'y'],
    ],
  ],
  [
    'nested',
    [
      ['a', 'b'],
      [1, 2],
    ],
    [
      ['a', 1],
      ['a', 2],
      ['b', 1],
      ['b', 2],
    ],
  ],
  [
    'together',
    [['a', 'b'], [1]],
    [
      ['a', 1],
      ['b', null],
    ],
  ],
  ['sequence', 'start=1 end=5 stride=2 format=n%02d', ['n01', 'n03', 'n05']],
  ['sequence', 'count=2', ['1', '2']],
  ['sequence', '2-6/2', ['2', '4', '6']],
  [
    'subelements',
    [[{ k: [1, 2] }], 'k'],
    [
      [{ k: [1, 2] }, 1],
      [{ k: [1, 2] }, 2],
    ],
  ],
])('%s over %j', (kind, over, expected) => {
  expect(items(kind, over)).toEqual(expected);
});

test.each<[Loop['kind'], unknown, RegExp]>([
  ['loop', 'text', /needs a list/],
  ['loop', { a: 1 }, /dict2items/],
  ['dict', ['a'], /mapping/],
  ['sequence', 'start=1 end=999999999', /more than/],
  ['subelements', [[{ k: 1 }], 'k'], /no list named k/],
])('%s over %j is refused', (kind, over, message) => {
  expect(() => items(kind, over)).toThrow(message);
});
