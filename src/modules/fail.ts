import { z } from 'zod';
import { defineModule } from '../contract/module.ts';
import { TaskError } from '../contract/task-error.ts';

const args = z.strictObject({ msg: z.string().default('Failed as requested from task').describe('Why') });

export default defineModule<z.output<typeof args>, null>({
  name: 'fail',
  summary: 'Fail with a message',
  args,
  observe: () => Promise.resolve(null),
  plan({ msg }) {
    throw new TaskError(msg);
  },
  examples: [
    {
      title: 'Not on this system',
      task: 'fail:\n  msg: only Debian and Ubuntu are supported\nwhen: ansible_facts.os_family != "Debian"',
    },
  ],
});
