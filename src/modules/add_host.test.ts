import { expect, test } from 'vitest';
import { playText } from '../../test/support/play.ts';

const FACTLESS = '  gather_facts: false\n';

test('a new host takes part in later plays with its variables, and its text is never a template', async () => {
  const { log, results } = await playText(
    `- hosts: all
${FACTLESS}  tasks:
    - {name: ask, command: "printf '%s' '{{ '{{' }} inventory_hostname {{ '}}' }}'", register: said}
    - {name: add, add_host: {name: new1, groups: "fresh, gpu", said: "{{ said.stdout }}"}}
- hosts: fresh:&gpu
${FACTLESS}  tasks: [{name: show, debug: {msg: "{{ said }}"}}]
`,
    { hosts: ['h1', 'h2'] },
  );
  expect(log.filter((line) => line.startsWith('add'))).toEqual(['add@h1 changed']);
  expect(results('show').get('new1')?.values.msg).toBe('{{ inventory_hostname }}');
});

test('a host that is there already is no change, and a bad name is a failure', async () => {
  const { log, results } = await playText(`- hosts: all
${FACTLESS}  tasks:
    - {name: same, add_host: {name: h1}}
    - {name: bad, add_host: {name: "a b"}}
`);
  expect(log).toEqual(['same@h1 ok', 'bad@h1 failed']);
  expect(results('bad').get('h1')?.message).toMatch(/a b/);
});
