import { z } from 'zod';
import { defineModule } from '../contract/module.ts';

const groupNames = z.union([
  z.array(z.string()),
  z.string().transform((text) => text.split(',').map((part) => part.trim())),
]);

const args = z
  .looseObject({
    name: z.string().optional().describe('Name of the host, with its port when it is not 22: `gpu17:2222`'),
    hostname: z.string().optional().describe('The same as name'),
    groups: groupNames.optional().describe('Groups it joins; those that do not exist are made'),
    group: groupNames.optional().describe('The same as groups'),
  })
  .refine(({ name, hostname }) => (name === undefined) !== (hostname === undefined), {
    error: 'needs the name of a host',
  });

export default defineModule<z.output<typeof args>, null>({
  name: 'add_host',
  summary: 'Add a host to the inventory for the rest of the run',
  description:
    'Runs once for all hosts of a batch. Every other argument is a variable of the new host. Plays that come later can name it and its groups.',
  args,
  freeArgs: true,
  observe: () => Promise.resolve(null),
  plan: () => [],
  result: ({ name, hostname, groups, group, ...vars }) => ({
    add_host: { host_name: name ?? hostname ?? '', groups: groups ?? group ?? [], host_vars: vars },
  }),
  examples: [
    {
      title: 'A host that a cloud just made',
      task: 'add_host:\n  name: "{{ server.name }}"\n  groups: [fresh]\n  ansible_host: 192.0.2.7',
    },
  ],
});
