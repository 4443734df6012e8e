import { expect, test } from 'vitest';
import { playText } from '../support/play.ts';

const HEAD = '- name: p\n  hosts: all\n  gather_facts: false\n  tasks:\n';

/** The counts of Ansible's PLAY RECAP, on real runs. */
async function recap(tasks: string, hosts: readonly string[] = ['h1'], files: Readonly<Record<string, string>> = {}) {
  const { recap: counts } = await playText(HEAD + tasks, { hosts, files });
  return (host: string) => counts.get(host);
}

test('a loop counts once, skipped items or not', async () => {
  const of = await recap(`    - {name: l, debug: {msg: x}, loop: [1, 2, 3], when: item != 2}
    - {name: none, debug: {msg: x}, loop: [1, 2], when: false}
`);
  expect(of('h1')).toMatchObject({ ok: 1, skipped: 1 });
});

test('an ignored failure is ok and ignored, and changed if it changed something', async () => {
  const of = await recap(
    `    - {name: bad, command: 'false', ignore_errors: true}\n    - {name: refused, fail: {msg: no}, ignore_errors: true}\n`,
  );
  expect(of('h1')).toMatchObject({ ok: 2, changed: 1, ignored: 2, failed: 0 });
});

test('a rescued failure is neither ok nor failed, a failing always counts', async () => {
  const of = await recap(`    - block: [{name: bad, fail: {msg: no}}]
      rescue: [{name: mend, debug: {msg: x}}]
    - block: [{name: bad, fail: {msg: no}}]
      rescue: [{name: mend, debug: {msg: x}}]
      always: [{name: worse, fail: {msg: no}}]
`);
  expect(of('h1')).toMatchObject({ ok: 2, rescued: 2, failed: 1 });
});

test('a host sent into a rescue because another failed has nothing to be forgiven', async () => {
  const of = await recap(
    `    - any_errors_fatal: true
      block: [{name: bad, fail: {msg: no}, when: inventory_hostname == 'h1'}, {name: next, debug: {msg: x}}]
      rescue: [{name: mend, debug: {msg: x}}]
`,
    ['h1', 'h2'],
  );
  expect(of('h1')).toMatchObject({ failed: 0, rescued: 1, ok: 1 });
  expect(of('h2')).toMatchObject({ failed: 0, rescued: 0, skipped: 1, ok: 1 });
});

test('an include counts once for each file it brought in, an import not at all', async () => {
  const of = await recap(
    `    - {include_tasks: inner.yaml, loop: [1, 2, 3]}\n    - {import_tasks: inner.yaml}\n    - {include_tasks: inner.yaml, when: false}\n`,
    ['h1'],
    { 'inner.yaml': '- {name: inner, debug: {msg: x}}\n' },
  );
  expect(of('h1')).toMatchObject({ ok: 3 + 3 + 1, skipped: 1 });
});

test('run_once counts where it ran, meta nowhere, a handler like a task', async () => {
  const of = await recap(
    `    - {name: once, command: 'true', run_once: true, notify: h}
    - meta: flush_handlers
    - meta: noop
  handlers:
    - {name: h, debug: {msg: x}}
`,
    ['h1', 'h2'],
  );
  expect(of('h1')).toMatchObject({ ok: 2, changed: 1 });
  expect(of('h2')).toMatchObject({ ok: 0, changed: 0, skipped: 0 });
});
