import { existsSync, readFileSync } from 'node:fs';
import { candidates } from '../language/playbook/source-places.ts';
import type { Task } from '../language/playbook/types.ts';
import type { RunContext } from './context.ts';
import { freeNames } from './dependencies.ts';
import type { HostRun } from './host-run.ts';
import type { VariableScope } from './scope.ts';
import { unvaulted } from './vaulted.ts';

const knownFiles = new WeakMap<RunContext, Map<string, ReadonlySet<string>>>();

/** The variables a task's own words name, and those that the template file it renders names. */
export function namesOf(host: HostRun, task: Task, scope: VariableScope): ReadonlySet<string> {
  const { compiler, registry } = host.run;
  const own = freeNames(task, compiler, registry);
  return task.module === 'template' ? new Set([...own, ...namesInFile(host, task, scope)]) : own;
}

/** A source that cannot be told or read yet names nothing: the task itself will say what is wrong with it. */
function namesInFile(host: HostRun, { args, role }: Task, scope: VariableScope): Iterable<string> {
  try {
    const places = candidates(String(scope.render(args.src)), 'templates', {
      ...(role ? { role } : {}),
      directory: host.batch.play.directory,
    });
    const file = places.find((place) => existsSync(place));
    return file === undefined ? [] : namesIn(host.run, file);
  } catch {
    return [];
  }
}

function namesIn(run: RunContext, file: string): ReadonlySet<string> {
  const known = knownFiles.get(run) ?? new Map<string, ReadonlySet<string>>();
  knownFiles.set(run, known);
  const names = known.get(file) ?? run.compiler.templateFile(textOf(file, run)).names;
  known.set(file, names);
  return names;
}

function textOf(file: string, { compiler }: RunContext): string {
  return Buffer.from(unvaulted(readFileSync(file), file, compiler)).toString('utf8');
}
