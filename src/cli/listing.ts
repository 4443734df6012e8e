import type { RunInput } from '../engine/run.ts';
import { matchHosts } from '../language/inventory/patterns.ts';
import { isSelected } from '../language/playbook/tags.ts';
import type { Play, Statement } from '../language/playbook/types.ts';
import type { PlayOptions } from './options.ts';

type Listed = Pick<RunInput, 'playbooks' | 'inventory' | 'limit' | 'settings'>;

/** --list-hosts, --list-tasks and --list-tags: what would take part, without connecting. */
export function list(input: Listed, options: PlayOptions): number {
  for (const play of input.playbooks.flatMap((playbook) => playbook.plays)) {
    console.log(`play: ${String(play.name ?? play.hosts)}`);
    if (options.listHosts) for (const host of hostsOf(play, input)) console.log(`  host ${host}`);
    const tasks = play.sections
      .flatMap(({ statements }) => leaves(statements))
      .filter((task) => isSelected(task.keywords.tags, input.settings));
    if (options.listTasks)
      for (const task of tasks)
        console.log(
          `  task ${nameOf(task)}${task.keywords.tags.length > 0 ? `  [${task.keywords.tags.join(', ')}]` : ''}`,
        );
    if (options.listTags)
      console.log(`  tags ${[...new Set(tasks.flatMap((task) => task.keywords.tags))].toSorted().join(', ')}`);
  }
  return 0;
}

function hostsOf(play: Play, { inventory, limit }: Listed): readonly string[] {
  return matchHosts([play.hosts].flat().map(String), inventory).filter(
    (host) => limit === undefined || limit.has(host),
  );
}

function leaves(statements: readonly Statement[]): readonly Statement[] {
  return statements.flatMap((statement) => {
    if (statement.kind === 'block') return leaves([...statement.body, ...statement.rescue, ...statement.always]);
    return statement.kind === 'role' ? leaves(statement.body) : [statement];
  });
}

function nameOf(statement: Statement): string {
  const name = statement.name ?? (statement.kind === 'task' ? statement.module : statement.kind);
  return `${statement.role ? `${statement.role.name} : ` : ''}${String(name)}`;
}
