import { Problems } from '../contract/problem.ts';
import { matchHosts } from '../language/inventory/patterns.ts';
import type { Inventory } from '../language/inventory/types.ts';
import { listTags } from '../language/playbook/listing.ts';
import { findStart, startNames } from '../language/playbook/start-at.ts';
import type { TagSelection } from '../language/playbook/tags.ts';
import type { Play, Playbook } from '../language/playbook/types.ts';
import { walk } from '../language/playbook/walk.ts';
import { suggest } from '../language/suggest.ts';

/**
 * Reports `hosts:` that match nothing: a mistake where a name is nearly that of a host or group, else a warning, since
 * inventories are shared by playbooks that are not for all of them. Where tasks may add hosts it stays a warning.
 */
export function checkPlayHosts(playbooks: readonly Playbook[], inventory: Inventory, problems: Problems): void {
  const plays = playbooks.flatMap((playbook) => playbook.plays);
  const canGrow = plays.some(mayAddHosts);
  const isEmpty = inventory.hosts.size === 0;
  // Of an inventory that could not be read, every pattern would be said to match nothing.
  if (isEmpty && problems.hasErrors) return;
  for (const play of plays.filter(({ hosts }) => typeof hosts === 'string' || Array.isArray(hosts))) {
    const pattern = [play.hosts].flat().map(String);
    if (pattern.some((part) => part.includes('{{'))) continue;
    const found = new Problems();
    matchHosts(pattern, inventory, found);
    if (isEmpty && found.list.length > 0) {
      problems.warn(`there are no hosts in the inventory ${inventory.sources.join(', ')}`);
      return;
    }
    for (const problem of found.list) {
      const isTypo = problem.hint?.startsWith('did you mean') === true && !canGrow;
      const severity = isTypo ? 'error' : problem.severity;
      problems.list.push({ ...problem, severity, position: play.position, path: `${play.path}.hosts` });
    }
  }
}

function mayAddHosts({ sections }: Play): boolean {
  const statements = sections.flatMap((section) => [...walk(section.statements)]);
  return statements.some(
    (statement) =>
      statement.kind === 'include' || (statement.kind === 'task' && /^(add_host|group_by)$/.test(statement.module)),
  );
}

/** `--start-at-task` that names no task would run nothing and look like success. */
export function checkStart(
  playbooks: readonly Playbook[],
  wanted: string | undefined,
  selection: TagSelection,
  problems: Problems,
): void {
  if (wanted === undefined) return;
  const plays = playbooks.flatMap((playbook) => playbook.plays);
  if (findStart(plays, wanted, selection)) return;
  const similar = suggest(wanted, startNames(plays));
  const hint = similar === undefined ? 'see --list-tasks' : `did you mean "${similar}"?`;
  problems.error(`--start-at-task "${wanted}" matches no task that would run`, { hint });
}

const TAGS_OF_ANY_TASK = ['all', 'always', 'never', 'tagged', 'untagged'];

/** A mistyped tag would run nothing, or leave nothing out. A warning, and only where no include may bring the tag. */
export function checkTags(playbooks: readonly Playbook[], { only, skip }: TagSelection, problems: Problems): void {
  const sections = playbooks.flatMap(({ plays }) => plays.flatMap((play) => play.sections));
  const includes = sections.flatMap(({ statements }) => [...walk(statements)]).filter(({ kind }) => kind === 'include');
  const known = [...playbooks.flatMap(listTags), ...TAGS_OF_ANY_TASK];
  if (!includes.some(({ keywords }) => keywords.tags.includes('always'))) warnOfTags('--tags', only, known, problems);
  if (includes.length === 0) warnOfTags('--skip-tags', skip, known, problems);
}

function warnOfTags(option: string, wanted: readonly string[], known: readonly string[], problems: Problems): void {
  for (const tag of wanted.filter((one) => !known.includes(one))) {
    const similar = suggest(tag, known);
    const hint = similar === undefined ? 'see --list-tags' : `did you mean ${similar}?`;
    problems.warn(`${option} ${tag}: no task has this tag`, { hint });
  }
}
