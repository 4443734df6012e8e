import type { HandlerSection, Statement } from './types.ts';

/** Every statement in order, those inside blocks and roles after the one they stand in. */
export function* walk(statements: readonly Statement[]): Generator<Statement> {
  for (const statement of statements) {
    yield statement;
    if (statement.kind === 'role') yield* walk(statement.body);
    if (statement.kind === 'block') yield* walk([...statement.body, ...statement.rescue, ...statement.always]);
  }
}

/** Handlers of the roles among some statements, a role's dependencies first, as they are defined. */
export function handlerSectionsOf(statements: readonly Statement[]): readonly HandlerSection[] {
  return statements.flatMap((statement) => {
    if (statement.kind === 'role') return [...handlerSectionsOf(statement.body), statement.handlers];
    if (statement.kind !== 'block') return [];
    return handlerSectionsOf([...statement.body, ...statement.rescue, ...statement.always]);
  });
}
