import { expect, test } from 'vitest';
import { playText } from '../../test/support/play.ts';

test('hosts join the group of what is known of them, and its group_vars count from then on', async () => {
  const { log, results } = await playText(
    `- hosts: all
  gather_facts: false
  tasks:
    - {name: group, group_by: {key: "kind {{ 'gpu' if inventory_hostname == 'h2' else 'cpu' }}"}}
    - {name: after, debug: {msg: "{{ driver | default('none') }} {{ groups['kind-gpu'] | length }}"}}
- hosts: kind-gpu
  gather_facts: false
  tasks: [{name: show, debug: {msg: "{{ driver }}"}}]
`,
    { hosts: ['h1', 'h2', 'h3'], files: { 'group_vars/kind-gpu.yaml': 'driver: vfio-pci\n' } },
  );
  expect(log.filter((line) => line.startsWith('group'))).toHaveLength(3);
  expect(results('after').get('h2')?.values.msg).toBe('vfio-pci 1');
  expect(results('after').get('h1')?.values.msg).toBe('none 1');
  expect([...results('show')].map(([host, { values }]) => [host, values.msg])).toEqual([['h2', 'vfio-pci']]);
});
