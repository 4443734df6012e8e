import { join } from 'node:path';
import { expect, test } from 'vitest';
import { playText } from '../../test/support/play.ts';

const FACTLESS = '  hosts: all\n  gather_facts: false\n';

test('variables keep their templates, win over task vars and stay below set_fact', async () => {
  const { results } = await playText(
    `- name: p
${FACTLESS}  tasks:
    - include_vars: one.yaml
    - set_fact: {later: now, set: fact}
    - {name: use, debug: {msg: "{{ a }} {{ b }} {{ set }}"}, vars: {b: task}}
`,
    { files: { 'vars/one.yaml': 'a: "{{ later }}"\nb: file\nset: file\n' } },
  );
  expect(results('use').get('h1')?.values.msg).toBe('now file fact');
});

test('a file outside of the project is refused unless it is named in full', async () => {
  const elsewhere = await playText('[]\n', { files: { 'far.yaml': 'x: 1\n' } });
  const text = (file: string) => `- name: p
${FACTLESS}  tasks:
    - {name: far, include_vars: "{{ file }}", vars: {file: ${file}}}
`;
  const up = `../${elsewhere.directory.split('/').at(-1)}/far.yaml`;
  expect((await playText(text(up))).results('far').get('h1')?.message).toMatch(/outside of the project/);
  const full = join(elsewhere.directory, 'far.yaml');
  expect((await playText(text(full))).results('far').get('h1')?.status).toBe('ok');
});

test('a missing file and one that is no mapping are failures that name the file', async () => {
  const { results } = await playText(
    `- name: p
${FACTLESS}  tasks:
    - {name: none, include_vars: "{{ file }}", vars: {file: none.yaml}, ignore_errors: true}
    - {name: list, include_vars: "{{ file }}", vars: {file: list.yaml}, ignore_errors: true}
`,
    { files: { 'list.yaml': '[1]\n' } },
  );
  expect(results('none').get('h1')?.message).toMatch(/none\.yaml/);
  expect(results('list').get('h1')?.message).toMatch(/list\.yaml.*must be a mapping/s);
});

test('a file whose name is known is read before any host is contacted', async () => {
  const text = (file: string) => `- name: p\n${FACTLESS}  tasks:\n    - include_vars: ${file}\n`;
  const none = await playText(text('none.yaml'));
  expect([none.exitCode, none.events]).toEqual([1, []]);
  expect(none.problems).toMatchObject([{ severity: 'error', message: expect.stringContaining('"none.yaml"') }]);
  expect((await playText(text('list.yaml'), { files: { 'list.yaml': '[1]\n' } })).exitCode).toBe(1);
});
