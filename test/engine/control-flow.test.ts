import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { playText, workspace } from '../support/play.ts';

const FACTLESS = '  hosts: all\n  gather_facts: false\n';

test('a failed task takes its host out of this play and of those after it, and others go on', async () => {
  const { exitCode, log } = await playText(
    `- name: one
${FACTLESS}  tasks:
    - {name: breaks, fail: {msg: no}, when: inventory_hostname == 'h1'}
    - {name: after, debug: {msg: hi}}
- name: two
${FACTLESS}  tasks:
    - {name: later, debug: {msg: hi}}
`,
    { hosts: ['h1', 'h2'] },
  );
  expect(exitCode).toBe(2);
  expect(log.filter((line) => line.endsWith('@h1 ok'))).toEqual([]);
  expect(log).toEqual(expect.arrayContaining(['breaks@h1 failed', 'after@h2 ok', 'later@h2 ok']));
});

test('a rescue clears the failure and always runs last', async () => {
  const { exitCode, log, recap } = await playText(`- name: p
${FACTLESS}  tasks:
    - block:
        - {name: bad, command: 'false'}
        - {name: never, debug: {msg: x}}
      rescue:
        - {name: mend, debug: {msg: "{{ ansible_failed_task.name }} rc={{ ansible_failed_result.rc }}"}}
      always:
        - {name: last, debug: {msg: x}}
    - {name: onward, debug: {msg: x}}
`);
  expect(log).toEqual(['bad@h1 failed', 'mend@h1 ok', 'last@h1 ok', 'onward@h1 ok']);
  expect(recap.get('h1')).toMatchObject({ failed: 0, rescued: 1 });
  expect(exitCode).toBe(0);
});

test('a failure in always fails the host even when the rescue went through', async () => {
  const { exitCode } = await playText(`- name: p
${FACTLESS}  tasks:
    - block: [{name: bad, command: 'false'}]
      rescue: [{name: mend, debug: {msg: x}}]
      always: [{name: worse, command: 'false'}]
`);
  expect(exitCode).toBe(2);
});

test('ignore_errors goes on and is counted, and does not trigger a rescue', async () => {
  const { exitCode, log, recap } = await playText(`- name: p
${FACTLESS}  tasks:
    - block: [{name: bad, command: 'false', ignore_errors: true}]
      rescue: [{name: mend, debug: {msg: x}}]
    - {name: onward, debug: {msg: x}}
`);
  expect(log).toEqual(['bad@h1 failed', 'onward@h1 ok']);
  expect(recap.get('h1')).toMatchObject({ failed: 0, ignored: 1 });
  expect(exitCode).toBe(0);
});

test('handlers run once, in definition order, after the tasks', async () => {
  const { log } = await playText(`- name: p
${FACTLESS}  tasks:
    - {name: a, command: 'true', notify: [second, first]}
    - {name: b, command: 'true', notify: first}
    - {name: c, command: 'true', changed_when: false, notify: third}
  handlers:
    - {name: first, debug: {msg: x}}
    - {name: second, command: 'true', notify: topic}
    - {name: third, debug: {msg: x}}
    - {name: fourth, debug: {msg: x}, listen: topic}
`);
  expect(log).toEqual(['a@h1 changed', 'b@h1 changed', 'c@h1 ok', 'first@h1 ok', 'second@h1 changed', 'fourth@h1 ok']);
});

test('a handler that an earlier one notifies runs even when it was defined before', async () => {
  const { log } = await playText(`- name: p
${FACTLESS}  tasks:
    - {name: a, command: 'true', notify: late}
  handlers:
    - {name: early, debug: {msg: x}}
    - {name: late, command: 'true', notify: early}
`);
  expect(log).toEqual(['a@h1 changed', 'late@h1 changed', 'early@h1 ok']);
});

test('a failed host drops its handlers unless they are forced', async () => {
  const text = (force: string) => `- name: p
${FACTLESS}${force}  tasks:
    - {name: a, command: 'true', notify: h}
    - {name: b, command: 'false'}
  handlers:
    - {name: h, debug: {msg: x}}
`;
  expect((await playText(text(''))).log).toEqual(['a@h1 changed', 'b@h1 failed']);
  expect((await playText(text('  force_handlers: true\n'))).log).toEqual(['a@h1 changed', 'b@h1 failed', 'h@h1 ok']);
});

test('in a loop only the items that changed notify', async () => {
  const { log } = await playText(`- name: p
${FACTLESS}  tasks:
    - name: a
      command: echo {{ item }}
      loop: [x, y]
      changed_when: item == 'y'
      notify: "do {{ item }}"
  handlers:
    - {name: do x, debug: {msg: x}}
    - {name: do y, debug: {msg: y}}
`);
  expect(log).toEqual(['a@h1 changed', 'do y@h1 ok']);
});

test('run_once runs on the first host and registers on all', async () => {
  const { log, results } = await playText(
    `- name: p
${FACTLESS}  tasks:
    - {name: once, command: echo hello, run_once: true, register: r}
    - {name: each, debug: {msg: "{{ r.stdout }}"}}
`,
    { hosts: ['h1', 'h2', 'h3'] },
  );
  expect(log.filter((line) => line.startsWith('once'))).toEqual(['once@h1 changed']);
  expect([...results('each').values()].map(({ values }) => values.msg)).toEqual(['hello', 'hello', 'hello']);
});

test('a run_once failure sends every host to the rescue', async () => {
  const { log, exitCode } = await playText(
    `- name: p
${FACTLESS}  tasks:
    - block:
        - {name: once, command: 'false', run_once: true}
      rescue:
        - {name: mend, debug: {msg: x}}
`,
    { hosts: ['h1', 'h2'] },
  );
  expect(log.filter((line) => line.startsWith('mend')).toSorted()).toEqual(['mend@h1 ok', 'mend@h2 ok']);
  expect(exitCode).toBe(0);
});

test('when a host of a batch fails, max_fail_percentage 0 starts no later batch', async () => {
  const { log, exitCode } = await playText(
    `- name: p
${FACTLESS}  serial: 2
  max_fail_percentage: 0
  tasks:
    - {name: a, command: 'false', when: inventory_hostname == 'h1'}
    - {name: b, debug: {msg: x}}
`,
    { hosts: ['h1', 'h2', 'h3', 'h4'] },
  );
  expect(log).toEqual(expect.arrayContaining(['a@h1 failed']));
  expect(log.some((line) => line.includes('@h3') || line.includes('@h4'))).toBe(false);
  expect(log).not.toContain('b@h2 ok');
  expect(exitCode).toBe(2);
});

test('max_fail_percentage from a variable may have its sign', async () => {
  const text = `- {name: p, hosts: all, gather_facts: false, max_fail_percentage: '{{ most }}', tasks: [
    {name: a, command: 'false', when: inventory_hostname == 'h1'}, {name: b, debug: {msg: x}}]}\n`;
  const after = async (most: string) =>
    (await playText(text, { hosts: ['h1', 'h2'], extraVars: [`most=${most}`] })).log.includes('b@h2 ok');
  expect([await after('50%'), await after('49%')]).toEqual([true, false]);
});

test('without a threshold the next batch goes on after a part of one failed, and stops when all of it failed', async () => {
  const text = (condition: string) => `- name: p
${FACTLESS}  serial: 2
  tasks:
    - {name: a, command: 'false', when: ${condition}}
    - {name: b, debug: {msg: x}}
`;
  const hosts = ['h1', 'h2', 'h3', 'h4'];
  expect((await playText(text("inventory_hostname == 'h1'"), { hosts })).log).toContain('b@h3 ok');
  expect((await playText(text("inventory_hostname in ['h1', 'h2']"), { hosts })).log).not.toContain('b@h3 ok');
});

test('any_errors_fatal stops every host of the batch, and the plays after it', async () => {
  const { log } = await playText(
    `- name: p
${FACTLESS}  any_errors_fatal: true
  tasks:
    - {name: a, command: 'false', when: inventory_hostname == 'h2'}
    - {name: b, debug: {msg: x}}
- name: q
${FACTLESS}  tasks:
    - {name: c, debug: {msg: x}}
`,
    { hosts: ['h1', 'h2'] },
  );
  expect(log.some((line) => /^[bc]@/.test(line))).toBe(false);
});

test.each(['any_errors_fatal: true', 'max_fail_percentage: 10', 'serial: 2, max_fail_percentage: 10'])(
  'with %s every host that is in a block goes through its always, and no further',
  async (keywords) => {
    const { log, recap, exitCode } = await playText(
      `
- {hosts: all, gather_facts: false, ${keywords}, tasks: [
    {block: [
        {block: [
            {name: a, command: 'test {{ inventory_hostname }} != h1'},
            {name: b, debug: {msg: b}}],
          always: [{name: inner1, debug: {msg: x}}, {name: inner2, debug: {msg: x}}]},
        {name: c, debug: {msg: c}}],
      always: [{name: outer, debug: {msg: x}}]},
    {name: d, debug: {msg: d}}]}
`,
      { hosts: ['h1', 'h2'] },
    );
    expect(exitCode).toBe(2);
    const of = (host: string) =>
      log.filter((line) => line.includes(`@${host} `)).map((line) => line.replace(/@.*/, ''));
    expect(of('h1')).toEqual(['a', 'inner1', 'inner2', 'outer']);
    expect(of('h2')).toEqual(['a', 'inner1', 'inner2', 'outer']);
    expect(recap.get('h2')?.stoppedAt).toContain('because other hosts failed');
  },
);

test('includes see the loop item, and imports take tags and when to their tasks', async () => {
  const { log, results } = await playText(
    `- name: p
${FACTLESS}  tasks:
    - {include_tasks: inner.yaml, loop: [1, 2]}
    - {import_tasks: other.yaml, when: false}
`,
    {
      files: {
        'inner.yaml': '- {name: "in {{ item }}", debug: {msg: "{{ item }}"}}\n',
        'other.yaml': '- {name: out, debug: {msg: x}}\n',
      },
    },
  );
  expect(log).toEqual(expect.arrayContaining(['in 1@h1 ok', 'in 2@h1 ok', 'out@h1 skipped']));
  expect(results('in 2').get('h1')?.values.msg).toBe(2);
});

test('roles bring defaults, vars, handlers, templates and dependencies', async () => {
  const { directory, exitCode, log } = await playText(
    `- name: p
${FACTLESS}  roles:
    - {role: web, greeting: hi}
`,
    {
      files: {
        'roles/base/tasks/main.yaml': '- {name: base, debug: {msg: x}}\n',
        'roles/web/meta/main.yaml': 'dependencies: [base]\n',
        'roles/web/defaults/main.yaml': 'greeting: hello\nwho: world\n',
        'roles/web/vars/main.yaml': 'mark: "!"\n',
        'roles/web/templates/t.j2': '{{ greeting }} {{ who }}{{ mark }}\n',
        'roles/web/handlers/main.yaml': '- {name: told, debug: {msg: x}}\n',
        'roles/web/tasks/main.yaml':
          '- {name: write, template: {src: t.j2, dest: "{{ playbook_dir }}/out"}, notify: told}\n',
      },
    },
  );
  expect(exitCode).toBe(0);
  expect(readFileSync(join(directory, 'out'), 'utf8')).toBe('hi world!\n');
  expect(log).toEqual(['base@h1 ok', 'write@h1 changed', 'told@h1 ok']);
});

test('until tries again until it holds, and says how often', async () => {
  const { directory, results } = await playText(`- name: p
${FACTLESS}  tasks:
    - name: count
      shell: echo x >> {{ playbook_dir }}/n; wc -l < {{ playbook_dir }}/n
      register: r
      until: r.stdout | int >= 3
      retries: 5
      delay: 0.01
`);
  expect(results('count').get('h1')).toMatchObject({ status: 'changed', attempts: 3 });
  expect(readFileSync(join(directory, 'n'), 'utf8')).toBe('x\nx\nx\n');
});

test('a task that never holds fails after retries + 1 executions', async () => {
  const { directory, exitCode } = await playText(`- name: p
${FACTLESS}  tasks:
    - {name: count, shell: "echo x >> {{ playbook_dir }}/n; false", register: r, until: r.rc == 0, retries: 2, delay: 0.01}
`);
  expect(readFileSync(join(directory, 'n'), 'utf8')).toBe('x\nx\nx\n');
  expect(exitCode).toBe(2);
});

test('until looks anew at the host it is delegated to before each try', async () => {
  const path = join(workspace(), 'there');
  const { results } = await playText(
    `- name: p
${FACTLESS}  tasks:
    - name: wait
      stat: {path: ${path}}
      when: inventory_hostname == 'h1'
      delegate_to: h2
      register: r
      until: r.stat.exists
      retries: 3
      delay: 0.01
`,
    { hosts: ['h1', 'h2'], onEvent: ({ type }) => type === 'task.retried' && writeFileSync(path, '') },
  );
  expect(results('wait').get('h1')).toMatchObject({ status: 'ok', attempts: 2 });
});

test.each([
  ['retries', 'until: false, delay: 0.01, retries: "{{ n }}"'],
  ['delay', 'until: false, retries: 1, delay: "{{ n }}"'],
  ['pause', 'loop: [a, b], loop_control: {pause: "{{ n }}"}'],
  ['throttle', 'throttle: "{{ n }}"'],
  ['timeout', 'timeout: "{{ n }}"'],
])('%s that a template makes no number of is a failure', async (keyword, keywords) => {
  const { results } = await playText(`- name: p
${FACTLESS}  vars: {n: many}
  tasks:
    - {name: never, command: "false", ${keywords}}
`);
  const message = `${keyword} must be a number, not "many"`;
  expect(results('never').get('h1')).toMatchObject({ status: 'failed', message });
});

test('a condition that is neither true nor false is a failure that says so', async () => {
  const { results } = await playText(`- name: p
${FACTLESS}  tasks:
    - {name: a, debug: {msg: x}, when: "'false'"}
`);
  expect(results('a').get('h1')?.message).toMatch(/must give true or false/);
});

test('the first Ctrl-C stops each host after the task it is in and says where, the second at once', async () => {
  const text = `- name: p
${FACTLESS}  tasks:
    - {name: a, shell: "sleep 0.3; echo > {{ playbook_dir }}/a-done"}
    - {name: b, debug: {msg: x}}
`;
  const soft = await playText(text, {
    onEvent: (event, stop) => event.type === 'task.started' && event.task.name === 'a' && void stop.request(),
  });
  expect(soft.exitCode).toBe(130);
  expect(soft.log).toEqual(['a@h1 changed']);
  expect(soft.recap.get('h1')?.stoppedAt).toBe('before "b"');
  const hard = await playText(text.replace('0.3', '30'), {
    onEvent: (event, stop) => {
      if (event.type === 'task.started') setTimeout(() => [stop.request(), stop.request()], 200);
    },
  });
  expect(hard.exitCode).toBe(130);
  expect(existsSync(join(hard.directory, 'a-done'))).toBe(false);
}, 10_000);

test('debug speaks once there are as many -v as its verbosity, and is skipped before', async () => {
  const text = `- name: p\n${FACTLESS}  tasks: [{name: told, debug: {msg: hi, verbosity: 2}}]\n`;
  expect((await playText(text, { verbose: 1 })).log).toEqual(['told@h1 skipped']);
  const { results } = await playText(text, { verbose: 2 });
  expect(results('told').get('h1')).toMatchObject({ status: 'ok', values: { msg: 'hi' } });
});

test('an include that nothing ends is a failure with its name, not an endless run', async () => {
  const { exitCode, events } = await playText(
    `- hosts: all
  gather_facts: false
  tasks:
    - {name: go, include_tasks: again.yaml}
`,
    { files: { 'again.yaml': '- {name: again, include_tasks: again.yaml}\n' }, hosts: ['h1', 'h2'] },
  );
  const messages = events.flatMap((event) => (event.type === 'task.finished' ? (event.result.message ?? []) : []));
  expect(exitCode).toBe(2);
  expect(messages.at(-1)).toMatch(/again\.yaml is included 1000 deep; let a `when` end it/);
});

describe('check mode leaves out a command that changes nothing', () => {
  const check = (tasks: string, files = {}) =>
    playText(
      `- hosts: all
  gather_facts: false
  tasks:
    - {command: uname -r, register: kernel, changed_when: false}
${tasks.replace(/^/gm, '    ')}`,
      { files, mode: 'check' },
    );

  test.each([
    ['its output', '- {name: use, debug: {msg: "{{ kernel.stdout }}"}}'],
    ['a condition on it', '- {name: use, debug: {msg: x}, when: kernel.rc == 0}'],
    ['a loop over it', '- {name: use, debug: {msg: x}, loop: "{{ kernel.stdout_lines }}"}'],
    ['a variable made of it', '- {name: use, debug: {msg: "{{ v }}"}, vars: {v: "{{ kernel.stdout }}"}}'],
    ['a template', '- {name: use, template: {src: t.j2, dest: /tmp/x}}'],
    ['an include', '- {name: use, include_tasks: t.yaml, when: kernel.stdout is match("6")}'],
  ])('%s is unknown, and no failure', async (_, task) => {
    const { results, exitCode, events } = await check(task, {
      't.j2': '{{ kernel.stdout }}',
      't.yaml': '- debug: {msg: x}',
    });
    expect(results('use').get('h1')).toMatchObject({
      status: 'unknown',
      message: 'depends on kernel: check mode did not run the command (with `check_mode: false` it would)',
    });
    expect(exitCode).toBe(3);
    const end = events.find(({ type }) => type === 'run.finished');
    expect(end).toMatchObject({ hint: expect.stringMatching(/^nothing is known to have drifted/) });
  });

  test('what it does tell is told, and what else is missing is a failure', async () => {
    const { results } = await check(
      `- {name: told, debug: {msg: "{{ kernel is skipped }} {{ kernel.stdout | default('-') }}"}}
- {name: missing, debug: {msg: "{{ nosuch }}"}, ignore_errors: true}
- {name: real, command: echo x, register: kernel, check_mode: false, changed_when: false}
- {name: known, debug: {msg: "{{ kernel.stdout }}"}}
`,
    );
    expect(results('told').get('h1')?.values.msg).toBe('True -');
    expect(results('missing').get('h1')?.status).toBe('failed');
    expect(results('known').get('h1')?.values.msg).toBe('x');
  });
});

test('a host whose variables say nonsense of the way to it has failed, and is counted so', async () => {
  const { exitCode, recap } = await playText(
    '- {hosts: all, gather_facts: false, vars: {p: x}, tasks: [{ping: , vars: {ansible_port: "{{ p }}"}}]}\n',
    { connection: 'ssh', hosts: ['h.invalid'] },
  );
  expect(exitCode).toBe(2);
  expect(recap.get('h.invalid')).toMatchObject({
    failed: 1,
    stoppedAt: 'because a port must be 1 to 65535, not x',
  });
});
