import { symlinkSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Secret } from '../../contract/secret.ts';
import { inherit, NO_KEYWORDS } from './keywords.ts';
import { LoadError } from './loader.ts';
import { loaded, sampleProject, tasksIn, tasksOf } from './sample-project.ts';
import type { Include, RoleStatement, Statement, Task } from './types.ts';
import { walk } from './walk.ts';

const conditions = (statement: Statement | undefined) => statement?.keywords.when.map(({ expression }) => expression);

function taskOf(task: string): Task {
  const [first] = tasksOf(`- hosts: all\n  tasks:\n  - ${task}\n`);
  if (!first) throw new Error('no task');
  return first;
}

describe('a task', () => {
  test('free text keeps its spacing, quotes and templates, and gives up words that are other arguments', () => {
    expect(taskOf(`shell: echo  "a b" {{ x | default('c d=e') }}  creates=/tmp/x chdir="/a b" FOO=1`).args).toEqual({
      cmd: `echo  "a b" {{ x | default('c d=e') }} FOO=1`,
      creates: '/tmp/x',
      chdir: '/a b',
    });
  });

  test('a script with an apostrophe in a comment passes as it is', () => {
    expect(taskOf(`shell: |\n      # don't\n      for i in a b; do echo $i; done`).args).toEqual({
      cmd: `# don't\nfor i in a b; do echo $i; done`,
    });
  });

  test('key=value words become arguments with the types the module wants', () => {
    const task = taskOf(
      `ansible.builtin.lineinfile: path=/x line='a b={{ c d }}' backup=yes`.replace('c d', "c ~ 'd'"),
    );
    expect(task).toMatchObject({ module: 'lineinfile', moduleKey: 'ansible.builtin.lineinfile' });
    expect(task.args).toEqual({ path: '/x', line: "a b={{ c ~ 'd' }}", backup: 'yes' });
  });

  test('a command that YAML takes for a boolean runs as it was typed', () => {
    expect(taskOf('command: yes').args).toEqual({ cmd: 'yes' });
  });

  test('args: adds to the arguments and does not override them', () => {
    expect(taskOf('command: make chdir=/a\n    args: {creates: /b, chdir: /c}').args).toEqual({
      cmd: 'make',
      chdir: '/a',
      creates: '/b',
    });
  });

  test('an alias of a module becomes its name; action and local_action name modules too', () => {
    expect(taskOf('systemd: {name: x, state: started}').module).toBe('service');
    expect(taskOf('action: service name=x state=started').args).toEqual({ name: 'x', state: 'started' });
    expect(taskOf('local_action: {module: command, cmd: x}')).toMatchObject({
      module: 'command',
      args: { cmd: 'x' },
      keywords: { delegateTo: 'localhost' },
    });
  });

  test('loops keep their kind, their variables and their pauses', () => {
    expect(taskOf('command: x\n    loop: [1]').loop).toEqual({
      kind: 'loop',
      over: [1],
      variable: 'item',
      isExtended: false,
    });
    const control = 'loop_control: {loop_var: gpu, index_var: i, label: "{{ gpu }}", pause: 1.5, extended: true}';
    expect(taskOf(`command: x\n    with_dict: "{{ d }}"\n    ${control}`).loop).toEqual({
      kind: 'dict',
      over: '{{ d }}',
      variable: 'gpu',
      indexVariable: 'i',
      label: '{{ gpu }}',
      pause: 1.5,
      isExtended: true,
    });
  });

  test('outcome keywords are conditions; notify, retries and time limits are kept', () => {
    const task = taskOf(
      'command: x\n    until: r.rc == 0\n    retries: "3"\n    delay: "{{ d }}"\n    changed_when: false\n    failed_when: [a, b]\n    notify: "{{ h }}"\n    async: 60',
    );
    expect(task.until?.[0]?.expression).toBe('r.rc == 0');
    expect(task.changedWhen?.map(({ expression }) => expression)).toEqual([false]);
    expect(task.failedWhen?.map(({ expression }) => expression)).toEqual(['a', 'b']);
    expect(task).toMatchObject({ retries: 3, delay: '{{ d }}', notify: ['{{ h }}'], keywords: { timeout: 60 } });
    expect(taskOf('command: x')).toMatchObject({ changedWhen: undefined, failedWhen: undefined, until: undefined });
  });

  test('mode is what was typed', () => {
    expect(taskOf('lineinfile: {path: /x, mode: 0644}').args.mode).toBe('0644');
  });
});

describe('keywords', () => {
  test('lists add up from the outside, the innermost single value wins', () => {
    const outer = { ...NO_KEYWORDS, tags: ['a', 'b'], become: true, becomeUser: 'root', environment: [{ A: 1 }] };
    const inner = { ...NO_KEYWORDS, tags: ['b', 'c'], become: false, environment: [{ B: 1 }] };
    expect(inherit(outer, inner)).toEqual({
      ...NO_KEYWORDS,
      tags: ['a', 'b', 'c'],
      become: false,
      becomeUser: 'root',
      environment: [{ A: 1 }, { B: 1 }],
    });
  });

  test('a task inherits from play and block, and names where its variables were written', () => {
    const text = `- hosts: all
  become: yes
  tags: [p]
  vars: {level: play}
  tasks:
  - block:
    - command: x
      when: b
      tags: t
      vars: {two: 2}
    when: a
    vars: {one: 1}
    notify: h
    rescue:
    - command: y
  handlers: [{name: h, command: z}]
`;
    const [task, rescue] = tasksOf(text);
    expect(conditions(task)).toEqual(['a', 'b']);
    expect(conditions(rescue)).toEqual(['a']);
    expect(task).toMatchObject({ notify: ['h'], keywords: { become: true, tags: ['p', 't'] } });
    expect(task?.keywords.vars).toEqual([
      { vars: { one: 1 }, source: expect.stringMatching(/site\.yml:12$/) },
      { vars: { two: 2 }, source: expect.stringMatching(/site\.yml:10$/) },
    ]);
  });
});

describe('a play', () => {
  test('sections come in the order they run, whatever the order in the file', () => {
    const project = sampleProject({
      'site.yml':
        '- hosts: gpu\n  post_tasks: [command: d]\n  tasks: [command: c]\n  roles: [r]\n  pre_tasks: [command: a]\n  serial: [1, 30%]\n  strategy: ansible.builtin.free\n  gather_facts: "no"\n  max_fail_percentage: 30%\n',
      'roles/r/tasks/main.yml': '- command: b\n',
    });
    const playbook = loaded(project);
    expect(tasksIn(playbook).map(({ args }) => args.cmd)).toEqual(['a', 'b', 'c', 'd']);
    expect(playbook.plays[0]).toMatchObject({
      hosts: 'gpu',
      path: 'plays[0]',
      serial: [1, '30%'],
      strategy: 'free',
      gatherFacts: false,
      maxFailPercentage: 30,
      directory: project.directory,
    });
  });

  test('imported playbooks stand in place, with tags, conditions and variables of the import', () => {
    const project = sampleProject({
      'site.yml': '- import_playbook: sub/gpu.yml\n  tags: x\n  when: ready\n  vars: {v: 2}\n- hosts: b\n',
      'sub/gpu.yml': '- hosts: a\n  tags: y\n  vars: {v: 1, w: 1}\n  tasks: [command: x]\n',
    });
    const playbook = loaded(project);
    expect(playbook.plays.map(({ hosts }) => hosts)).toEqual(['a', 'b']);
    expect(playbook.plays[0]).toMatchObject({
      path: 'plays[0].plays[0]',
      vars: { v: 2, w: 1 },
      directory: join(project.directory, 'sub'),
    });
    expect(playbook.plays[0]?.keywords.tags).toEqual(['x', 'y']);
    expect(playbook.plays[0]?.keywords.when).toEqual([]);
    expect(conditions(tasksIn(playbook)[0])).toEqual(['ready']);
  });

  test('a playbook that imports itself, or is not there, is a problem', () => {
    const project = sampleProject({ 'site.yml': '- import_playbook: site.yml\n- import_playbook: none.yml\n' });
    project.load();
    expect(project.messages()).toEqual([
      'site.yml:1:3  plays[0].import_playbook: site.yml imports itself',
      'site.yml:2:3  plays[1].import_playbook: there is no playbook none.yml',
    ]);
    expect(sampleProject({}).load()).toBeUndefined();
  });

  test('prompts are private unless they say otherwise', () => {
    const text = '- hosts: all\n  vars_prompt: [{name: a, prompt: "A?"}, {name: b, private: no, default: x}]\n';
    expect(loaded(sampleProject({ 'site.yml': text })).plays[0]?.varsPrompt).toEqual([
      { name: 'a', prompt: 'A?', isPrivate: true },
      { name: 'b', prompt: 'b', default: 'x', isPrivate: false },
    ]);
  });
});

describe('import_tasks', () => {
  const files = {
    'site.yml':
      '- hosts: all\n  tasks:\n  - import_tasks: tasks/a.yml\n    when: x\n    tags: t\n    vars: {v: 1}\n  - import_tasks: tasks/a.yml\n',
    'tasks/a.yml': '- command: a\n- import_tasks: b.yml\n',
    'tasks/b.yml': '- command: b\n  when: y\n',
  };

  test('is replaced by the tasks, which inherit its keywords; names are relative to the importing file', () => {
    const tasks = tasksIn(loaded(sampleProject(files)));
    expect(tasks.map(({ args }) => args.cmd)).toEqual(['a', 'b', 'a', 'b']);
    expect(tasks.map(conditions)).toEqual([['x'], ['x', 'y'], [], ['y']]);
    expect(tasks[1]).toMatchObject({
      path: 'plays[0].tasks[0].import_tasks[1].import_tasks[0]',
      keywords: { tags: ['t'] },
    });
  });

  test('a file imported twice gives different ids', () => {
    const tasks = tasksIn(loaded(sampleProject(files)));
    expect(new Set(tasks.map(({ id }) => id)).size).toBe(4);
  });

  test('a file that imports itself is a problem, not an endless reading', () => {
    const project = sampleProject({
      'site.yml': '- hosts: all\n  tasks: [import_tasks: a.yml]\n',
      'a.yml': '- import_tasks: a.yml\n',
    });
    project.load();
    expect(project.messages()).toEqual([expect.stringMatching(/^a\.yml:1:3 .*imports itself/)]);
  });

  test('a mistake in a file used twice is shown once', () => {
    const project = sampleProject({ ...files, 'tasks/b.yml': '- comand: b\n' });
    project.load();
    expect(project.messages()).toHaveLength(1);
  });
});

describe('roles', () => {
  const files = {
    'site.yml':
      '- hosts: all\n  become: yes\n  roles:\n  - base\n  - {role: gpu, driver: vfio-pci, when: has_gpu, tags: g, vars: {count: 2}}\n  handlers: [{name: h, command: play}]\n  tasks:\n  - import_role: {name: gpu, tasks_from: check.yml, public: no}\n',
    'roles/base/tasks/main.yml': '- command: base\n',
    'roles/base/handlers/main.yml': '- {name: h, command: base}\n',
    'roles/base/vars/main.yml': 'b: 1\n',
    'roles/gpu/defaults/main.yaml': 'driver: nvidia\ncount: 1\n',
    'roles/gpu/vars/main/one.yml': 'x: 1\n',
    'roles/gpu/vars/main/two.yml': 'x: 2\n',
    'roles/gpu/tasks/main.yml': '- import_tasks: more.yml\n',
    'roles/gpu/tasks/more.yml': '- command: "{{ driver }}"\n',
    'roles/gpu/tasks/check.yml': '- command: check\n',
    'roles/gpu/handlers/main.yml': '- {name: g, command: gpu}\n',
    'roles/gpu/meta/main.yml':
      'galaxy_info: {author: x}\nallow_duplicates: yes\ndependencies:\n- {role: base, tags: d}\n',
  };

  test('bring variables, dependencies first, then tasks; their tasks inherit the keywords of the use', () => {
    const tasks = tasksIn(loaded(sampleProject(files)));
    expect(tasks.map(({ args }) => args.cmd)).toEqual(['base', 'base', '{{ driver }}', 'base', 'check']);
    const [, dependency, own] = tasks;
    expect(dependency?.keywords.tags).toEqual(['g', 'd']);
    expect(conditions(dependency)).toEqual(['has_gpu']);
    expect(dependency?.role?.parents).toEqual(['gpu']);
    expect(own?.keywords).toMatchObject({ become: true, tags: ['g'] });
    expect(own?.role).toMatchObject({
      name: 'gpu',
      defaults: { driver: 'nvidia', count: 1 },
      vars: { x: 2, count: 2 },
      params: { driver: 'vfio-pci' },
    });
  });

  test("a play's own handlers come after those of its roles, each role's once, dependencies first", () => {
    const [play] = loaded(sampleProject(files)).plays;
    expect(play?.handlers.map(({ role }) => role)).toEqual(['base', 'base', 'gpu', 'gpu', undefined]);
    expect(play?.roles.map(({ name }) => name)).toEqual(['base', 'base', 'gpu']);
  });

  test('equal uses have equal keys, other parameters or tags another', () => {
    const uses = (second: string) => {
      const text = `- hosts: all\n  roles: [base, ${second}]\n`;
      const project = sampleProject({ ...files, 'site.yml': text });
      const statements = loaded(project).plays[0]?.sections[0]?.statements as readonly RoleStatement[];
      return new Set(statements.map(({ key }) => key)).size;
    };
    expect(uses('base')).toBe(1);
    expect(uses('{role: base, tags: x}')).toBe(2);
    expect(uses('{role: base, p: 1}')).toBe(2);
  });

  test('a role may run twice where its meta says so', () => {
    const [play] = loaded(sampleProject(files)).plays;
    const roles = (play?.sections[0]?.statements ?? []) as readonly RoleStatement[];
    expect(roles.map(({ allowDuplicates }) => allowDuplicates)).toEqual([false, true]);
  });

  test('are found beside the playbook, then in the given directories, under their short name too', () => {
    const text = '- hosts: all\n  roles: [here, there, my.gpu.there]\n';
    const more = {
      'playbooks/site.yml': text,
      'playbooks/roles/here/tasks/main.yml': '',
      'roles/there/tasks/main.yml': '',
    };
    const project = sampleProject(more, ['roles']);
    const playbook = project.load('playbooks/site.yml');
    expect(project.messages()).toEqual([]);
    expect(playbook?.plays[0]?.roles.map(({ path }) => path.replace(project.directory, ''))).toEqual([
      '/playbooks/roles/here',
      '/roles/there',
      '/roles/there',
    ]);
  });

  test('that need each other in a circle are a problem', () => {
    const project = sampleProject({
      'site.yml': '- hosts: all\n  roles: [a]\n',
      'roles/a/meta/main.yml': 'dependencies: [b]\n',
      'roles/b/meta/main.yml': 'dependencies: [a]\n',
    });
    project.load();
    expect(project.messages()).toEqual([
      'roles/b/meta/main.yml:1:16  plays[0].roles[0].meta.dependencies[0].meta.dependencies[0]: roles need each other in a circle: a → b → a',
    ]);
  });

  test('a file asked for by name must be there', () => {
    const project = sampleProject({
      'site.yml': '- hosts: all\n  tasks:\n  - import_role: {name: a, tasks_from: none}\n',
      'roles/a/tasks/main.yml': '',
    });
    project.load();
    expect(project.messages()).toEqual([
      'site.yml:3:5  plays[0].tasks[0].import_role: role "a" has no tasks file "none" (looked for roles/a/tasks/none.yml and .yaml)',
    ]);
  });
});

function includeOf(project: ReturnType<typeof sampleProject>): Include {
  const statements = loaded(project).plays.flatMap(({ sections }) =>
    sections.flatMap((one) => [...walk(one.statements)]),
  );
  const include = statements.find(({ kind }) => kind === 'include');
  if (include?.kind !== 'include') throw new Error('no include');
  return include;
}

describe('include_tasks', () => {
  const files = {
    'site.yml':
      '- hosts: all\n  become: yes\n  tasks:\n  - block:\n    - include_tasks: {file: "tasks/{{ os }}.yml", apply: {tags: [applied], when: c}}\n      tags: own\n      when: own\n      vars: {v: 1}\n      loop: [1, 2]\n    when: outer\n',
    'tasks/a.yml': '- command: "{{ item }}"\n- include_tasks: b.yml\n',
    'tasks/bad.yml': '- comand: x\n- command: x\n  retris: 1\n',
  };
  const itemLayer = { vars: { item: 1 }, source: 'loop' };

  test('its own keywords only gate it: included tasks inherit what is around it, apply and its variables', () => {
    const project = sampleProject(files);
    const include = includeOf(project);
    expect(conditions(include)).toEqual(['outer', 'own']);
    expect(include.keywords.tags).toEqual(['own']);
    expect(include.loop?.over).toEqual([1, 2]);
    const inside = { ...include.apply, vars: [...include.keywords.vars, itemLayer] };
    const [task, nested] = project.loader.includeTasks('tasks/a.yml', include, inside);
    expect(task?.keywords).toMatchObject({ become: true, tags: ['applied'] });
    expect(conditions(task)).toEqual(['outer', 'c']);
    expect(task?.keywords.vars.map(({ vars }) => vars)).toEqual([{ v: 1 }, { item: 1 }]);
    expect(nested).toMatchObject({ kind: 'include', directory: join(project.directory, 'tasks') });
    expect(task?.id.startsWith(`${include.id}>`)).toBe(true);
  });

  test('the same file with the same variables is read once, with others again', () => {
    const project = sampleProject(files);
    const include = includeOf(project);
    const first = project.loader.includeTasks('tasks/a.yml', include, { ...NO_KEYWORDS, vars: [itemLayer] });
    expect(project.loader.includeTasks('tasks/a.yml', include, { ...NO_KEYWORDS, vars: [{ ...itemLayer }] })).toBe(
      first,
    );
    const other = { ...NO_KEYWORDS, vars: [{ vars: { item: 2 }, source: 'loop' }] };
    expect(project.loader.includeTasks('tasks/a.yml', include, other)).not.toBe(first);
  });

  test('two secrets, which look alike in writing, are not taken for one', () => {
    const project = sampleProject(files);
    const include = includeOf(project);
    const [first, second] = ['alpha', 'omega'].map((text) => {
      const vars = [{ vars: { item: new Secret(text) }, source: 'loop' }];
      return project.loader.includeTasks('tasks/a.yml', include, { ...NO_KEYWORDS, vars });
    });
    expect(second).not.toBe(first);
  });

  test('what is wrong in a file known only at run time is one error with every place', () => {
    const project = sampleProject(files);
    const include = includeOf(project);
    const load = () => project.loader.includeTasks('tasks/bad.yml', include, NO_KEYWORDS);
    expect(load).toThrow(LoadError);
    expect(load).toThrow(/bad\.yml:1:3 .*unknown module "comand".*; .*bad\.yml:3:3 .*retris/);
    expect(() => project.loader.includeTasks('tasks/none.yml', include, NO_KEYWORDS)).toThrow(
      /there is no file "tasks\/none\.yml"/,
    );
  });

  test('a literal name is looked into before the run, once, even when the file includes itself', () => {
    const project = sampleProject({
      'site.yml': '- hosts: all\n  tasks:\n  - include_tasks: a.yml\n',
      'a.yml': '- include_tasks: a.yml\n  when: again\n- comand: x\n',
    });
    project.load();
    expect(project.messages()).toEqual([expect.stringMatching(/^a\.yml:3:3 .*unknown module "comand"/)]);
  });
});

test('looking into an include before the run counts what `apply` gives the included tasks', () => {
  const project = sampleProject({
    'site.yml':
      '- hosts: all\n  tasks:\n  - include_tasks: {file: a.yml, apply: {module_defaults: {lineinfile: {path: /x}}}}\n',
    'a.yml': '- lineinfile: {line: a}\n',
  });
  project.load();
  expect(project.messages()).toEqual([]);
});

test('what a handler includes may listen, before the run and while running', () => {
  const text =
    '- hosts: all\n  handlers:\n  - {name: a, include_tasks: h.yml}\n  - {name: b, include_tasks: "{{ f }}"}\n';
  const project = sampleProject({ 'site.yml': text, 'h.yml': '- {command: x, listen: topic}\n' });
  const [, include] = loaded(project).plays[0]?.handlers[0]?.statements ?? [];
  if (include?.kind !== 'include') throw new Error('no include');
  expect(project.loader.includeTasks('h.yml', include, NO_KEYWORDS)).toMatchObject([{ listen: ['topic'] }]);
});

describe('include_role', () => {
  const files = {
    'site.yml':
      '- hosts: all\n  tasks:\n  - include_role: {name: "{{ r }}", tasks_from: "{{ f }}", apply: {become: yes}}\n    vars: {p: 1}\n',
    'roles/a/meta/main.yml': 'dependencies: [b]\n',
    'roles/a/tasks/extra.yml': '- command: a\n',
    'roles/a/handlers/main.yml': '- {name: ha, command: x}\n',
    'roles/b/tasks/main.yml': '- command: b\n',
    'roles/b/handlers/main.yml': '- {name: hb, command: x}\n',
  };

  test('gives the role with its parameters, and all handlers it brings', () => {
    const project = sampleProject(files);
    const include = includeOf(project);
    const { statement, handlers } = project.loader.includeRole('a', include, include.apply, { tasks_from: 'extra' });
    const tasks = [...walk([statement])].filter((one): one is Task => one.kind === 'task');
    expect(tasks.map(({ args }) => args.cmd)).toEqual(['b', 'a']);
    expect(tasks[1]?.keywords.become).toBe(true);
    expect(statement).toMatchObject({ allowDuplicates: true, role: { name: 'a', params: { p: 1 } } });
    expect(handlers.statements.map(({ name }) => name)).toEqual(['hb', 'ha']);
  });

  test('a role that is not there is an error naming where it was looked for', () => {
    const project = sampleProject(files);
    const include = includeOf(project);
    expect(() => project.loader.includeRole('c', include, NO_KEYWORDS, {})).toThrow(
      /no role "c" \(looked for .*roles\/c/,
    );
  });
});

describe('G11: files outside of the project', () => {
  test('are refused by relative and absolute name and through links, also while running', () => {
    const project = sampleProject({
      'site.yml':
        '- hosts: all\n  tasks:\n  - import_tasks: ../../../../etc/hostname\n  - import_tasks: /etc/hostname\n  roles: [linked]\n',
      'roles/real/tasks/main.yml': '',
    });
    const elsewhere = sampleProject({ 'role/tasks/main.yml': '- command: x\n' });
    symlinkSync(join(elsewhere.directory, 'role'), join(project.directory, 'roles/linked'));
    project.load();
    expect(project.messages()).toEqual([
      expect.stringMatching(/tasks\[0\].*outside of the project/),
      expect.stringMatching(/tasks\[1\].*outside of the project/),
      expect.stringMatching(/roles\[0\].*outside of the project/),
    ]);
  });

  test('are refused while running, too', () => {
    const project = sampleProject({ 'site.yml': '- hosts: all\n  tasks: [include_tasks: "{{ f }}"]\n' });
    const include = includeOf(project);
    for (const file of ['/etc/hostname', `${'../'.repeat(20)}etc/hostname`]) {
      expect(() => project.loader.includeTasks(file, include, NO_KEYWORDS)).toThrow(/outside of the project/);
    }
  });

  test('the directory above the playbooks belongs to the project when roles live there', () => {
    const files = { 'playbooks/site.yml': '- hosts: all\n  tasks: [import_tasks: ../common.yml]\n', 'common.yml': '' };
    const bare = sampleProject(files);
    bare.load('playbooks/site.yml');
    expect(bare.messages()).toEqual([expect.stringContaining('outside of the project')]);
    const withRoles = sampleProject({ ...files, 'roles/a/tasks/main.yml': '' });
    withRoles.load('playbooks/site.yml');
    expect(withRoles.messages()).toEqual([]);
  });
});

describe('files of variables', () => {
  const play = (entry: string) => `- hosts: all\n  vars_files: [${entry}]\n`;

  test('an absolute name may lie outside of the project, a relative one and a link may not', () => {
    const elsewhere = sampleProject({ 'v.yml': 'a: 1\n' });
    const absolute = join(elsewhere.directory, 'v.yml');
    loaded(sampleProject({ 'site.yml': play(absolute) }));
    const project = sampleProject({ 'site.yml': play(`../${basename(elsewhere.directory)}/v.yml, link.yml`) });
    symlinkSync(absolute, join(project.directory, 'link.yml'));
    project.load();
    expect(project.messages()).toEqual([
      expect.stringMatching(/vars_files\[0\].*outside of the project/),
      expect.stringMatching(/vars_files\[1\].*outside of the project/),
    ]);
  });

  test('an encrypted file without a password says what to do', () => {
    const project = sampleProject({ 'site.yml': play('secret.yml'), 'secret.yml': '$ANSIBLE_VAULT;1.1;AES256\n00\n' });
    project.load();
    expect(project.messages()).toEqual([expect.stringMatching(/^secret\.yml.*encrypted: give a vault password/)]);
  });
});
