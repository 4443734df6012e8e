import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { play, type PlayCall, workspace } from '../support/play.ts';

async function playTasks(tasks: string, call: PlayCall = {}) {
  const directory = workspace({
    'site.yaml': `- hosts: all\n  gather_facts: false\n  vars: {out: "{{ playbook_dir }}/out"}\n  tasks:\n${tasks}`,
  });
  mkdirSync(join(directory, 'out'));
  writeFileSync(join(directory, 'out', 'old'), 'old', { mode: 0o640 });
  const played = await play(join(directory, 'site.yaml'), { inventory: ['h1,'], connection: 'local', ...call });
  expect(played.problems.filter(({ severity }) => severity === 'error')).toEqual([]);
  return (task: string) => played.results(task).get('h1')?.values;
}

test('what a task registers in full is made when it registers or changes, and costs other tasks nothing', async () => {
  const valuesOf = await playTasks(`    - {name: ok, copy: {dest: "{{ out }}/old", content: old}}
    - {name: registered, copy: {dest: "{{ out }}/old", content: old}, register: r}
    - {name: changed, copy: {dest: "{{ out }}/old", content: new}}
`);
  expect(Object.keys(valuesOf('ok') ?? {})).toEqual(['dest']);
  expect(valuesOf('registered')).toMatchObject({ mode: '0640', size: 3, state: 'file' });
  expect(valuesOf('changed')).toMatchObject({ checksum: 'c2a6b03f190dfb2b4aa91f8af8d477a9bc3401dc' });
});

test('in check mode a result holds what is known of a change, and nothing of what was there before', async () => {
  const tasks = `    - {name: new, copy: {dest: "{{ out }}/new", content: "four", mode: '0600'}, register: a}
    - {name: replaced, copy: {dest: "{{ out }}/old", content: "four"}, register: b}
    - {name: mode, file: {path: "{{ out }}/old", mode: '0600'}, register: c}
    - {name: directory, file: {path: "{{ out }}/d", state: directory}, register: d}
    - {name: gone, file: {path: "{{ out }}/old", state: absent}, register: f}
    - {name: line, lineinfile: {path: "{{ out }}/new", line: five, backup: true}, register: e}
`;
  for (const call of [{ mode: 'check' } as const, {}]) {
    const valuesOf = await playTasks(
      call.mode ? tasks : tasks.replaceAll(/register: \w/g, '$&, check_mode: true'),
      call,
    );
    const four = { size: 4, state: 'file', checksum: createHash('sha1').update('four').digest('hex') };
    expect(valuesOf('new')).toMatchObject({ ...four, mode: '0600' });
    expect(valuesOf('new')).not.toHaveProperty('uid');
    expect(valuesOf('replaced')).toMatchObject({ ...four, mode: '0640', uid: process.getuid?.() });
    expect(valuesOf('mode')).toMatchObject({ mode: '0600' });
    expect(valuesOf('directory')).toMatchObject({ mode: '0755', state: 'directory' });
    expect(valuesOf('directory')).not.toHaveProperty('size');
    expect(valuesOf('gone')).toEqual({ path: expect.stringMatching(/old$/), state: 'absent' });
    if (call.mode) expect(valuesOf('line')).toEqual({ msg: 'line added', backup: '' });
  }
});
