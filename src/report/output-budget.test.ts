import { expect, test } from 'vitest';
import type { Event } from '../contract/event.ts';
import { MOST_OUTPUT, OutputBudget } from './output-budget.ts';

const task = { id: 't', order: [0], name: 'loud', module: 'shell', isHandler: false };
const output = (host: string, text: string): Event => ({
  type: 'task.output',
  at: 0,
  task,
  host,
  stream: 'stdout',
  text,
});
const result = { status: 'ok', diffs: [], actions: [], values: {} } as const;
const finished = (host: string): Event => ({
  type: 'task.finished',
  at: 0,
  play: 'p',
  task,
  host,
  result,
  elapsedMs: 1,
});
const half = 'x'.repeat(MOST_OUTPUT * 0.75);

test('lets so much of a task on one host through, then says how much was left out, and begins anew', () => {
  const budget = new OutputBudget();
  const lengths = [half, half, half]
    .flatMap((text) => budget.pass(output('h1', text)))
    .map((event) => (event.type === 'task.output' ? event.text.length : -1));
  expect(lengths).toEqual([half.length, MOST_OUTPUT - half.length]);
  expect(budget.pass(output('h2', 'short'))).toEqual([output('h2', 'short')]);
  const [notice, end, ...more] = budget.pass(finished('h1'));
  expect(notice).toMatchObject({
    type: 'notice',
    text: expect.stringContaining(`${half.length * 3 - MOST_OUTPUT} char`),
  });
  expect([end, more]).toEqual([finished('h1'), []]);
  expect(budget.pass(finished('h2'))).toEqual([finished('h2')]);
  expect(budget.pass(output('h1', 'again'))).toEqual([output('h1', 'again')]);
});
