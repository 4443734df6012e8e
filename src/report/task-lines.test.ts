import { expect, test } from 'vitest';
import type { Result } from '../contract/result.ts';
import { item, label, result } from '../../test/support/events.ts';
import { paint } from './paint.ts';
import { type RunView, taskLines } from './task-lines.ts';

interface Call extends Partial<RunView> {
  readonly module?: string;
  readonly isHandler?: boolean;
}

function shown(
  results: Readonly<Record<string, Result>>,
  { module = 'command', isHandler = false, ...view }: Call = {},
): string {
  const hosts = Object.keys(results);
  const report = {
    task: label('work', 0, { module, isHandler }),
    results: Object.entries(results).map(([host, how]) => ({ host, result: how, elapsedMs: 1 })),
  };
  const lines = taskLines(report, { isCheck: false, showDiff: false, verbosity: 0, hosts, ...view });
  return paint(lines, { hasColour: false });
}

const say = (msg: unknown) => result('ok', { values: { msg } });

test('hosts that say different things are told apart', () => {
  expect(shown({ a: say('I am a'), b: say('I am b'), c: say('I am a') }, { module: 'debug' })).toBe(
    'TASK [work]\n  ok: a, c: I am a\n  ok: b: I am b\n',
  );
});

test('many hosts that differ only in their own name are shown as one', () => {
  const results = Object.fromEntries(
    Array.from({ length: 20 }, (_, index) => [`gpu${index + 10}`, say(`I am gpu${index + 10}`)]),
  );
  expect(shown(results, { module: 'debug' })).toBe(
    'TASK [work]\n  ok: all 20 hosts: I am gpu10  (as gpu10 says it, each with its own name)\n',
  );
});

test('a host is not named twice, and hosts that are lost for one reason stand together', () => {
  const lost = (host: string) => result('unreachable', { message: `${host}: nothing to log in with` });
  expect(shown({ a: lost('a'), b: lost('b') })).toMatch(/^ {2}unreachable: a, b: nothing to log in with$/m);
});

test('debug shows values as YAML', () => {
  expect(shown({ a: result('ok', { values: { things: { a: 1, b: ['x'] }, item: 3 } }) }, { module: 'debug' })).toBe(
    'TASK [work]\n  ok: a\n      things:\n        a: 1\n        b:\n          - x\n',
  );
});

test('a long value is capped', () => {
  const value = Array.from({ length: 1000 }, (_, index) => index);
  const lines = shown({ a: result('ok', { values: { value } }) }, { module: 'debug' }).split('\n');
  expect(lines).toHaveLength(204);
  expect(lines.at(-2)).toMatch('more is in --output json');
});

test('a debug that asks for more -v is skipped like anything else, and with one -v says why', () => {
  const quiet = { a: result('skipped', { message: 'Verbosity threshold not met.' }) };
  expect(shown(quiet, { module: 'debug' })).toBe('TASK [work]  skipped\n');
  expect(shown(quiet, { module: 'debug', verbosity: 1 })).toMatch('skipped: a: Verbosity threshold not met.');
});

test('messages of a loop stand with their items', () => {
  const loop = result('ok', {
    items: [item('1', 'ok', { values: { msg: 'one' } }), item('2', 'ok', { values: { msg: 'two' } })],
  });
  expect(shown({ a: loop }, { module: 'debug' })).toBe(
    'TASK [work]\n  ok: a: 2 items\n      ok: 1: one\n      ok: 2: two\n',
  );
});

test('a loop that fails shows what failed and counts the rest', () => {
  const values = { rc: 3, stderr: 'problem one\nproblem two\n', stdout: 'out' };
  const items = [
    item('x', 'ok'),
    item('y', 'failed', { message: 'exit code 3: problem one\nproblem two', values }),
    item('z', 'changed', { actions: ['run z'] }),
  ];
  expect(shown({ a: result('failed', { items, message: 'y: exit code 3' }) }, { module: 'copy' })).toBe(
    `TASK [work]  site.yaml:1
  failed: a: 3 items, 1 failed, 1 changed
      failed: y: exit code 3
          | problem one
          | problem two
      changed: z: run z
`,
  );
});

test('items beyond the first are counted, failures never left out', () => {
  const items = Array.from({ length: 100 }, (_, index) =>
    item(`n${index}`, index === 90 ? 'failed' : 'changed', { message: 'bad' }),
  );
  const text = shown({ a: result('failed', { items }) });
  expect(text).toMatch('failed: n90: bad');
  expect(text).toMatch('… 74 more items');
});

test('the output of a failed program keeps its lines, the middle of a long one left out', () => {
  const stderr = Array.from({ length: 50 }, (_, index) => `line ${index}`).join('\n');
  const text = shown({ a: result('failed', { message: 'exit code 1: line 49', values: { rc: 1, stderr } }) });
  expect(text).toMatch(/failed: a: exit code 1\n {6}\| line 0\n/);
  expect(text).toMatch('| … 30 lines left out\n      | line 34\n');
  expect(text.trimEnd()).toMatch(/\| line 49$/);
});

test('a single line of output stays on the line', () => {
  const values = { rc: 1, stderr: 'no such file\n', stdout: 'one\ntwo\n' };
  expect(shown({ a: result('failed', { message: 'exit code 1: no such file', values }) })).toBe(
    'TASK [work]  site.yaml:1\n  failed: a: exit code 1: no such file\n',
  );
});

test('output that a message does not quote is shown below it', () => {
  expect(shown({ a: result('failed', { message: 'never came up', values: { rc: 1, stderr: 'why' } }) })).toBe(
    'TASK [work]  site.yaml:1\n  failed: a: never came up\n      | why\n',
  );
});

test('a module message of several lines is kept', () => {
  expect(shown({ a: result('failed', { message: 'no\n  because\nso' }) })).toBe(
    'TASK [work]  site.yaml:1\n  failed: a: no\n        because\n      so\n',
  );
});

test('warnings of a module are always shown, for every status', () => {
  expect(shown({ a: result('ok', { values: { warnings: ['odd file'] } }) })).toMatch('      warning: odd file\n');
});

test('a task that every host skipped is one line, with -v it says why', () => {
  const skip = result('skipped', { message: 'Conditional result was False', values: { false_condition: 'x == 1' } });
  expect(shown({ a: skip, b: skip })).toBe('TASK [work]  skipped on 2 hosts\n');
  expect(shown({ a: skip }, { verbosity: 1 })).toBe('TASK [work]\n  skipped: a: not true: x == 1\n');
});

test('check mode says what would change, with its diff', () => {
  const planned = result('changed', {
    actions: ['create /x'],
    diffs: [{ kind: 'text', path: '/x', before: null, after: 'a\n' }],
  });
  expect(shown({ a: planned }, { isCheck: true })).toBe(
    'TASK [work]\n  would change: a\n      - create /x\n      --- /dev/null\n      +++ /x\n      @@ -0,0 +1,1 @@\n      +a\n',
  );
});

test('with -v what programs printed is shown, with -vv all values', () => {
  const ran = { a: result('changed', { values: { rc: 0, stdout: 'out\n', stderr: 'err\n', cmd: ['x'] } }) };
  expect(shown(ran, { verbosity: 1 })).toBe('TASK [work]\n  changed: a\n      | out\n      ! err\n');
  expect(shown(ran, { verbosity: 2 })).toMatch('      rc: 0\n      cmd:\n        - x\n');
});

test('bad news stands last, and good hosts are in the order of the inventory', () => {
  const text = shown({ b: result('failed', { message: 'no' }), c: result('ok'), a: result('ok') });
  expect(text).toBe('TASK [work]  site.yaml:1\n  ok: c, a\n  failed: b: no\n');
});

test('a hidden result shows nothing but its status', () => {
  const hidden = result('failed', {
    isHidden: true,
    message: 'hunter22',
    values: { stderr: 'hunter22' },
    diffs: [{ kind: 'text', path: '/x', before: '', after: 'hunter22' }],
  });
  expect(shown({ a: hidden }, { verbosity: 3, showDiff: true })).toBe(
    'TASK [work]  site.yaml:1\n  failed: a: hidden by no_log\n',
  );
});

test('a result copied from the host that ran a run_once task is not told again', () => {
  expect(shown({ a: result('ok', { isCopy: true }) })).toBe('');
});
