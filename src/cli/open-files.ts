import { readFileSync } from 'node:fs';
import type { Problems } from '../contract/problem.ts';

/** Files this program has open before its first connection, and a few more for playbooks, templates and the agent. */
const OWN_FILES = 40;

/**
 * Every host keeps one connection for the whole run. Where the limit on open files does not allow that, the hosts beyond
 * it would look unreachable (EMFILE); so it is said before the start.
 */
export function requireOpenFiles(hosts: number, problems: Problems, limit = openFilesLimit()): void {
  const needed = hosts + OWN_FILES;
  if (needed <= limit) return;
  problems.error(
    `${hosts} hosts need about ${needed} open files, one connection each, and this machine's limit is ${limit}`,
    {
      hint: `raise it (ulimit -n ${Math.max(1024, 2 ** Math.ceil(Math.log2(needed)))}), or take fewer hosts with --limit`,
    },
  );
}

/** proc_pid_limits(5). Node raises the soft limit to the hard one when it starts. */
function openFilesLimit(): number {
  try {
    const soft = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1];
    return soft === undefined ? Infinity : Number(soft);
  } catch {
    return Infinity;
  }
}
