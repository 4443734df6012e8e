import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { problemsOf, sampleProject } from './sample-project.ts';

const TASK = 'template: {src: a.j2, dest: /a}';
const MISSING = 'site.yml:4:18  plays[0].tasks[0].template.src: there is no file "a.j2" on the controller';

function problemsOfTask(task: string, files: Readonly<Record<string, string>> = {}, play = 'hosts: all') {
  return problemsOf(`- ${play}\n  gather_facts: false\n  tasks:\n    - ${task}\n`, files);
}

describe('a file that is not there', () => {
  test('is found before the run, with the places where it was looked for', () => {
    expect(problemsOfTask(TASK)).toEqual([`${MISSING} (looked for templates/a.j2, a.j2)`]);
  });

  test.each([
    ['with a condition', `{${TASK}, when: x}`, 'its condition may keep it from being read'],
    ['where a failure is allowed', `{${TASK}, ignore_errors: true}`, 'the failure is caught'],
    ['that only its tag brings', `{${TASK}, tags: never}`, 'its condition may keep it from being read'],
  ])('%s is a warning', (_, task, why) => {
    const project = sampleProject({ 'site.yml': `- hosts: all\n  tasks:\n    - ${task}\n` });
    project.load();
    expect(project.problems.list).toMatchObject([{ severity: 'warning', hint: expect.stringContaining(why) }]);
  });

  test('in a block with a rescue is a warning, in the rescue an error', () => {
    const text = `- hosts: all\n  tasks:\n    - block: [{${TASK}}]\n      rescue: [{template: {src: b.j2, dest: /b}}]\n`;
    const project = sampleProject({ 'site.yml': text });
    project.load();
    expect(project.problems.list.map(({ severity }) => severity)).toEqual(['warning', 'error']);
  });

  test.each([
    'hosts: localhost',
    'connection: local\n  hosts: all',
    'hosts: all\n  pre_tasks: [{command: x, delegate_to: h}]',
    'hosts: all\n  pre_tasks: [{include_tasks: "{{ x }}"}]',
  ])('may have been made where something runs on the controller: %s', (play) => {
    const project = sampleProject({ 'site.yml': `- ${play}\n  tasks: [{${TASK}}]\n` });
    project.load();
    expect(project.problems.list).toMatchObject([
      { severity: 'warning', hint: expect.stringContaining('may make it') },
    ]);
  });

  test('is nothing to say where only the run can tell its name', () => {
    expect(problemsOfTask('template: {src: "{{ x }}.j2", dest: /a}')).toEqual([]);
  });

  test('a missing file of variables is found too', () => {
    expect(problemsOfTask('include_vars: none.yml')).toEqual([
      expect.stringMatching(/^site\.yml:4:7 .*there is no file "none\.yml" on the controller \(looked for vars\/none/),
    ]);
  });
});

describe('what a file holds', () => {
  test('a template is compiled, and its mistake stands at its own place', () => {
    expect(problemsOfTask(TASK, { 'templates/a.j2': 'x\n  {% for a in b %}\n' })).toEqual([
      expect.stringMatching(/^templates\/a\.j2:2:6: 'for' is not closed by 'endfor' \(the template of plays\[0\]/),
    ]);
  });

  test("a role's own template is found", () => {
    const text = '- hosts: all\n  roles: [r]\n';
    const tasks = { 'roles/r/tasks/main.yml': `- ${TASK}\n` };
    expect(problemsOf(text, { ...tasks, 'roles/r/templates/a.j2': '{{ x }}' })).toEqual([]);
    expect(problemsOf(text, tasks)).toHaveLength(1);
  });

  test('a template in an included file is looked at', () => {
    const files = { 't.yml': `- ${TASK}\n`, 'templates/a.j2': '{{ x' };
    expect(problemsOfTask('include_tasks: t.yml', files)).toEqual([expect.stringMatching(/^templates\/a\.j2:1:1: /)]);
  });

  test('variables are read', () => {
    expect(problemsOfTask('include_vars: v.yml', { 'vars/v.yml': 'a: [' })).toEqual([
      expect.stringMatching(/^vars\/v\.yml:1:\d+: YAML/),
    ]);
  });

  test('bytes that are no text have their place', () => {
    const project = sampleProject({ 'site.yml': `- hosts: all\n  tasks: [{${TASK}}]\n`, 'templates/b': '' });
    writeFileSync(join(project.directory, 'templates/a.j2'), Buffer.from('ok\ngr\xfcn\n', 'latin1'));
    project.load();
    expect(project.messages()).toEqual(['templates/a.j2:2:3: the file is not valid UTF-8 here (save it as UTF-8)']);
  });

  test('a directory is no template', () => {
    const project = sampleProject({ 'site.yml': `- hosts: all\n  tasks: [{${TASK}}]\n` });
    mkdirSync(join(project.directory, 'templates/a.j2'), { recursive: true });
    project.load();
    expect(project.messages()).toEqual([expect.stringContaining('cannot be read: it is a directory')]);
  });
});
