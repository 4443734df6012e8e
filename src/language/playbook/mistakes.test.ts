import { describe, expect, test } from 'vitest';
import { problemsOf, taskProblems } from './sample-project.ts';

describe('mistakes in a play', () => {
  test('E14: a mistyped safety keyword is an error with the word that was meant', () => {
    expect(problemsOf('- hosts: all\n  serail: 2\n')).toEqual([
      'site.yml:2:3  plays[0].serail: `serail` is no keyword of a play (did you mean `serial`?)',
    ]);
  });

  test('G4: a key given twice is an error', () => {
    expect(problemsOf('- hosts: all\n  serial: 2\n  serial: 200\n')).toEqual([
      expect.stringMatching(/^site\.yml:3:3: .*serial/),
    ]);
  });

  test('all mistakes of a playbook are shown together, in the order of its lines', () => {
    const text = '- hosts: all\n  strategy: fre\n  tasks:\n  - shel: x\n  - command: x\n    retris: 3\n- tasks: []\n';
    expect(problemsOf(text)).toEqual([
      'site.yml:2:3  plays[0].strategy: "fre" is not supported (did you mean `free`?)',
      'site.yml:4:5  plays[0].tasks[0].shel: unknown module "shel" (did you mean `shell`?)',
      'site.yml:6:5  plays[0].tasks[1].retris: `retris` is no keyword of a task (did you mean `retries`?)',
      'site.yml:7:3  plays[1]: a play needs `hosts` (write `hosts: all` or a group)',
    ]);
  });

  const play: readonly (readonly [line: string, problem: string | undefined])[] = [
    ['serial: [1, "30%", 5]', undefined],
    ['serial: "{{ batch }}"', undefined],
    ['serial: some', 'plays[0].serial: must be a number of hosts or a percentage, not "some" (write `2` or `"25%"`)'],
    ['serial: -1', 'plays[0].serial: must be a number of hosts or a percentage, not -1 (write `2` or `"25%"`)'],
    ['max_fail_percentage: 30%', undefined],
    ['max_fail_percentage: 130', 'plays[0].max_fail_percentage: must be a percentage from 0 to 100, not 130'],
    ['gather_facts: maybe', 'plays[0].gather_facts: must be true or false, not "maybe"'],
    ['gather_facts: "no"', undefined],
    ['become: ', 'plays[0].become: must be true or false, not nothing'],
    ['become_method: pbrun', 'plays[0].become_method: "pbrun" is not supported (supported: sudo, su, doas)'],
    ['connection: winrm', 'plays[0].connection: "winrm" is not supported (supported: ssh, local)'],
    ['order: sortd', 'plays[0].order: "sortd" is not supported (did you mean `sorted`?)'],
    [
      'debugger: always',
      'plays[0].debugger: `debugger` is not supported (remove it, and use `tsplay check` to see what a task would do)',
    ],
    [
      'vars: {a-b: 1}',
      'plays[0].vars.a-b: "a-b" is no variable name: letters, digits and _ only, no digit first (write `a_b`)',
    ],
    ['vars: [a]', 'plays[0].vars: must map names to values, not a list'],
    ['tasks: {command: x}', 'plays[0].tasks: must be a list of tasks, not a mapping'],
    ['when: x', 'plays[0].when: `when` is no keyword of a play'],
    ['environment: [{A: b}, "{{ e }}"]', undefined],
    ['environment: A=b', 'plays[0].environment: must map variables to values, not "A=b"'],
    [
      'vars_files: [none.yml]',
      'plays[0].vars_files[0]: there is no file "none.yml" (looked for none.yml, vars/none.yml)',
    ],
    ['vars_files: ["{{ os }}.yml", ["{{ site }}.yml", none.yml]]', undefined],
    ['module_defaults: {shel: {}}', 'plays[0].module_defaults.shel: unknown module `shel` (did you mean `shell`?)'],
    ['collections: [community.general]', undefined],
    ['timeout: 3.5', undefined],
    ['tags: [a, 7]', undefined],
    ['tags: {a: b}', 'plays[0].tags: a tag must be a word, not a mapping (write `tags: [gpu, nova]`)'],
    ['roles: [{rol: x}]', 'plays[0].roles[0].rol: must be the name of a role, not nothing (did you mean `role`?)'],
    ['roles: [{x: 1}]', 'plays[0].roles[0].role: must be the name of a role, not nothing (write `- role: name`)'],
  ];

  test.each(play)('%s', (line, problem) => {
    const found = problemsOf(`- hosts: all\n  ${line}\n`).map((text) => text.replace(/^\S+ {2}/, ''));
    expect(found).toEqual(problem === undefined ? [] : [problem]);
  });

  test('a file that is no playbook says what one is', () => {
    expect(problemsOf('hosts: all\n')).toEqual([
      'site.yml:1:1: a playbook is a list of plays, not a mapping (begin with `- hosts: …`)',
    ]);
  });
});

test('a playbook without plays is warned of', () => {
  expect(problemsOf('[]\n')).toEqual(['site.yml:1:1: the playbook has no plays']);
});

test('a directory where a file is wanted is said where it is asked for', () => {
  const text = '- hosts: all\n  vars_files: [d]\n  tasks:\n    - import_tasks: d\n';
  expect(problemsOf(text, { 'd/x': '' })).toEqual([
    'site.yml:2:16  plays[0].vars_files[0]: d is a directory, not a file of variables',
    'site.yml:4:7  plays[0].tasks[0].import_tasks: d is a directory, not a file of tasks',
  ]);
});

test('files of variables are read before the run, the first that exists of a list', () => {
  const text = '- hosts: all\n  vars_files: [[none.yml, v.yml], w.yml]\n';
  const files = { 'v.yml': 'a-b: 1\n', 'vars/w.yml': 'x: {{ y }}\n' };
  expect(problemsOf(text, files)).toEqual([
    expect.stringMatching(/^v\.yml:1:1 .*a_b/),
    expect.stringMatching(/^vars\/w\.yml:1/),
  ]);
});

describe('mistakes in a task', () => {
  const tasks: readonly (readonly [task: string, problem: string | undefined])[] = [
    ['{command: x, shell: y}', 'shell: two modules in one task: command and shell (make it two tasks)'],
    ['{name: x}', ': this task names no module (it has only keywords: name)'],
    ['command', ': a task must be a mapping, not "command" (write `- name: …` with a module below it)'],
    ['{comand: x}', 'comand: unknown module "comand" (did you mean `command`?)'],
    ['{ansible.builtin.yum: {name: x}}', 'ansible.builtin.yum: unknown module "ansible.builtin.yum" (use `package`)'],
    [
      '{ansible.builtin.comand: x}',
      'ansible.builtin.comand: unknown module "ansible.builtin.comand" (did you mean `command`?)',
    ],
    [
      '{lineinfile: {line: a}, path: /x}',
      'path: `path` is no keyword of a task (it is an argument of lineinfile: indent it below `lineinfile:`)',
    ],
    ['{lineinfile: [path]}', 'lineinfile: the arguments of lineinfile must be a mapping, not a list'],
    ['{service: restarted}', 'service: "restarted" is not of the form key=value (write a mapping below the key)'],
    [
      '{command: x, register: a-b}',
      'register: "a-b" is no variable name: letters, digits and _ only, no digit first (write `a_b`)',
    ],
    [
      '{command: x, register: 3x}',
      'register: "3x" is no variable name: letters, digits and _ only, no digit first (write `_3x`)',
    ],
    ['{command: x, when: "{{ x }}"}', 'when: a condition is an expression already, without {{ }} or {% %} (write `x`)'],
    [
      '{command: x, when: ""}',
      'when: a condition must be an expression that is true or false, not "" (remove the key, or write `true`)',
    ],
    [
      '{command: x, when: "0"}',
      'when: a condition must be an expression that is true or false, not "0" (compare it: `x == 1`, `x | bool`)',
    ],
    ['{command: x, when: "false"}', undefined],
    ['{command: x, when: [a, "b is defined"]}', undefined],
    [
      '{command: x, failed_when: "r.rc >"}',
      expect.stringMatching(/^failed_when: .*, character 7 of the text, at: r\.rc >$/) as string,
    ],
    ['{command: x, loop: hosts}', 'loop: must be a list, not "hosts" (write `"{{ hosts }}"`)'],
    ['{command: x, loop: {a: 1}}', 'loop: must be a list, not a mapping (a mapping becomes one with `| dict2items`)'],
    [
      '{command: x, loop: [a], with_items: [b]}',
      'with_items: two loops in one task: loop and with_items (nest with include_tasks)',
    ],
    ['{command: x, with_item: [b]}', 'with_item: there is no loop `with_item` (did you mean `with_items`?)'],
    ['{command: x, loop_control: {label: a}}', 'loop_control: loop_control without a loop'],
    [
      '{command: x, loop: [a], loop_control: {loop_vra: a}}',
      'loop_control.loop_vra: `loop_vra` is no part of loop_control (did you mean `loop_var`?)',
    ],
    [
      '{command: x, loop: [a], loop_control: {loop_var: a b}}',
      'loop_control.loop_var: "a b" is no variable name: letters, digits and _ only, no digit first (write `a_b`)',
    ],
    [
      '{command: x, async: 60, poll: 0}',
      'poll: `poll: 0` is not supported (start it detached, with systemd-run or nohup)',
    ],
    ['{command: x, async: 60, poll: 5}', undefined],
    ['{command: x, listen: a}', 'listen: `listen` is for handlers only (did you mean `notify`?)'],
    [
      '{include: x.yml}',
      'include: `include` cannot be used here (use include_tasks, or import_tasks for a file known before the run)',
    ],
    [
      '{import_playbook: x.yml}',
      'import_playbook: `import_playbook` cannot be used here (it stands at the top level of a playbook, beside plays)',
    ],
    ['{rescue: []}', ': `rescue` and `always` need a `block` beside them'],
    ['{block: [], register: x}', 'register: `register` is no keyword of a block'],
    ['{meta: end_hots}', 'meta: no such meta action: "end_hots" (did you mean `end_host`?)'],
    [
      '{import_tasks: "{{ x }}.yml"}',
      'import_tasks: what is imported must be known before the run, so no template (use include_tasks)',
    ],
    [
      '{import_tasks: site.yml, loop: [a]}',
      expect.stringMatching(/^loop: `loop` cannot stand on import_tasks/) as string,
    ],
    ['{import_tasks: none.yml}', 'import_tasks: there is no file "none.yml" (looked for none.yml)'],
    ['{include_tasks: none.yml}', 'include_tasks: there is no file "none.yml" (looked for none.yml)'],
    [
      '{include_tasks: none.yml, when: x}',
      'include_tasks: there is no file "none.yml" (its condition may keep it from being read)',
    ],
    [
      '{include_tasks: "{{ x }}.yml", become: true}',
      'become: `become` has no effect on include_tasks (put it under `apply:` for the included tasks, or use the import)',
    ],
    [
      '{include_role: {name: x, tasks_form: y}}',
      'include_role.tasks_form: include_role takes no `tasks_form` (did you mean `tasks_from`?)',
    ],
    ['{include_role: {}}', 'include_role.name: names a role, not nothing (write `include_role: {name: …}`)'],
    ['{import_role: {name: gpu}}', 'import_role: there is no role "gpu" (looked for roles/gpu, gpu)'],
    [
      '{debug: {var: "{{ x }}"}}',
      'debug.var: "{{ x }}" is an expression already, without {{ }} or {% %} (name variables directly)',
    ],
    ["{debug: {var: 'x.y[0]'}}", undefined],
    ['{debug: {msg: "{{ x | "}}', expect.stringMatching(/^debug\.msg: /) as string],
    ['{debug: {msg: {deep: [ok, "{% if %}"]}}}', expect.stringMatching(/^debug\.msg\.deep\[1\]: /) as string],
    ['{command: x, name: "{{"}', expect.stringMatching(/^name: /) as string],
    ['{command: x, vars: {a: "{{ b"}}', expect.stringMatching(/^vars\.a: /) as string],
    ['{debug: {msg: !unsafe "{{ x | "}}', undefined],
    ['{lineinfile: {path: /x, mode: 644}}', 'lineinfile.mode: must be four octal digits'],
    ['{lineinfile: {path: /x, mode: 0644}}', undefined],
    ['{command: x, args: {path: /x}}', 'command.path: no such argument (arguments: cmd, creates, chdir)'],
    ['{lineinfile: {line: a}, module_defaults: {lineinfile: {path: /x}}}', undefined],
    ['{command: x, delegate_to: ""}', 'delegate_to: must be text, not ""'],
    [
      '{command: x, with_filetree: a}',
      'with_filetree: there is no loop `with_filetree` (use `with_fileglob`, or copy the directory as a whole)',
    ],
  ];

  test.each(tasks)('%s', (task, problem) => {
    const found = taskProblems(`- ${task}`).map((text) => text.replace(/^\S+ {2}plays\[0\]\.tasks\[0\]\.?/, ''));
    if (problem === undefined) expect(found).toEqual([]);
    else expect(found).toContainEqual(problem);
  });
});

describe('handlers that are notified by name', () => {
  const handlers =
    '  handlers:\n  - {name: restart nova, command: x, listen: [nova changed]}\n  - {name: "reload {{ unit }}", command: x}\n';

  test('a name no handler has is found before the run', () => {
    const text = `- hosts: all\n  tasks:\n  - {command: x, notify: [restart nvoa, nova changed, reload foo, "{{ any }}"]}\n${handlers}`;
    expect(problemsOf(text)).toEqual([
      'site.yml:3:27  plays[0].tasks[0].notify[0]: there is no handler named restart nvoa (did you mean `restart nova`?)',
    ]);
  });

  test('it is a warning while an include with a computed name may bring the handler', () => {
    const tasks = '  - {include_role: {name: "{{ r }}"}}\n  - {command: x, notify: [other]}\n';
    const [problem] = problemsOf(`- hosts: all\n  tasks:\n${tasks}${handlers}`);
    expect(problem).toMatch(/no handler named other is known before the run/);
  });

  test('handlers of roles count, also by role and name, and those of an include_role with a literal name', () => {
    const roles = {
      'roles/a/handlers/main.yml': '- {name: h, command: x}\n',
      'roles/b/handlers/main.yml': '- {name: late, command: x}\n',
    };
    const tasks = '  - {command: x, notify: ["a : h", h, late]}\n  - {include_role: {name: b}}\n';
    expect(problemsOf(`- hosts: all\n  roles: [a]\n  tasks:\n${tasks}`, roles)).toEqual([]);
  });

  test('a handler cannot flush handlers, and the name of a block is no handler', () => {
    const text =
      '- hosts: all\n  tasks:\n  - {command: x, notify: b}\n  handlers:\n  - meta: flush_handlers\n  - {name: b, block: [{name: inner, command: x}]}\n';
    expect(problemsOf(text)).toEqual([
      'site.yml:3:18  plays[0].tasks[0].notify: there is no handler named b (handlers: inner)',
      'site.yml:5:5  plays[0].handlers[0].meta: a handler cannot flush handlers (handlers that it notifies run after it)',
    ]);
  });
});

describe('G8: values that YAML corrupts', () => {
  test('a variable whose text is lost in a number is pointed out; octal modes and plain numbers are not', () => {
    const text =
      '- hosts: all\n  vars: {kernel: 6.10, ids: [1.0e+3, 2235], at: 10:00, mode: 0644, n: 1.5, s: "6.10"}\n';
    expect(problemsOf(text).map((problem) => problem.replace(/^\S+ {2}/, ''))).toEqual([
      'plays[0].vars.kernel: YAML reads 6.10 as the number 6.1 (for text write "6.10")',
      'plays[0].vars.ids[0]: YAML reads 1.0e+3 as the number 1000 (for text write "1.0e+3")',
      'plays[0].vars.at: YAML reads 10:00 as the number 600 (for text write "10:00")',
    ]);
  });
});
