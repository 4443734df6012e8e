import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { playText } from '../support/play.ts';

test("Ansible's other names for arguments mean the same, with the text that was typed", async () => {
  const { exitCode, directory } = await playText(`- name: p
  hosts: all
  gather_facts: false
  tasks:
    - file: {dest: "{{ playbook_dir }}/d", state: directory, mode: 0750}
    - lineinfile: {name: "{{ playbook_dir }}/d/f", regex: ^a, value: a=1, create: true}
    - file: path={{ playbook_dir }}/d/g state=touch
    - file: dest={{ playbook_dir }}/d/h state=touch
`);
  expect(exitCode).toBe(0);
  expect(readFileSync(join(directory, 'd/f'), 'utf8')).toBe('a=1\n');
  expect(existsSync(join(directory, 'd/g')) && existsSync(join(directory, 'd/h'))).toBe(true);
});

test('an argument named twice, once by its other name, is a mistake with its place', async () => {
  const { problems, exitCode } = await playText(`- name: p
  hosts: all
  tasks:
    - file: {path: /a, dest: /b, state: touch}
`);
  expect(exitCode).toBe(1);
  expect(problems).toMatchObject([{ message: 'dest and path are the same argument', position: { line: 4 } }]);
});
