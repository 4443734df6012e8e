import { UndefinedError } from '../language/jinja/types.ts';
import type { Condition, Task } from '../language/playbook/types.ts';
import type { Compiler } from './context.ts';
import type { Registry } from './registry.ts';
import { mayBeTemplate, type VariableScope } from './scope.ts';

const known = new WeakMap<Task, ReadonlySet<string>>();

/** The variables that a task's own words name; kept per task, since playbooks do not change while they run. */
export function freeNames(task: Task, compiler: Compiler, registry: Registry): ReadonlySet<string> {
  const found = known.get(task);
  if (found) return found;
  const names = new Set<string>();
  const { keywords } = task;
  for (const conditions of [keywords.when, task.until, task.changedWhen, task.failedWhen])
    addConditions(conditions ?? [], compiler, names);
  const expressionArgs = registry.find(task.module)?.expressionArgs ?? [];
  for (const [name, value] of Object.entries(task.args)) {
    if (expressionArgs.includes(name)) addExpressions(value, compiler, names);
    else addTemplates(value, compiler, names);
  }
  addTemplates(
    [task.loop?.over, keywords.environment, keywords.delegateTo, keywords.vars.map((layer) => layer.vars)],
    compiler,
    names,
  );
  known.set(task, names);
  return names;
}

/** Whether a task rests on one of the names, directly or through variables that do. */
export function dependsOn(
  names: ReadonlySet<string>,
  wanted: (name: string) => boolean,
  scope: VariableScope,
  compiler: Compiler,
): boolean {
  const seen = new Set<string>();
  const pending = [...names];
  for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
    if (wanted(name)) return true;
    if (seen.has(name)) continue;
    seen.add(name);
    const raw = scope.raw(name);
    if (!raw || raw.isData) continue;
    const inner = new Set<string>();
    addTemplates(raw.value, compiler, inner);
    pending.push(...inner);
  }
  return false;
}

/** Those of some variables that the names rest on, in words; undefined when none is. */
export function dependency(
  { run: { compiler } }: { readonly run: { readonly compiler: Compiler } },
  names: ReadonlySet<string>,
  scope: VariableScope,
  wanted: ReadonlySet<string>,
): string | undefined {
  const found = [...wanted].filter((one) => dependsOn(names, (name) => name === one, scope, compiler));
  return found.length === 0 ? undefined : found.join(', ');
}

/** Whether a template named something that is not there; the error of a template file wraps it. */
export function isUndefined(error: unknown): boolean {
  return error instanceof UndefinedError || (error instanceof Error && error.cause instanceof UndefinedError);
}

export function dependsOnUnrun(names: string): string {
  return `depends on ${names}: check mode did not run the command (with \`check_mode: false\` it would)`;
}

function addConditions(conditions: readonly Condition[], compiler: Compiler, names: Set<string>): void {
  for (const { expression } of conditions)
    if (typeof expression === 'string') addExpressions(expression, compiler, names);
}

function addExpressions(value: unknown, compiler: Compiler, names: Set<string>): void {
  for (const expression of Array.isArray(value) ? value : [value]) {
    if (typeof expression === 'string') for (const name of compiler.expression(expression).names) names.add(name);
  }
}

function addTemplates(raw: unknown, compiler: Compiler, names: Set<string>): void {
  if (typeof raw === 'string') {
    if (mayBeTemplate(raw)) for (const name of compiler.template(raw).names) names.add(name);
  } else if (typeof raw === 'object' && raw !== null) {
    for (const member of Object.values(raw)) addTemplates(member, compiler, names);
  }
}
