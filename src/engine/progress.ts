import type { Include, Meta, Statement, Task } from '../language/playbook/types.ts';

/** How a list of statements ended for a host. `left`: it takes no further part in the play. */
export type Progress = 'done' | 'failed' | 'left' | 'end-role';

/** Why a host's part in a play is over. */
export type LeaveReason = 'finished' | 'failed' | 'unreachable' | 'ended' | 'stopped';

/** What a scope needs of a statement or a play. */
export type Stated = { readonly keywords: Statement['keywords']; readonly role?: Statement['role'] };

/** Includes and meta share a task's keywords; the parts only tasks have are empty. */
export function asTask(statement: Include | Meta): Task {
  return {
    ...statement,
    kind: 'task',
    module: statement.kind === 'include' ? `include_${statement.what}` : 'meta',
    moduleKey: statement.kind,
    args: statement.kind === 'meta' ? { action: statement.action } : {},
    changedWhen: undefined,
    failedWhen: undefined,
    until: undefined,
    notify: [],
    listen: [],
    loop: undefined,
    register: statement.kind === 'include' ? statement.register : undefined,
  };
}

/** An include as a task whose arguments are what it renders before anything is included: for asking what it rests on. */
export function asTaskWithTarget(include: Include): Task {
  return { ...asTask(include), args: { target: include.target, over: include.loop?.over } };
}
