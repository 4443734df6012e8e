import { isSelected, type TagSelection } from './tags.ts';
import type { Play, Playbook, Raw, Statement } from './types.ts';
import { walk } from './walk.ts';

export interface ListedTask {
  /** `role : name` inside a role, as `--start-at-task` takes it too. */
  readonly name: string;
  readonly tags: readonly string[];
  readonly position: string;
}

export interface ListedPlay {
  readonly name: string;
  readonly hosts: Raw;
  readonly tags: readonly string[];
  readonly tasks: readonly ListedTask[];
}

/** What `--list-tasks` shows: the tasks that would run with these tags; what includes bring is not known yet. */
export function listTasks(playbook: Playbook, selection: TagSelection): readonly ListedPlay[] {
  return playbook.plays.map((play) => ({
    name: String(play.name ?? play.hosts),
    hosts: play.hosts,
    tags: play.keywords.tags,
    tasks: tasksOf(play)
      .filter((statement) => isSelected(statement.keywords.tags, selection))
      .map(listed),
  }));
}

/** What `--list-tags` shows: every tag of the playbook's tasks, in alphabetical order. */
export function listTags(playbook: Playbook): readonly string[] {
  const tasks = playbook.plays.flatMap(tasksOf);
  return [...new Set(tasks.flatMap(({ keywords }) => keywords.tags))].sort();
}

function tasksOf(play: Play): readonly Statement[] {
  const all = play.sections.flatMap(({ statements }) => [...walk(statements)]);
  return all.filter(({ kind }) => kind === 'task' || kind === 'include');
}

function listed(statement: Statement): ListedTask {
  const own = ownNameOf(statement);
  const { position } = statement;
  return {
    name: statement.role ? `${statement.role.name} : ${own}` : own,
    tags: statement.keywords.tags,
    position: `${position.file}:${position.line}`,
  };
}

/** A statement's name as it is written, else what it does. */
export function ownNameOf(statement: Statement): string {
  return String(statement.name ?? what(statement));
}

function what(statement: Statement): string {
  if (statement.kind === 'task') return statement.moduleKey;
  return statement.kind === 'include' ? `include_${statement.what} ${String(statement.target)}` : statement.kind;
}
