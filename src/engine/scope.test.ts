import { expect, test } from 'vitest';
import { createCompiler } from '../language/jinja/compile.ts';
import { standardEnvironment } from '../language/jinja/environment.ts';
import { Unsafe, VaultText } from '../language/yaml/tags.ts';
import { type Layer, layerOf, lazyLayer, OMIT, VariableScope } from './scope.ts';

const compiler = createCompiler(standardEnvironment(new Map()));
const renderer = { template: compiler.template, decrypt: (text: string) => `plain ${text}` };
const scopeOf = (...layers: readonly Layer[]) => new VariableScope(layers, renderer);

test('the first layer that has a name wins, and its templates see the whole scope', () => {
  const scope = scopeOf(layerOf({ word: 'high' }), layerOf({ word: 'low', lazy: '{{ word }}!' }));
  expect(scope.lookup('lazy')).toBe('high!');
  expect(scope.lookup('nothing')).toBeUndefined();
});

test('data is given back as it is, whatever it looks like', () => {
  const scope = scopeOf(
    layerOf({ said: '{{ 1 + 1 }}' }, true),
    layerOf({ quoted: new Unsafe('{{ 1 + 1 }}'), sum: '{{ 1 + 1 }}' }),
  );
  expect(['said', 'quoted', 'sum'].map((name) => scope.lookup(name))).toEqual(['{{ 1 + 1 }}', '{{ 1 + 1 }}', 2]);
});

test('a lone expression keeps its type; containers are rendered in depth; omitted members are left out', () => {
  const scope = scopeOf(layerOf({ list: [1, 2] }), lazyLayer({ omit: () => OMIT }));
  expect(scope.render('{{ list }}')).toEqual([1, 2]);
  expect(scope.render({ a: ['x', '{{ omit }}'], b: '{{ omit }}', '{{ list | length }}': '{{ list[1] }}' })).toEqual({
    a: ['x'],
    2: 2,
  });
});

test('variables that refer to each other in a circle are named', () => {
  const scope = scopeOf(layerOf({ a: '{{ b }}', b: '{{ a }}' }));
  expect(() => scope.lookup('a')).toThrow(/circle: a -> b -> a/);
});

test('a value is rendered once for a task, and anew for the next', () => {
  let made = 0;
  const layers = [lazyLayer({ count: () => ++made }), layerOf({ seen: '{{ count }}' })];
  const scope = new VariableScope(layers, renderer);
  expect([scope.lookup('seen'), scope.lookup('seen')]).toEqual([1, 1]);
  expect(new VariableScope(layers, renderer).lookup('seen')).toBe(2);
});

test('local names come first and are data', () => {
  const scope = scopeOf(layerOf({ item: 'var', shown: '{{ item }}' })).with({ item: '{{ evil }}' });
  expect(scope.lookup('shown')).toBe('{{ evil }}');
});

test('vault texts are decrypted when they are used', () => {
  expect(
    scopeOf(layerOf({ secret: new VaultText('x', { file: 'site.yaml', line: 1, column: 1 }) })).lookup('secret'),
  ).toBe('plain x');
});

test('a name that objects have of themselves is no variable', () => {
  expect(scopeOf(layerOf({})).lookup('constructor')).toBeUndefined();
  expect(scopeOf(layerOf({})).lookup('__proto__')).toBeUndefined();
});
