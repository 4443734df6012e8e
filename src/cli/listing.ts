import type { RunInput } from '../engine/run.ts';
import { matchHosts } from '../language/inventory/patterns.ts';
import { type ListedPlay, listTasks } from '../language/playbook/listing.ts';
import type { PlayOptions } from './options.ts';

type Listed = Pick<RunInput, 'playbooks' | 'inventory' | 'limit' | 'settings'>;

/** --list-hosts, --list-tasks and --list-tags: what would take part, without connecting. */
export function list(input: Listed, options: PlayOptions): number {
  for (const play of input.playbooks.flatMap((playbook) => listTasks(playbook, input.settings))) {
    console.log(`play: ${play.name}`);
    for (const line of linesOf(play, input, options)) console.log(`  ${line}`);
  }
  return 0;
}

function linesOf(play: ListedPlay, input: Listed, options: PlayOptions): readonly string[] {
  const tags = [...new Set(play.tasks.flatMap((task) => task.tags))].toSorted();
  return [
    ...(options.listHosts ? hostsOf(play, input).map((host) => `host ${host}`) : []),
    ...(options.listTasks ? play.tasks.map(({ name, tags: own }) => `task ${name}${bracketed(own)}`) : []),
    ...(options.listTags ? [`tags ${tags.join(', ') || '(none)'}`] : []),
  ];
}

function bracketed(tags: readonly string[]): string {
  return tags.length > 0 ? `  [${tags.join(', ')}]` : '';
}

function hostsOf(play: ListedPlay, { inventory, limit }: Listed): readonly string[] {
  const hosts = matchHosts([play.hosts].flat().map(String), inventory);
  return hosts.filter((host) => limit === undefined || limit.has(host));
}
