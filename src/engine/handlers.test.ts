import { expect, test } from 'vitest';
import { NO_KEYWORDS } from '../language/playbook/keywords.ts';
import type { Task } from '../language/playbook/types.ts';
import { Handlers } from './handlers.ts';

let line = 0;
function handler(name: string, listen: readonly string[] = []): Task {
  line += 1;
  return {
    kind: 'task',
    id: `site.yaml:${line}:1`,
    name,
    keywords: NO_KEYWORDS,
    position: { file: 'site.yaml', line, column: 1 },
    path: '',
    module: 'debug',
    moduleKey: 'debug',
    args: {},
    changedWhen: undefined,
    failedWhen: undefined,
    until: undefined,
    notify: [],
    listen,
  };
}

function handlersOf(sections: ConstructorParameters<typeof Handlers>[0]): Handlers {
  return new Handlers(sections, ({ name }) => (typeof name === 'string' ? name : undefined));
}

function takeAll(handlers: Handlers): readonly unknown[] {
  const taken: unknown[] = [];
  for (let next = handlers.take(); next; next = handlers.take()) taken.push(next.statement);
  return taken;
}

test('handlers come out in definition order, each once', () => {
  const [a, b] = [handler('a'), handler('b')];
  const handlers = handlersOf([{ statements: [a, b] }]);
  for (const name of ['b', 'a', 'b']) handlers.notify(name);
  expect(takeAll(handlers)).toEqual([a, b]);
  expect(handlers.isIdle).toBe(true);
});

test('of two in one section the first runs, and a play’s wins over a role’s', () => {
  const [ofRole, first, second] = [handler('x'), handler('x'), handler('x')];
  const handlers = handlersOf([{ role: 'web', statements: [ofRole] }, { statements: [first, second] }]);
  handlers.notify('x');
  expect(takeAll(handlers)).toEqual([first]);
  handlers.notify('web : x');
  expect(takeAll(handlers)).toEqual([ofRole]);
});

test('of two roles the last wins, also one that is included while running', () => {
  const [one, two] = [handler('x'), handler('x')];
  const handlers = handlersOf([{ role: 'one', statements: [one] }]);
  handlers.add({ role: 'two', statements: [two] });
  handlers.notify('x');
  expect(takeAll(handlers)).toEqual([two]);
});

test('a topic reaches all who listen, and a section known already is not added twice', () => {
  const [a, b] = [handler('a', ['topic']), handler('b', ['topic', 'a'])];
  const section = { role: 'web', statements: [a, b] };
  const handlers = handlersOf([section]);
  handlers.add(section);
  handlers.notify('topic');
  expect(takeAll(handlers)).toEqual([a, b]);
});

test('a name nobody answers to is an error with a suggestion', () => {
  const handlers = handlersOf([{ statements: [handler('restart nova')] }]);
  expect(() => handlers.notify('restart novas')).toThrow(/did you mean "restart nova"/);
});
