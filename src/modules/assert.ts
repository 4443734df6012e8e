import { z } from 'zod';
import { defineModule } from '../contract/module.ts';
import { TaskError } from '../contract/task-error.ts';

const condition = z.union([z.string(), z.boolean()]);

const args = z.strictObject({
  that: z.union([condition, z.array(condition).nonempty()]).describe('Expressions that must all be true'),
  fail_msg: z
    .union([z.string(), z.array(z.string())])
    .optional()
    .describe('What to say when one is not'),
  msg: z
    .union([z.string(), z.array(z.string())])
    .optional()
    .describe('Another name of fail_msg'),
  success_msg: z
    .union([z.string(), z.array(z.string())])
    .optional()
    .describe('What to say when all are'),
  quiet: z.boolean().default(false).describe('Register nothing but the outcome'),
});

type Args = z.output<typeof args>;

interface Judged {
  readonly expression: string;
  readonly value: unknown;
}

export default defineModule<Args, readonly Judged[]>({
  name: 'assert',
  summary: 'Fail unless expressions are true',
  args,
  expressionArgs: ['that'],
  /** Stops at the first that is not true: later ones often make no sense then (`x is defined`, `x > 1`). */
  observe({ that }, _read, task) {
    const judged: Judged[] = [];
    for (const one of [that].flat()) {
      const value = typeof one === 'boolean' ? one : task.evaluate(one);
      judged.push({ expression: String(one), value });
      if (value !== true) break;
    }
    return Promise.resolve(judged);
  },
  plan({ fail_msg, msg }, judged) {
    const wrong = judged.find(({ value }) => value !== true);
    if (!wrong) return [];
    const { expression, value } = wrong;
    if (typeof value !== 'boolean')
      throw new TaskError(`${expression} must be true or false, but it is ${JSON.stringify(value) ?? typeof value}`);
    const said = [fail_msg ?? msg ?? 'Assertion failed'].flat().join('\n');
    throw new TaskError(`${said}: ${expression}`, {
      msg: said,
      assertion: expression,
      evaluated_to: false,
    });
  },
  result: ({ success_msg = 'All assertions passed', quiet }) => (quiet ? {} : { msg: [success_msg].flat().join('\n') }),
  examples: [
    {
      title: 'Enough memory',
      task: 'assert:\n  that:\n    - ansible_facts.memtotal_mb > 8000\n  fail_msg: this role needs 8 GB',
    },
  ],
});
