import { z } from 'zod';
import { defineModule, type TaskView } from '../contract/module.ts';
import { TaskSkipped } from '../contract/task-error.ts';
import { UndefinedError } from '../language/jinja/types.ts';

const args = z
  .strictObject({
    msg: z.unknown().optional().describe('What to print'),
    var: z.string().optional().describe('Expression whose value to print'),
    verbosity: z.number().int().min(0).default(0).describe('Print only with at least this many -v'),
  })
  .refine((wanted) => wanted.msg === undefined || wanted.var === undefined, {
    error: 'msg and var cannot be given together',
  });

type Args = z.output<typeof args>;

interface Shown {
  readonly name: string;
  readonly value: unknown;
}

export default defineModule<Args, Shown>({
  name: 'debug',
  summary: 'Print a message or the value of an expression',
  args,
  expressionArgs: ['var'],
  observe(wanted, _read, task) {
    const { var: expression, msg = 'Hello world!', verbosity } = wanted;
    // Ansible's words, for those who compare them.
    if (verbosity > task.verbosity) return Promise.reject(new TaskSkipped('Verbosity threshold not met.'));
    if (expression === undefined) return Promise.resolve({ name: 'msg', value: msg });
    return Promise.resolve({ name: expression, value: valueOf(expression, task) });
  },
  plan: () => [],
  result: (_, { name, value }) => ({ [name]: value }),
  examples: [
    { title: 'A message', task: 'debug:\n  msg: "{{ inventory_hostname }} is done"' },
    { title: 'A variable', task: 'debug:\n  var: ansible_facts.kernel' },
  ],
});

/** Whoever looks at a variable wants to know that there is none: in Ansible's words, and without failing. */
function valueOf(expression: string, task: TaskView): unknown {
  try {
    // As if it stood between {{ and }}, where a backslash is no escape.
    return task.evaluate(expression.replaceAll('\\', '\\\\'));
  } catch (error) {
    if (error instanceof UndefinedError) return 'VARIABLE IS NOT DEFINED!';
    throw error;
  }
}
