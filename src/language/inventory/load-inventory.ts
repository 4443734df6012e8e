import { existsSync, readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Problems } from '../../contract/problem.ts';
import { readFailure } from '../read-failure.ts';
import { suggest } from '../suggest.ts';
import { assemble } from './assemble.ts';
import { addHosts, type Draft, newDraft } from './draft.ts';
import { cachedFileLayers } from './layers.ts';
import type { ReadTextOptions } from './read-text.ts';
import { isHostList, readSource } from './read-sources.ts';
import { defaultScriptLimits, type ScriptLimits } from './script.ts';
import type { Inventory } from './types.ts';

export interface LoadOptions extends ReadTextOptions {
  /** Hosts to add that no source names. */
  readonly extraHosts?: readonly string[];
  readonly script?: Partial<ScriptLimits>;
}

/**
 * Reads inventories as Ansible does: INI, YAML, JSON, executables that answer `--list`, directories of these, and
 * literal lists `host1,host2,`; later sources win. Files of variables beside them are read when a host first asks.
 *
 * Mistakes become problems; the inventory holds whatever could be read.
 * @param sources the values of `-i`, in order
 * @example await loadInventory(['inventory/'], { problems })
 */
export async function loadInventory(sources: readonly string[], options: LoadOptions): Promise<Inventory> {
  const draft = newDraft(options.problems);
  const script = { ...defaultScriptLimits, ...options.script };
  for (const source of sources) await readSource(draft, source, { ...options, script });
  addExtraHosts(draft, options.extraHosts ?? []);
  const directories = varsDirectories(sources);
  const inventory = assemble({ draft, directories, fileLayers: cachedFileLayers(options) });
  for (const directory of directories) warnOfUnknownNames(directory, inventory, options.problems);
  return inventory;
}

function addExtraHosts(draft: Draft, hosts: readonly string[]): void {
  const ungrouped = draft.groups.get('ungrouped');
  for (const host of hosts) if (ungrouped) addHosts(draft, ungrouped, host, { file: '-i', line: 1, column: 1 });
}

/** A directory of sources holds group_vars/ itself; a file has it beside it. */
function varsDirectories(sources: readonly string[]): readonly string[] {
  const existing = sources.filter((source) => !isHostList(source) && existsSync(source));
  return [...new Set(existing.map((source) => (statSync(source).isDirectory() ? source : dirname(source))))];
}

function entriesOf(path: string, problems: Problems): readonly string[] {
  try {
    return existsSync(path) && statSync(path).isDirectory() ? readdirSync(path) : [];
  } catch (error) {
    problems.error(`cannot be read: ${readFailure(error)}`, { position: { file: path, line: 1, column: 1 } });
    return [];
  }
}

/** A file for a group that does not exist is common where inventories share it; a near miss is a typo. */
function warnOfUnknownNames(directory: string, { groups, hosts }: Inventory, problems: Problems): void {
  for (const [folder, known] of [['group_vars', groups] as const, ['host_vars', hosts] as const]) {
    const path = join(directory, folder);
    for (const entry of entriesOf(path, problems)) {
      const name = entry.replace(/\.(?:yml|yaml|json)$/, '');
      const similar = known.has(name) || known.has(entry) ? undefined : suggest(name, known.keys());
      if (similar === undefined) continue;
      const position = { file: join(path, entry), line: 1, column: 1 };
      problems.warn(`belongs to no ${folder === 'group_vars' ? 'group' : 'host'}`, {
        position,
        hint: `did you mean ${similar}?`,
      });
    }
  }
}
