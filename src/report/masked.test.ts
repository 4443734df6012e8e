import { expect, test } from 'vitest';
import type { Event } from '../contract/event.ts';
import { Secret, SecretRegistry } from '../contract/secret.ts';
import {
  type Bare,
  finished,
  item,
  label,
  result,
  send,
  started,
  taskFinished,
  taskOn,
} from '../../test/support/events.ts';
import { jsonLinesReporter } from './json-lines.ts';
import { masked } from './masked.ts';
import { plainReporter } from './plain.ts';

const SECRET = 'pa"ss word\\1';

function registry(...secrets: readonly string[]): SecretRegistry {
  const made = new SecretRegistry();
  for (const secret of secrets) made.add(secret);
  return made;
}

/** What each sink writes for the same events. */
function everywhere(
  events: readonly Bare[],
  secrets: SecretRegistry,
): { readonly plain: string; readonly json: string } {
  const written = { plain: '', json: '' };
  const sink = (format: 'plain' | 'json') => ({
    write: (text: string) => void (written[format] += text),
    close: async () => {},
  });
  send(masked(plainReporter(sink('plain'), { verbosity: 3, hasColour: false, words: [] }), secrets), events);
  send(masked(jsonLinesReporter(sink('json')), secrets), events);
  return written;
}

function output(texts: readonly string[], stream: 'stdout' | 'stderr' = 'stdout'): readonly Bare[] {
  return texts.map((text) => ({ type: 'task.output', task: label('work'), host: 'a', stream, text }));
}

const forms = [
  SECRET,
  Buffer.from(SECRET).toString('base64'),
  encodeURIComponent(SECRET),
  JSON.stringify(SECRET).slice(1, -1),
];

test.each(forms)('a secret is masked wherever a result quotes it: %s', (form) => {
  const quoting = result('failed', {
    message: `cannot log in with ${form}`,
    actions: [`set ${form}`],
    diffs: [{ kind: 'text', path: '/x', before: null, after: `key=${form}\n` }],
    values: { stderr: `bad ${form}\nmore`, [`name ${form}`]: { deep: [{ deeper: form }] }, warnings: [form] },
    items: [item(form, 'failed', { message: form })],
  });
  const { plain, json } = everywhere(taskOn({ a: quoting }, label(`task ${form}`)), registry(SECRET));
  for (const text of [plain, json]) {
    for (const one of forms) expect(text).not.toContain(one);
    expect(text).not.toContain(JSON.stringify(form).slice(1, -1));
    expect(text).toContain('********');
  }
});

test('a secret split over chunks of output is masked, at every place it can be split', () => {
  const secret = 'correct-horse';
  for (let at = 1; at < secret.length; at++) {
    const { plain, json } = everywhere(
      output([`x ${secret.slice(0, at)}`, `${secret.slice(at)} y\n`]),
      registry(secret),
    );
    expect(plain).toBe('  | a: x ******** y\n');
    expect(json).not.toMatch(/correct|horse/);
  }
});

test('a secret in output that never ends a line is masked', () => {
  const { plain } = everywhere(
    [...output(['so corr', 'ect-horse']), taskFinished('a', label('work'), result('ok'))],
    registry('correct-horse'),
  );
  expect(plain).toMatch('| a: so ********');
});

test('the lines of a key are masked one by one', () => {
  const key = '-----BEGIN KEY-----\nMIIEpAIBAAKCAQEA\nq83vEjRWeJCrze8S\n-----END KEY-----\n';
  const { plain, json } = everywhere(output(['MIIEpAIBAA', 'KCAQEA\nq83vEjRW', 'eJCrze8S\n']), registry(key));
  expect(plain + json).not.toMatch(/MIIE|q83v/);
});

test('streams do not mix, and very long lines are passed on without cutting a secret', () => {
  const secret = 'correct-horse';
  const { json } = everywhere(
    [
      ...output(['a'.repeat(70_000), secret.slice(0, 5)]),
      ...output(['err\n'], 'stderr'),
      ...output([secret.slice(5), '\n']),
    ],
    registry(secret),
  );
  expect(json).not.toMatch(/corre|ct-horse/);
  expect(json).toMatch('"stream":"stderr","text":"err\\n"');
});

test('a number that is a secret is masked, and the JSON stays JSON whatever the secrets are', () => {
  const events = taskOn({
    a: result('ok', { values: { pin: 4711_0815, msg: 'x', secret: new Secret('hidden-one'), big: 2n ** 64n } }),
  });
  const { json } = everywhere(events, registry('47110815', 'task.finished', '"type"', 'status', 'host'));
  const parsed = json
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(parsed.find(({ type }) => type === 'task.finished').result).toMatchObject({
    status: 'ok',
    values: { pin: '********', secret: '********' },
  });
});

test('no_log shows nothing but how it went, while it runs and after', () => {
  const task = label('quiet', 0, { isHidden: true });
  const told = 'in-the-clear';
  const leaky = result('failed', {
    isHidden: true,
    message: told,
    values: { stdout: told },
    actions: [told],
    items: [item(told, 'failed', { message: told })],
  });
  const events: readonly Bare[] = [
    ...started('run', ['a'], true),
    { type: 'task.output', task, host: 'a', stream: 'stdout', text: `${told}\n` },
    { type: 'task.progress', task, host: 'a', text: told },
    { type: 'task.retried', task, host: 'a', attempt: 1, retriesLeft: 1, result: leaky },
    {
      type: 'item.finished',
      play: 'play-1',
      task,
      host: 'a',
      result: { ...item(told, 'failed', leaky), isHidden: true },
    },
    taskFinished('a', task, leaky),
    ...finished([]),
  ];
  const { plain, json } = everywhere(events, registry());
  expect(plain).not.toMatch(told);
  expect(json).not.toMatch(told);
  expect(plain).toMatch('failed: a: hidden by no_log');
});

test('the sum of a loop does not tell what one of its items hides', () => {
  const items = [{ ...item('x', 'failed', { message: 'in-the-clear' }), isHidden: true }, item('y', 'ok')];
  const { plain, json } = everywhere(
    taskOn({ a: result('failed', { message: 'x: in-the-clear', items }) }),
    registry(),
  );
  expect(plain + json).not.toMatch('in-the-clear');
});

test('events without secrets pass untouched', () => {
  const seen: Event[] = [];
  const event: Event = { type: 'notice', at: 1, severity: 'note', text: 'nothing to hide' };
  masked({ on: (one) => void seen.push(one), close: async () => {} }, registry(SECRET)).on(event);
  expect(seen[0]).toBe(event);
});
