import type { Result } from '../contract/result.ts';
import { TaskError } from '../contract/task-error.ts';
import { Unsafe } from '../language/yaml/tags.ts';
import type { Include, Keywords, Statement } from '../language/playbook/types.ts';
import { handlerSectionsOf } from '../language/playbook/walk.ts';
import { firstFalse } from './conditions.ts';
import { dependency, dependsOnUnrun, freeNames, isUndefined } from './dependencies.ts';
import { failureOf } from './failures.ts';
import type { HostRun } from './host-run.ts';
import { loopItems, loopLocals } from './loops.ts';
import { asTaskWithTarget } from './progress.ts';
import { skipped, unknownResult } from './results.ts';
import type { VariableScope } from './scope.ts';

export interface ResolvedInclude {
  readonly result: Result;
  /** One list of statements per item of the include's loop. */
  readonly bodies: readonly (readonly Statement[])[];
}

/** Finds out what an include_tasks or include_role stands for on this host, now. Never throws. */
export function resolveInclude(host: HostRun, include: Include): ResolvedInclude {
  try {
    const scope = host.scope(include);
    const bodies = itemScopes(host, include, scope).flatMap(({ scope: seen, locals }) => {
      if (firstFalse(include.keywords.when, seen, host.run.compiler.expression)) return [];
      return [load(host, include, seen, locals)];
    });
    if (bodies.length === 0) return { result: skipped('Conditional result was False'), bodies };
    return { result: { status: 'ok', diffs: [], actions: [], values: {} }, bodies };
  } catch (error) {
    return { result: unknownIn(host, include, error) ?? failureOf(error, include.position), bodies: [] };
  }
}

/** What is missing because check mode made no change, or left a command out, is no mistake of the playbook. */
function unknownIn(host: HostRun, include: Include, error: unknown): Result | undefined {
  const { unknown, unrun } = host.variables;
  if (!isUndefined(error) || unknown.size + unrun.size === 0) return undefined;
  const names = freeNames(asTaskWithTarget(include), host.run.compiler, host.run.registry);
  const missing = dependency(host, names, host.scope(include), new Set([...unknown, ...unrun]));
  return missing === undefined ? undefined : unknownResult(dependsOnUnrun(missing));
}

interface ItemScope {
  readonly scope: VariableScope;
  readonly locals: Readonly<Record<string, unknown>>;
}

function itemScopes(host: HostRun, include: Include, scope: VariableScope): readonly ItemScope[] {
  const { loop } = include;
  if (!loop) return [{ scope, locals: {} }];
  return loopItems(loop, scope, host.lookup).map((_, index, items) => {
    const locals = loopLocals(loop, items, index);
    return { scope: scope.with(locals), locals };
  });
}

function load(
  host: HostRun,
  include: Include,
  scope: VariableScope,
  locals: Readonly<Record<string, unknown>>,
): readonly Statement[] {
  const target = String(scope.render(include.target));
  refuseEndless(include, target);
  const keywords = withLocals(include, locals);
  if (include.what === 'tasks') {
    const statements = host.run.loader.includeTasks(target, include, keywords);
    for (const section of handlerSectionsOf(statements)) host.handlers.add(section);
    return statements;
  }
  const options = Object.fromEntries(
    Object.entries(include.options).map(([name, value]) => [name, scope.render(value)]),
  );
  const { statement, handlers } = host.run.loader.includeRole(target, include, keywords, options);
  host.handlers.add(handlers);
  if (options.public === true) host.publish(statement.role);
  return [statement];
}

/** Includes inside includes; a file that repeats itself until something has happened needs one for each attempt. */
const DEEPEST = 1000;

/** An include that nothing ends would go on until the memory is full. Each include around adds its place to the id. */
function refuseEndless({ id, what }: Include, target: string): void {
  if (id.split('>').length <= DEEPEST) return;
  const message = `${target} is included ${DEEPEST} deep; let a \`when\` end it`;
  throw new TaskError(what === 'tasks' ? message : `role ${message}`);
}

/** The loop's item is data, whatever it looks like; the included tasks see it as a variable. The include's own `when` and loop end here. */
function withLocals(include: Include, locals: Readonly<Record<string, unknown>>): Keywords {
  const data = Object.fromEntries(Object.entries(locals).map(([name, value]) => [name, new Unsafe(value)]));
  const source = `${include.position.file}:${include.position.line}`;
  const item = Object.keys(data).length === 0 ? [] : [{ vars: data, source, isParameter: true as const }];
  return { ...include.apply, vars: [...include.keywords.vars, ...include.apply.vars, ...item] };
}
