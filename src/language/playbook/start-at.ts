import { globToRegExp } from '../inventory/glob.ts';
import { ownNameOf } from './listing.ts';
import { isSelected, type TagSelection } from './tags.ts';
import type { Play, Statement } from './types.ts';

/** Where `--start-at-task` begins: the place of a play among all, and the statement in it. */
export interface Start {
  readonly play: number;
  readonly statement: string;
}

/**
 * The first task that would run with these tags and whose name matches: its own, `role : name`, or a shell pattern for
 * either. What includes bring is not known before the run, and rescues are not looked into, as in Ansible.
 */
export function findStart(plays: readonly Play[], wanted: string, selection: TagSelection): Start | undefined {
  for (const [play, { sections }] of plays.entries()) {
    const statements = sections.flatMap((section) => [...withoutRescues(section.statements)]);
    const found = statements.find(
      (statement) => isSelected(statement.keywords.tags, selection) && isNamed(statement, wanted),
    );
    if (found) return { play, statement: found.id };
  }
  return undefined;
}

/** The names `--start-at-task` may give, for suggestions. */
export function startNames(plays: readonly Play[]): readonly string[] {
  return plays.flatMap(({ sections }) =>
    sections.flatMap((section) => [...withoutRescues(section.statements)].map(ownNameOf)),
  );
}

function isNamed(statement: Statement, wanted: string): boolean {
  const own = ownNameOf(statement);
  const names = statement.role ? [own, `${statement.role.name} : ${own}`] : [own];
  return names.some((name) => name === wanted || globToRegExp(wanted).test(name));
}

function* withoutRescues(statements: readonly Statement[]): Generator<Statement> {
  for (const statement of statements) {
    if (statement.kind === 'role') yield* withoutRescues(statement.body);
    else if (statement.kind === 'block') yield* withoutRescues([...statement.body, ...statement.always]);
    else if (statement.kind !== 'meta') yield statement;
  }
}
