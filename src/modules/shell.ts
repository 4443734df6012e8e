import { z } from 'zod';
import { defineModule } from '../contract/module.ts';
import { observeProgram, programChange, programFields, programResult, type ProgramState } from './run-program.ts';

const args = z.strictObject({
  cmd: z.string().min(1).describe('The text a shell runs'),
  executable: z.string().startsWith('/').default('/bin/sh').describe('Which shell'),
  ...programFields,
});

type Args = z.output<typeof args>;

export default defineModule<Args, ProgramState>({
  name: 'shell',
  summary: 'Run a shell command line, with pipes and patterns',
  description:
    'Quote what comes from variables with the quote filter. Use creates or removes to say when there is nothing to do. Registers what command registers.',
  args,
  freeForm: 'cmd',
  converges: false,
  observe: (wanted, read, task) => observeProgram(wanted, false, { read, task }),
  plan: (wanted, current) => programChange([wanted.executable, '-c', wanted.cmd], wanted, current),
  result: (wanted, state, applied) => programResult(wanted.cmd, wanted, { state, applied }),
  examples: [{ title: 'A pipe', task: 'shell: lsmod | grep -c ^vfio\nregister: vfio\nchanged_when: false' }],
});
