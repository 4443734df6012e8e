import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { type AnyModule, defineModule } from '../../contract/module.ts';
import { formatProblem, Problems } from '../../contract/problem.ts';
import { createCompiler } from '../jinja/compile.ts';
import type { Environment } from '../jinja/types.ts';
import { PlaybookLoader } from './loader.ts';
import type { Playbook, Task } from './types.ts';
import { walk } from './walk.ts';

const nothing = { summary: 'test', examples: [], observe: async () => null, plan: () => [] };
const command = {
  ...nothing,
  freeForm: 'cmd',
  args: z.strictObject({ cmd: z.string(), creates: z.string().optional(), chdir: z.string().optional() }),
};

/** Modules with one of each kind of argument, declared as real ones are. */
export const sampleModules: readonly AnyModule[] = [
  defineModule({
    ...nothing,
    name: 'lineinfile',
    textArgs: ['mode'],
    args: z.strictObject({
      path: z.string().regex(/^\//, 'must be absolute').describe('the file to edit'),
      line: z.string().optional().describe('the line that must be there'),
      regexp: z.string().optional().describe('what to replace'),
      state: z.enum(['present', 'absent']).default('present').describe('whether it is there'),
      backup: z.boolean().default(false).describe('keep a copy'),
      mode: z.union([z.string().regex(/^[0-7]{4}$/, 'must be four octal digits'), z.number()]).optional(),
    }),
  }),
  defineModule({ ...command, name: 'command' }),
  defineModule({ ...command, name: 'shell' }),
  defineModule({
    ...nothing,
    name: 'debug',
    expressionArgs: ['var'],
    args: z.strictObject({ msg: z.unknown(), var: z.string().optional() }).partial(),
  }),
  defineModule({
    ...nothing,
    name: 'service',
    aliases: ['systemd'],
    args: z.strictObject({
      name: z.string(),
      state: z.enum(['started', 'restarted']),
      enabled: z.boolean().optional(),
    }),
  }),
  defineModule({
    ...nothing,
    name: 'package',
    args: z.strictObject({ name: z.union([z.string(), z.array(z.string())]), retries: z.int().min(1).optional() }),
  }),
  defineModule({
    ...nothing,
    name: 'template',
    args: z.strictObject({ src: z.string(), dest: z.string() }),
    source: () => ({ argument: 'src', folder: 'templates' }),
  }),
  defineModule({
    ...nothing,
    name: 'include_vars',
    freeForm: 'file',
    args: z.strictObject({ file: z.string() }),
    source: () => ({ argument: 'file', folder: 'vars' }),
  }),
  defineModule({ ...nothing, name: 'set_fact', freeArgs: true, args: z.record(z.string(), z.unknown()) }),
  defineModule({
    ...nothing,
    name: 'sysfs-bind',
    args: z.strictObject({
      devices: z.array(z.strictObject({ id: z.string(), driver: z.string() })),
    }),
  }),
];

const byKey = new Map(
  sampleModules.flatMap((module) => [module.name, ...(module.aliases ?? [])].map((key) => [key, module] as const)),
);
const modules = { find: (key: string) => byKey.get(key), names: () => byKey.keys() };

const environment: Environment = {
  filters: new Map([['default', (value: unknown, [fallback]: readonly unknown[]) => value ?? fallback]]),
  tests: new Map([['defined', (value: unknown) => value !== undefined]]),
  lookups: new Map(),
};

/** A project of real files in a temporary directory, and what loading its playbook gives. */
export function sampleProject(files: Readonly<Record<string, string>>, roleDirectories: readonly string[] = []) {
  const directory = mkdtempSync(join(tmpdir(), 'playbook-'));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(directory, name)), { recursive: true });
    writeFileSync(join(directory, name), text);
  }
  const problems = new Problems();
  const compiler = createCompiler(environment);
  const loader = new PlaybookLoader({
    problems,
    modules,
    compiler,
    roleDirectories: roleDirectories.map((one) => join(directory, one)),
  });
  const load = (file = 'site.yml') => loader.load(join(directory, file));
  /** Problems as a person reads them, without the temporary directory. */
  const messages = () => problems.list.map((problem) => formatProblem(problem).replaceAll(`${directory}/`, ''));
  return { directory, loader, problems, load, messages };
}

/** The problems of one playbook. */
export function problemsOf(text: string, more: Readonly<Record<string, string>> = {}): readonly string[] {
  const project = sampleProject({ 'site.yml': text, ...more });
  project.load();
  return project.messages();
}

/** The problems of a list of tasks in a play. */
export function taskProblems(tasks: string): readonly string[] {
  return problemsOf(`- hosts: all\n  tasks:\n${tasks.replace(/^/gm, '    ')}`);
}

/** A play's tasks, wherever they stand; throws when anything is wrong. */
export function tasksOf(text: string, more: Readonly<Record<string, string>> = {}): readonly Task[] {
  const project = sampleProject({ 'site.yml': text, ...more });
  return tasksIn(loaded(project));
}

export function loaded(project: ReturnType<typeof sampleProject>): Playbook {
  const playbook = project.load();
  if (!playbook || project.problems.list.length > 0) throw new Error(project.messages().join('\n') || 'not loaded');
  return playbook;
}

export function tasksIn(playbook: Playbook): readonly Task[] {
  const statements = playbook.plays.flatMap(({ sections }) =>
    sections.flatMap((section) => [...walk(section.statements)]),
  );
  return statements.filter((statement) => statement.kind === 'task');
}
