import { setImmediate as turn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { Event, TaskLabel } from '../contract/event.ts';
import { type Bare, finished, label, result, started, taskFinished, taskStarted } from '../../test/support/events.ts';
import { LinearOrder } from './linear.ts';

function order() {
  const told: string[] = [];
  const linear = new LinearOrder(({ task, results }) =>
    told.push(`${task.name}: ${results.map(({ host }) => host).join(' ')}`),
  );
  const send = async (...events: readonly Bare[]) => {
    for (const event of events) linear.on({ ...event, at: 0 } as Event);
    await turn();
    return [...told];
  };
  return send;
}

const run = (host: string, task: TaskLabel) => [taskStarted(host, task), taskFinished(host, task, result('ok'))];
const [one, two] = [label('one', 0), label('two', 1)];

test('a task is told when the slowest host is past it, however far others are', async () => {
  const send = order();
  expect(await send(...started('run', ['a', 'b']), ...run('a', one), ...run('a', two))).toEqual([]);
  expect(await send(...run('b', one))).toEqual(['one: a b']);
  expect(await send(...run('b', two))).toEqual(['one: a b', 'two: a b']);
});

test('a host that left is not waited for', async () => {
  const send = order();
  await send(...started('run', ['a', 'b']), ...run('a', one));
  expect(await send({ type: 'host.left', play: 'play-1', host: 'b', reason: 'unreachable' })).toEqual(['one: a']);
});

test('tasks that a host is about to include are waited for', async () => {
  const send = order();
  const include = label('include', 0, { order: [0, 0] });
  const inner = label('inner', 5, { order: [0, 0, 0, 0] });
  await send(...started('run', ['a', 'b']), ...run('a', include), ...run('a', inner));
  expect(await send(...run('b', include))).toEqual(['include: a b']);
  expect(await send(...run('b', inner), ...run('a', two), ...run('b', two))).toEqual([
    'include: a b',
    'inner: a b',
    'two: a b',
  ]);
});

test('the end of a play tells what is left, in order', async () => {
  const send = order();
  await send(...started('run', ['a', 'b', 'c']), ...run('b', two), ...run('a', one));
  expect(await send(...finished([]))).toEqual(['one: a', 'two: b']);
});
