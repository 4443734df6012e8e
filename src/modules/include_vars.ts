import { z } from 'zod';
import { type ControllerFiles, defineModule } from '../contract/module.ts';
import { TaskError } from '../contract/task-error.ts';

const args = z
  .strictObject({
    file: z.string().optional().describe('YAML or JSON file: beside the role in vars/, then beside the playbook'),
    dir: z
      .string()
      .optional()
      .describe('Directory whose .yml, .yaml and .json files are read in the order of their names'),
    name: z.string().optional().describe('Put the variables into one mapping of this name'),
  })
  .refine(({ file, dir }) => (file === undefined) !== (dir === undefined), { error: 'give either file or dir' });

interface Args extends z.output<typeof args> {
  /** What the files hold, once they were read. */
  readonly found?: { readonly vars: Readonly<Record<string, unknown>>; readonly files: readonly string[] };
}

const EXTENSION = /\.(ya?ml|json)$/;

export default defineModule<Args, null>({
  name: 'include_vars',
  summary: 'Read variables from files on the controller',
  description: 'The variables keep their templates, which are rendered where they are used, and win over task vars.',
  args,
  freeForm: 'file',
  source: () => ({ argument: 'file', folder: 'vars' }),
  async prepare(wanted, controller) {
    const { file, dir } = wanted;
    const files = file === undefined ? await filesIn(dir ?? '', controller) : [file];
    const vars: readonly Readonly<Record<string, unknown>>[] = await Promise.all(
      files.map((one) => controller.vars(one)),
    );
    return { ...wanted, found: { vars: Object.assign({}, ...vars), files } };
  },
  observe: () => Promise.resolve(null),
  plan: () => [],
  result: ({ name, found }) => ({
    ansible_facts: name === undefined ? (found?.vars ?? {}) : { [name]: found?.vars ?? {} },
    ansible_included_var_files: found?.files ?? [],
  }),
  examples: [
    { title: 'By the host’s distribution', task: 'include_vars: "{{ ansible_facts.distribution }}.yaml"' },
    { title: 'A directory', task: 'include_vars:\n  dir: site' },
  ],
});

async function filesIn(directory: string, controller: ControllerFiles): Promise<readonly string[]> {
  const names = await controller.list(directory, 'vars');
  if (names === null) throw new TaskError(`${directory} is no directory on the controller`);
  return names.filter((name) => EXTENSION.test(name)).map((name) => `${directory}/${name}`);
}
