import { expect, test } from 'vitest';
import { playText } from '../../test/support/play.ts';
import { HostVariables } from './host-variables.ts';

test.each([
  'ansible_host',
  'ansible_port',
  'ansible_user',
  'ansible_connection',
  'ansible_become_user',
  'ansible_ssh_common_args',
  'ansible_password',
])('a host cannot set %s about itself', (name) => {
  const variables = new HostVariables();
  variables.addFacts({ [name]: 'evil' });
  expect(variables.injectedFacts.has(name)).toBe(false);
  expect(variables.facts).toEqual({ [name.replace('ansible_', '')]: 'evil' });
});

test('other facts answer to their own name and under ansible_facts, until they are cleared', () => {
  const variables = new HostVariables();
  variables.addFacts({ ansible_kernel: '6.1', pci: [] });
  expect(variables.injectedFacts.get('ansible_kernel')).toBe('6.1');
  expect(variables.facts).toEqual({ kernel: '6.1', pci: [] });
  variables.clearFacts();
  expect(variables.facts).toEqual({});
  expect(variables.injectedFacts.has('ansible_kernel')).toBe(false);
});

test('what check mode cannot know is known again once a task registers it', () => {
  const variables = new HostVariables();
  variables.register('r', 1);
  variables.registerUnknown('r');
  expect(variables.learnt.has('r')).toBe(false);
  expect(variables.unknown).toEqual(new Set(['r']));
  variables.register('r', 2);
  expect(variables.unknown.size).toBe(0);
});

test('braces in what a host printed are text, wherever they turn up', async () => {
  const { results } = await playText(`- hosts: all
  gather_facts: false
  vars: {secret: hidden, shown: "{{ said.stdout }}!"}
  tasks:
    - {command: "printf %s '{{ '{{' }} secret {{ '}}' }}'", register: said}
    - {set_fact: {copied: "{{ said.stdout }}"}}
    - {name: show, debug: {msg: "{{ shown }} {{ copied }} {{ said.stdout | upper }}"}}
`);
  const text = '{{ secret }}';
  expect(results('show').get('h1')?.values.msg).toBe(`${text}! ${text} ${text.toUpperCase()}`);
});
