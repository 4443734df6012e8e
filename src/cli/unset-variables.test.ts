import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { play, playText, workspace } from '../../test/support/play.ts';
import { formatProblem } from '../contract/problem.ts';

const PLAY = '- hosts: all\n  gather_facts: false\n';

/** What is said before the run; every play here ends at its first task, which fails. */
async function warningsOf(
  text: string,
  files: Readonly<Record<string, string>> = {},
  extraVars: readonly string[] = [],
) {
  const { problems, directory } = await playText(text, { files, extraVars, mode: 'check' });
  return problems.map((problem) => formatProblem(problem).replace(`${directory}/`, ''));
}

function tasks(...lines: readonly string[]): string {
  return `${PLAY}  tasks:\n    - fail:\n${lines.map((line) => `    - ${line}\n`).join('')}`;
}

describe('a variable that nobody sets is told before the run', () => {
  test.each([
    ['an argument', '{debug: {msg: "{{ nosuch }}"}}', {}],
    ['a condition', '{debug: {msg: x}, when: nosuch == 1}', {}],
    ['a loop', '{debug: {msg: x}, loop: "{{ nosuch }}"}', {}],
    ['a template file', '{template: {src: t.j2, dest: /tmp/x}}', { 't.j2': '{{ nosuch }}' }],
    ['an included file', '{include_tasks: t.yaml}', { 't.yaml': '- debug: {msg: "{{ nosuch }}"}\n' }],
    ['a variable of a variable', '{debug: {msg: "{{ a }}"}, vars: {a: "{{ b }}", b: "{{ nosuch }}"}}', {}],
  ])('in %s', async (_, line, files) => {
    expect(await warningsOf(tasks(line), files)).toEqual([
      expect.stringMatching(/: the variable nosuch is set nowhere \(set it, or give it with -e\)$/),
    ]);
  });

  test('once, with its place and what was meant', async () => {
    const text = tasks('debug: {msg: "{{ mesage }}"}', 'debug: {msg: "{{ mesage }}"}').replace(
      '  tasks',
      '  vars: {message: x}\n  tasks',
    );
    expect(await warningsOf(text)).toEqual([
      'site.yaml:6:7  plays[0].tasks[1]: the variable mesage is set nowhere (did you mean message?)',
    ]);
  });
});

test('variables that refer to each other in a circle are told before the run', async () => {
  const text = tasks('debug: {msg: "{{ a }}"}').replace('  tasks', '  vars: {a: "{{ b }}", b: "{{ a }}"}\n  tasks');
  expect(await warningsOf(text)).toEqual([
    expect.stringMatching(/variables refer to each other in a circle: a -> b -> a$/),
  ]);
});

describe('nothing is said', () => {
  test.each([
    [
      'of what is registered, set, looped over',
      tasks(
        '{command: x, register: r}',
        '{set_fact: {s: 1}}',
        '{debug: {msg: "{{ r }} {{ s }} {{ item }} {{ i }}"}, loop: [1], loop_control: {index_var: i}}',
      ),
    ],
    ['of what an included file registers', tasks('include_tasks: t.yaml', 'debug: {msg: "{{ r }}"}')],
    [
      'of what is tested or has a default',
      tasks('debug: {msg: "{{ x | default(1) }} {{ y.z | d([]) }}"}', '{debug: {msg: "{{ v }}"}, when: v is defined}'),
    ],
    [
      'of what Ansible gives',
      tasks('debug: {msg: "{{ inventory_hostname }} {{ ansible_distribution }} {{ hostvars }} {{ groups }}"}'),
    ],
    ['of the names that a template makes itself', tasks('{template: {src: l.j2, dest: /tmp/x}}')],
    [
      'of files of variables',
      tasks('debug: {msg: "{{ filed }}"}').replace('  tasks', '  vars_files: [v.yaml]\n  tasks'),
    ],
    ['of extra variables', tasks('debug: {msg: "{{ extra }}"}')],
    [
      'of handlers that use what a task registers',
      `${tasks('{command: x, register: r, notify: h}')}  handlers:\n    - {name: h, debug: {msg: "{{ r }}"}}\n`,
    ],
    [
      'where only the run knows what is included',
      tasks('include_tasks: "{{ inventory_hostname }}.yaml"', 'debug: {msg: "{{ z }}"}'),
    ],
    ['where variables are read while running', tasks('include_vars: v.yaml', 'debug: {msg: "{{ z }}"}')],
    [
      'of a circle that a second value may break',
      tasks('{debug: {msg: "{{ a }}"}, vars: {a: 1}}', 'debug: {msg: "{{ a }}"}').replace(
        '  tasks',
        '  vars: {a: "{{ a }}"}\n  tasks',
      ),
    ],
  ])('%s', async (_, text) => {
    const files = {
      't.yaml': '- {command: x, register: r}\n',
      'v.yaml': 'filed: 1\n',
      'l.j2': '{% for a in [1] %}{{ a }}{{ loop.index }}{% set b = a %}{{ b }}{% endfor %}',
    };
    expect(await warningsOf(text, files, ['extra=1'])).toEqual([]);
  });

  test('of a variable that only another host of the play sets', async () => {
    const directory = workspace({ 'site.yaml': tasks('debug: {msg: "{{ mine }}"}'), 'hosts.ini': 'a mine=1\nb\n' });
    const { problems } = await play(join(directory, 'site.yaml'), {
      inventory: [join(directory, 'hosts.ini')],
      connection: 'local',
    });
    expect(problems).toEqual([]);
  });

  test('of what a play without hosts names', async () => {
    const text = tasks('debug: {msg: "{{ nosuch }}"}').replace('hosts: all', 'hosts: others');
    expect(await warningsOf(text)).toEqual([expect.stringContaining('no host matches others')]);
  });

  test.each(['gpu-cloud', 'rolling-reboot'])('of playbooks/%s.yaml', async (name) => {
    const { problems } = await play(`playbooks/${name}.yaml`, {
      inventory: ['gpu01,'],
      connection: 'local',
      mode: 'check',
    });
    expect(problems.filter(({ message }) => message.includes('variable'))).toEqual([]);
  });
});
