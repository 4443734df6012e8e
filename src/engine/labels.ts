import type { TaskLabel } from '../contract/event.ts';
import type { Statement } from '../language/playbook/types.ts';
import { toBoolean } from './booleans.ts';
import type { Order } from '../contract/order.ts';
import { mayBeTemplate, type VariableScope } from './scope.ts';

/** A statement's name with its templates rendered; as it was written when that is not possible yet. */
export function renderName(statement: Statement, scope: VariableScope): string | undefined {
  const { name } = statement;
  if (typeof name !== 'string') return undefined;
  if (!mayBeTemplate(name)) return name;
  try {
    return String(scope.render(name));
  } catch {
    return name;
  }
}

export function labelOf(statement: Statement, order: Order, scope: VariableScope, isHandler: boolean): TaskLabel {
  const { position, role } = statement;
  return {
    id: statement.id,
    order,
    name: renderName(statement, scope) ?? defaultName(statement),
    module:
      statement.kind === 'task'
        ? statement.module
        : statement.kind === 'include'
          ? `include_${statement.what}`
          : 'meta',
    role: role?.name,
    isHandler,
    ...(isHidden(statement, scope) ? { isHidden: true } : {}),
    position: `${position.file}:${position.line}`,
  };
}

/** A no_log that rests on the item of a loop is not known yet: better to hide too much. */
function isHidden({ keywords }: Statement, scope: VariableScope): boolean {
  if (keywords.noLog === undefined) return false;
  try {
    return toBoolean(scope.render(keywords.noLog), 'no_log');
  } catch {
    return true;
  }
}

function defaultName(statement: Statement): string {
  if (statement.kind === 'task') return statement.module;
  if (statement.kind === 'include') return `include_${statement.what} ${String(statement.target)}`;
  return statement.kind === 'meta' ? statement.action : statement.kind;
}
