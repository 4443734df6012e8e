import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { readFailure } from '../read-failure.ts';
import { readYaml } from '../yaml/read-yaml.ts';
import { addHosts, type Draft } from './draft.ts';
import { readIniInventory } from './ini.ts';
import { readText } from './read-text.ts';
import type { ScriptLimits } from './script.ts';
import { readScriptInventory } from './script-inventory.ts';
import { isIgnored, kindOf } from './source-kind.ts';
import { readYamlInventory } from './yaml-inventory.ts';

export interface ReadOptions {
  /** Decrypts a file or throws; absent when no vault password was given. */
  readonly vaultDecrypt?: (text: string) => string;
  readonly script: ScriptLimits;
}

const MOST_NESTED = 20;

/** Reads one `-i` value into the draft: a file, a directory of sources, a script or a literal list `host1,host2,`. */
export async function readSource(draft: Draft, source: string, options: ReadOptions, depth = 0): Promise<void> {
  if (isHostList(source)) return readHostList(draft, source);
  if (!existsSync(source)) {
    const hint = 'a list of hosts needs a comma: host1,';
    draft.problems.error(`the inventory ${source || '""'} does not exist`, { hint });
    return;
  }
  if (!statSync(source).isDirectory()) return readFile(draft, source, options);
  draft.sources.push(source);
  if (depth > MOST_NESTED) return draft.problems.error(`${source}: directories nested more than ${MOST_NESTED} deep`);
  for (const name of attempt(draft, source, () => readdirSync(source).toSorted()) ?? []) {
    if (!isIgnored(name)) await readSource(draft, join(source, name), options, depth + 1);
  }
}

/** Such a source has no directory of its own, hence no vars beside it. */
export function isHostList(source: string): boolean {
  return source.includes(',') && !existsSync(source);
}

function readHostList(draft: Draft, list: string): void {
  const ungrouped = draft.groups.get('ungrouped');
  const position = { file: '-i', line: 1, column: 1 };
  for (const host of list.split(',')) {
    if (ungrouped && host.trim() !== '') addHosts(draft, ungrouped, host.trim(), position);
  }
}

/** What cannot be read is a problem among others, not the end. */
function attempt<Found>({ problems }: Draft, file: string, read: () => Found): Found | undefined {
  try {
    return read();
  } catch (error) {
    problems.error(`cannot be read: ${readFailure(error)}`, { position: { file, line: 1, column: 1 } });
    return undefined;
  }
}

async function readFile(draft: Draft, file: string, options: ReadOptions): Promise<void> {
  draft.sources.push(file);
  const position = { file, line: 1, column: 1 };
  const kind = attempt(draft, file, () => kindOf(file));
  if (kind === undefined) return;
  if (kind === 'script') return readScriptInventory(draft, file, options.script);
  if (kind === 'not-executable') {
    return draft.problems.error('the inventory script may not be executed', { position, hint: `chmod +x ${file}` });
  }
  const text = readText(file, { ...options, problems: draft.problems });
  if (text === undefined) return;
  if (kind === 'ini') return readIniInventory(draft, text, file);
  const document = readYaml(text, file, draft.problems);
  if (document && document.value !== null) readYamlInventory(draft, document.value, file);
}
