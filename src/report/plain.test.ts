import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import {
  finished,
  label,
  recapOf,
  result,
  send,
  started,
  taskFinished,
  taskOn,
  taskStarted,
  type Bare,
} from '../../test/support/events.ts';
import { plainReporter } from './plain.ts';

function reporter(verbosity = 0, words: readonly string[] = []) {
  let written = '';
  const made = plainReporter(
    { write: (text) => void (written += text), close: async () => {} },
    { verbosity, hasColour: false, words },
  );
  return {
    send: (...events: readonly Bare[]) => send(made, events),
    close: () => made.close(),
    take: () => {
      const text = written;
      written = '';
      return text;
    },
  };
}

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const slow = label('Install the driver');

test('silence is broken after ten seconds, then at growing intervals up to a minute', async () => {
  const { send: on, take } = reporter();
  on(...started('run', ['a', 'b']), taskStarted('a', slow), taskStarted('b', slow));
  take();
  const spoken: number[] = [];
  for (let second = 1; second <= 200; second++) {
    await vi.advanceTimersByTimeAsync(1000);
    if (take() !== '') spoken.push(second);
  }
  expect(spoken).toEqual([10, 30, 70, 130, 190]);
});

test('a sign of life says who is at what since when, and what they said last', async () => {
  const { send: on, take } = reporter();
  on(
    ...started('run', ['a', 'b', 'c']),
    taskStarted('a', slow),
    taskStarted('b', slow),
    taskStarted('c', label('other', 3)),
  );
  on({ type: 'task.progress', task: slow, host: 'b', text: 'unpacking\u001b[2J' });
  take();
  await vi.advanceTimersByTimeAsync(10_000);
  expect(take()).toBe('  … 10 s  Install the driver: a, b  (b: unpacking\\e[2J)\n  … 10 s  other: c\n');
});

test('whoever has just spoken is not silent', async () => {
  const { send: on, take } = reporter();
  on(...started('run', ['a']), taskStarted('a', slow));
  await vi.advanceTimersByTimeAsync(9000);
  on({ type: 'notice', severity: 'note', text: 'here' });
  take();
  await vi.advanceTimersByTimeAsync(9000);
  expect(take()).toBe('');
  await vi.advanceTimersByTimeAsync(1000);
  expect(take()).toMatch('… 19 s');
});

test('after the end nothing is said any more', async () => {
  const { send: on, take, close } = reporter();
  on(...taskOn({ a: result('ok') }));
  await close();
  take();
  await vi.advanceTimersByTimeAsync(100_000);
  expect(take()).toBe('');
  expect(vi.getTimerCount()).toBe(0);
});

test('progress, output and tries come as they happen with -v, and only in signs of life without', () => {
  const live: readonly Bare[] = [
    { type: 'task.progress', task: slow, host: 'a', text: 'unpacking' },
    { type: 'task.output', task: slow, host: 'a', stream: 'stderr', text: 'one\ntwo\r\n' },
    { type: 'task.retried', task: slow, host: 'a', attempt: 1, retriesLeft: 2, result: result('failed') },
  ];
  const quiet = reporter();
  quiet.send(...live);
  expect(quiet.take()).toBe('');
  const loud = reporter(1);
  loud.send(...live);
  expect(loud.take()).toBe(
    '  … a: unpacking\n  ! a: one\n  ! a: two\n  … a: Install the driver: try 1 failed, 2 left\n',
  );
});

test('why one host failed is said in its own words, so that a command in it can be copied', () => {
  const { send: on, take } = reporter(0, ['run', 'site.yaml']);
  const message = 'h1: its key is unknown (ssh-keyscan h1 >> known_hosts)';
  on(...started('run', ['h1']), taskFinished('h1', slow, result('unreachable', { message })));
  on(...finished([recapOf('h1', { unreachable: 1 })], 4, 'mend the cause'));
  expect(take()).toContain('Install the driver  h1: its key is unknown (ssh-keyscan h1 >> known_hosts)  (site.yaml:1)');
});

test('a failed run ends with what failed where, the recap and the command to go on', () => {
  const { send: on, take } = reporter(0, ['run', 'site.yaml']);
  const bad = result('failed', { message: 'h1 is full\nmore' });
  on(
    ...started('run', ['h1', 'h2', 'h3']),
    taskFinished('h1', slow, bad),
    taskFinished('h2', slow, result('failed', { message: 'h2 is full' })),
    taskFinished('h3', slow, result('changed')),
    ...finished(
      [
        recapOf('h1', { failed: 1, stoppedAt: 'at "Install the driver"' }),
        recapOf('h2', { failed: 1 }),
        recapOf('h3', { ok: 1, changed: 1 }),
      ],
      2,
      'mend the cause',
    ),
  );
  const text = take();
  expect(text.slice(text.indexOf('Failed'))).toBe(
    `Failed
  Install the driver  h1, h2: <host> is full  (site.yaml:1)

RECAP  1.5 s
  h1   : ok=0   changed=0   unreachable=0   failed=1   skipped=0   rescued=0   ignored=0  stopped at "Install the driver"
  h2   : ok=0   changed=0   unreachable=0   failed=1   skipped=0   rescued=0   ignored=0
  h3   : ok=1   changed=1   unreachable=0   failed=0   skipped=0   rescued=0   ignored=0

3 hosts: 2 failed, 1 changed
mend the cause
  tsplay run site.yaml --limit h1,h2
`,
  );
});

test('a failure that was rescued or ignored is no failure at the end', () => {
  const { send: on, take } = reporter();
  on(
    ...started('run', ['a']),
    taskFinished('a', slow, result('failed', { message: 'no' })),
    taskFinished('a', label('x', 1), result('failed', { message: 'no', isIgnored: true })),
    ...finished([recapOf('a', { ok: 1, rescued: 1, ignored: 1 })]),
  );
  expect(take()).not.toMatch(/^Failed/m);
});

test('a check ends with what would change, what is unknown, and how to apply it', () => {
  const { send: on, take } = reporter(0, ['check', 'site.yaml']);
  on(
    ...started('check', ['a', 'b']),
    taskFinished('a', slow, result('changed', { actions: ['install x'] })),
    taskFinished('b', slow, result('ok')),
    taskFinished('a', label('probe', 1), result('unknown', { message: 'would run probe' })),
    taskFinished('b', label('probe', 1), result('unknown', { message: 'would run probe' })),
    ...finished([recapOf('a', { changed: 1, unknown: 1 }), recapOf('b', { ok: 1, unknown: 1 })], 3),
  );
  const text = take();
  expect(text.slice(text.indexOf('Would'))).toBe(
    `Would change
  Install the driver  a  (site.yaml:1)

Unknown until a real run
  probe  a, b: would run probe  (site.yaml:2)

RECAP  1.5 s, nothing was changed
  a    : ok=0   changed=1   unreachable=0   failed=0   skipped=0   rescued=0   ignored=0   unknown=1
  b    : ok=1   changed=0   unreachable=0   failed=0   skipped=0   rescued=0   ignored=0   unknown=1

2 hosts: 2 with tasks only a real run can tell, 1 would change
  tsplay run site.yaml
`,
  );
});

test('a recap of a large fleet puts hosts that went the same way on one line', () => {
  const { send: on, take } = reporter();
  const hosts = Array.from({ length: 200 }, (_, index) => `gpu${String(index + 1).padStart(3, '0')}`);
  on(
    ...started('run', hosts),
    ...finished(
      hosts.map((host) => recapOf(host, { ok: 3, failed: host === 'gpu100' ? 1 : 0 })),
      2,
    ),
  );
  const text = take();
  expect(text).toMatch(/ {2}199 hosts : ok=3 .*gpu\[001-099\], gpu\[101-200\]\n {2}gpu100 {4}: ok=3 .*failed=1/);
});

test('names from hosts and playbooks cannot forge lines', () => {
  const { send: on, take } = reporter(3);
  const evil = 'x\nRECAP\u001b[2J\rok';
  on(
    ...taskOn(
      { [evil]: result('failed', { message: evil, values: { [evil]: evil, stderr: evil }, items: [] }) },
      label(evil, 0, { role: evil, position: evil }),
    ),
  );
  expect(take()).not.toMatch(/[\u0000-\u0009\u000b-\u001f]|^RECAP\\e/m);
});

test('output that was shown as it came is not shown again', () => {
  const { send: on, take } = reporter(1);
  on(
    ...started('run', ['a', 'b']),
    { type: 'task.output', task: slow, host: 'a', stream: 'stdout', text: 'once\n' },
    taskFinished('a', slow, result('changed', { values: { stdout: 'once\n' } })),
    taskFinished('b', slow, result('changed', { values: { stdout: 'quiet until now\n' } })),
    ...finished([]),
  );
  const text = take();
  expect(text.match(/once/g)).toHaveLength(1);
  expect(text).toMatch('      | quiet until now\n');
});
