import { z } from 'zod';
import { defineModule } from '../contract/module.ts';
import { commandOutput } from '../probes/command-output.ts';

const args = z.strictObject({ data: z.string().default('pong').describe('What to answer') });

export default defineModule<z.output<typeof args>, null>({
  name: 'ping',
  summary: 'Check that a host can be logged in to and runs commands',
  args,
  async observe(_, read) {
    await read(commandOutput(['true'], { reads: ['*'] }));
    return null;
  },
  plan: () => [],
  result: ({ data }) => ({ ping: data }),
  examples: [{ title: 'Is it there?', task: 'ping:' }],
});
