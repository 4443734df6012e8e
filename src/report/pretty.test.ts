import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import {
  type Bare,
  finished,
  label,
  recapOf,
  result,
  send,
  started,
  taskFinished,
  taskStarted,
} from '../../test/support/events.ts';
import { Terminal } from '../../test/support/terminal.ts';
import { prettyReporter } from './pretty.ts';

const names = (count: number) =>
  Array.from({ length: count }, (_, index) => `gpu${String(index + 1).padStart(3, '0')}`);
const [one, two] = [label('prepare', 0), label('Install the driver', 1)];

function pretty(columns: number, rows: number) {
  const terminal = new Terminal(columns, rows);
  const reporter = prettyReporter(terminal, {
    verbosity: 0,
    hasColour: true,
    words: ['run', 'site.yaml'],
    columns: terminal.columns,
    rows: terminal.rows,
  });
  return { terminal, reporter, on: (...events: readonly Bare[]) => send(reporter, events) };
}

/** Longer than a repaint takes to come. */
const painted = () => sleep(250);

test('one host: its task, what it says, and the state of the play below what scrolled', async () => {
  const { terminal, reporter, on } = pretty(80, 24);
  on(...started('run', ['gpu001']), taskStarted('gpu001', one), taskFinished('gpu001', one, result('changed')));
  on(taskStarted('gpu001', two), { type: 'task.progress', task: two, host: 'gpu001', text: 'unpacking' });
  await painted();
  const live = await terminal.text();
  expect(live.slice(0, -1)).toEqual([
    '',
    'PLAY [p]  1 host',
    'TASK [prepare]',
    '  changed: gpu001',
    '  gpu001  Install the driver  unpacking',
  ]);
  expect(live.at(-1)).toMatch(/^\S 1 at work, 0 of 1 hosts done {2}0\.\d s$/);
  on(taskFinished('gpu001', two, result('ok')), ...finished([recapOf('gpu001', { ok: 2, changed: 1 })]));
  await reporter.close();
  const end = await terminal.text();
  expect(end.join('\n')).not.toMatch('at work');
  expect(end.slice(4, 6)).toEqual(['TASK [Install the driver]', '  ok: gpu001']);
  expect(end.at(-1)).toBe('1 host: 1 changed');
});

test('ten hosts: a line each, in their order, clipped to a narrow terminal', async () => {
  const { terminal, reporter, on } = pretty(40, 24);
  const hosts = names(10);
  on(...started('run', hosts), ...hosts.toReversed().map((host) => taskStarted(host, two)));
  on({ type: 'task.output', task: two, host: 'gpu005', stream: 'stdout', text: `${'東京'.repeat(30)}\n` });
  await painted();
  const live = (await terminal.text()).slice(2);
  expect(live.slice(0, 10).map((line) => line.slice(0, 28))).toEqual(
    hosts.map((host) => `  ${host}  Install the driver`),
  );
  expect(live[4]).toMatch(/[東京]…$/);
  expect(live).toHaveLength(11);
  await reporter.close();
});

test('two hundred hosts: a line for each task they are at, never more than the terminal has', async () => {
  const { terminal, reporter, on } = pretty(100, 12);
  const hosts = names(200);
  const tasks = Array.from({ length: 20 }, (_, index) => label(`task ${index}`, index));
  on(...started('run', hosts), ...hosts.flatMap((host, index) => taskStarted(host, tasks[index % 20] ?? one)));
  await painted();
  const live = await terminal.text();
  expect(live.slice(2, 4)).toEqual([
    '  task 0  10 hosts  gpu001, gpu021, gpu041, gpu061, gpu081, gpu101 and 4 more',
    '  task 1  10 hosts  gpu002, gpu022, gpu042, gpu062, gpu082, gpu102 and 4 more',
  ]);
  expect(live.at(-2)).toBe('  … and 14 more tasks');
  expect(live).toHaveLength(2 + 8);
  await reporter.close();
});

test('failures scroll while others work, and are counted', async () => {
  const { terminal, reporter, on } = pretty(80, 24);
  on(...started('run', ['a', 'b']), taskStarted('a', one), taskStarted('b', one));
  on(taskFinished('a', one, result('failed', { message: 'no\u001b[2J' })), {
    type: 'host.left',
    play: 'play-1',
    host: 'a',
    reason: 'failed',
  });
  on(taskFinished('b', one, result('ok')), taskStarted('b', two));
  await painted();
  const text = await terminal.text();
  expect(text).toContain('  failed: a: no\\e[2J');
  expect(text.at(-1)).toMatch(/1 at work, 0 of 2 hosts done, 1 failed/);
  await reporter.close();
});

test('a terminal resized at any time ends with every line once', async () => {
  const { terminal, reporter, on } = pretty(80, 20);
  const hosts = names(8);
  on(...started('run', hosts));
  for (let index = 0; index < 12; index++) {
    const task = label(`step ${index}`, index);
    on(...hosts.map((host) => taskStarted(host, task)), {
      type: 'task.progress',
      task,
      host: 'gpu003',
      text: 'x'.repeat(200),
    });
    await sleep(110);
    terminal.resize([80, 50, 120, 61][index % 4] ?? 80, [20, 15, 30][index % 3] ?? 20);
    on(...hosts.map((host) => taskFinished(host, task, result('ok'))));
  }
  on(...finished(hosts.map((host) => recapOf(host, { ok: 12 }))));
  await reporter.close();
  const text = await terminal.text();
  expect(text.filter((line) => line.startsWith('TASK'))).toEqual(
    Array.from({ length: 12 }, (_, index) => `TASK [step ${index}]`),
  );
  expect(text.filter((line) => /at work|xxx/.test(line))).toEqual([]);
});

test('watching 200 hosts through 20 tasks costs little to write', async () => {
  const { terminal, reporter, on } = pretty(100, 40);
  const hosts = names(200);
  on(...started('run', hosts));
  const startedAt = process.cpuUsage();
  for (let index = 0; index < 20; index++) {
    const task = label(`task ${index}`, index);
    for (const host of hosts) on(taskStarted(host, task), taskFinished(host, task, result('ok')));
    await sleep(20);
  }
  on(...finished(hosts.map((host) => recapOf(host, { ok: 20 }))));
  await reporter.close();
  const { user, system } = process.cpuUsage(startedAt);
  expect(terminal.bytes).toBeLessThan(60_000);
  // listr2's default renderer takes 36 s of CPU for these hosts.
  expect((user + system) / 1e6).toBeLessThan(4);
});

test('a run that ends at once closes at once', async () => {
  const { reporter, on } = pretty(80, 24);
  on(...started('run', ['a', 'b']), { type: 'host.left', play: 'play-1', host: 'a', reason: 'finished' });
  await reporter.close();
  const whole = pretty(80, 24);
  whole.on(...started('run', ['a']), ...finished([recapOf('a')]));
  await whole.reporter.close();
  expect((await whole.terminal.text()).at(-1)).toBe('1 host: nothing to change');
});
