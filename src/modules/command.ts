import { z } from 'zod';
import { defineModule } from '../contract/module.ts';
import { observeProgram, programChange, programFields, programResult, type ProgramState } from './run-program.ts';
import { splitWords } from './words.ts';

const args = z
  .strictObject({
    cmd: z.string().optional().describe('The command line; quotes are understood, but no shell sees it'),
    argv: z.tuple([z.string()], z.string()).optional().describe('The words of the command, taken literally'),
    expand_argument_vars: z.boolean().default(true).describe('Replace $NAME and a leading ~ by the host’s values'),
    ...programFields,
  })
  .refine(({ cmd, argv }) => (cmd === undefined) !== (argv === undefined), { error: 'needs either cmd or argv' });

type Args = z.output<typeof args>;

const NAMED = /\$(\w+|\{\w+\})/g;

export default defineModule<Args, ProgramState>({
  name: 'command',
  summary: 'Run a program',
  description:
    'No shell is involved: no pipes, patterns or redirections. Use creates or removes to say when there is nothing to do. Registered: rc, stdout, stderr, their lines, cmd, msg, delta, and start and end by the controller’s clock.',
  args,
  freeForm: 'cmd',
  converges: false,
  observe: (wanted, read, task) => observeProgram(wanted, needsEnvironment(wanted), { read, task }),
  plan: (wanted, current) => programChange(expanded(wanted, current), wanted, current),
  result: (wanted, state, applied) => programResult(wordsOf(wanted), wanted, { state, applied }),
  examples: [
    {
      title: 'Only once',
      task: 'command: nova-manage cell_v2 simple_cell_setup\nargs:\n  creates: /var/lib/nova/.cell',
    },
    { title: 'Words with blanks', task: 'command:\n  argv: [logger, -t, tsplay, "two  words"]' },
  ],
});

function wordsOf({ cmd, argv }: Args): readonly [string, ...string[]] {
  return argv ?? splitWords(cmd ?? '');
}

function needsEnvironment(wanted: Args): boolean {
  return wanted.expand_argument_vars && wordsOf(wanted).some((word) => word.search(NAMED) >= 0 || word.startsWith('~'));
}

/** As Python's expandvars and expanduser: an unknown name stays as it is written. */
function expanded(wanted: Args, { environment, hostEnvironment }: ProgramState): readonly [string, ...string[]] {
  const [first, ...rest] = wordsOf(wanted);
  if (!needsEnvironment(wanted)) return [first, ...rest];
  const values: Readonly<Record<string, string>> = { ...hostEnvironment, ...environment };
  const expand = (word: string): string =>
    word
      .replace(/^~(?=\/|$)/, (tilde) => values['HOME'] ?? tilde)
      .replace(NAMED, (whole, name: string) => values[name.replace(/[{}]/g, '')] ?? whole);
  return [expand(first), ...rest.map(expand)];
}
