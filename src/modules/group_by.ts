import { z } from 'zod';
import { defineModule } from '../contract/module.ts';

const args = z.strictObject({
  key: z.string().min(1).describe('Name of the group the host joins; spaces become dashes'),
  parents: z
    .union([z.array(z.string()), z.string().transform((text) => [text])])
    .default(['all'])
    .describe('Groups that the host joins as well'),
});

export default defineModule<z.output<typeof args>, null>({
  name: 'group_by',
  summary: 'Put hosts into groups by what is known of them',
  args,
  freeForm: 'key',
  observe: () => Promise.resolve(null),
  plan: () => [],
  result: ({ key, parents }) => ({ add_group: key.replaceAll(' ', '-'), parent_groups: parents }),
  examples: [{ title: 'By distribution', task: 'group_by:\n  key: "os_{{ ansible_facts.distribution }}"' }],
});
