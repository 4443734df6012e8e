import { z } from 'zod';
import { defineModule } from '../contract/module.ts';

const args = z
  .looseObject({
    cacheable: z
      .boolean()
      .default(false)
      .describe('Make it a fact too, to be found in ansible_facts; nothing is cached between runs'),
  })
  .refine((facts) => Object.keys(facts).every((name) => /^[A-Za-z_]\w*$/.test(name)), {
    error: 'a variable name is letters, digits and _',
  })
  .refine((facts) => Object.keys(facts).length > 1, { error: 'needs at least one variable' });

export default defineModule<z.output<typeof args>, null>({
  name: 'set_fact',
  summary: 'Set variables of the host for the rest of the run',
  description: 'With cacheable: true they stand in ansible_facts too, as in Ansible; nothing is cached between runs.',
  args,
  freeArgs: true,
  observe: () => Promise.resolve(null),
  plan: () => [],
  result: ({ cacheable: _, ...facts }) => ({ ansible_facts: facts }),
  examples: [{ title: 'A variable', task: 'set_fact:\n  gpu_count: "{{ gpus | length }}"' }],
});
