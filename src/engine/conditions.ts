import { TaskError } from '../contract/task-error.ts';
import type { CompiledExpression } from '../language/jinja/types.ts';
import type { Condition } from '../language/playbook/types.ts';
import type { VariableScope } from './scope.ts';

type Compile = (source: string) => CompiledExpression;

/** The first condition that is false, or undefined when all hold. Conditions after a false one are not evaluated. */
export function firstFalse(
  conditions: readonly Condition[],
  scope: VariableScope,
  compile: Compile,
): Condition | undefined {
  return conditions.find((condition) => !holds(condition, scope, compile));
}

/** `when: 5` or `when: "text"` is a mistake, not a yes: a condition must be true or false. */
export function holds(condition: Condition, scope: VariableScope, compile: Compile): boolean {
  const { expression, position } = condition;
  if (typeof expression === 'boolean') return expression;
  const value = compile(expression).evaluate(scope);
  if (typeof value === 'boolean') return value;
  const place = `${position.file}:${position.line}:${position.column}`;
  throw new TaskError(
    `${place}: the condition \`${expression}\` gave ${describe(value)}, and must give true or false (compare it, or use | bool)`,
  );
}

function describe(value: unknown): string {
  if (value === null || value === undefined) return 'nothing';
  return Array.isArray(value)
    ? 'a list'
    : typeof value === 'object'
      ? 'a mapping'
      : `the ${typeof value} ${JSON.stringify(value)}`;
}
