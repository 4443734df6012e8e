import { z } from 'zod';
import type { Position } from '../../contract/problem.ts';
import { addChild, addGroup, addGroupLayer, addHostLayer, addHosts, type Draft } from './draft.ts';
import { runScript, ScriptError, type ScriptLimits } from './script.ts';

const vars = z.record(z.string(), z.unknown());
/** A list of hosts is the oldest form, still written by hand-made scripts. */
const group = z.union([
  z.array(z.string()).transform((hosts) => ({ hosts, children: [], vars: {} })),
  z.object({
    hosts: z.array(z.string()).default([]),
    children: z.array(z.string()).default([]),
    vars: vars.default({}),
  }),
]);
type Group = z.infer<typeof group>;

/**
 * Runs a script that answers `--list` with JSON (docs.ansible.com: "Developing dynamic inventory") and reads the answer
 * into the draft. Without `_meta.hostvars` it is asked for each host with `--host`.
 */
export async function readScriptInventory(draft: Draft, path: string, limits: ScriptLimits): Promise<void> {
  const position = { file: path, line: 1, column: 1 };
  try {
    const answer = vars.parse(parseJson(await runScript(path, ['--list'], limits), '--list'));
    const hosts = readGroups(draft, answer, position);
    const known = vars.optional().parse(vars.optional().parse(answer._meta)?.hostvars);
    for (const host of hosts) {
      const own = known ? known[host] : parseJson(await runScript(path, ['--host', host], limits), `--host ${host}`);
      addHostLayer(draft, host, { vars: vars.parse(own ?? {}), source: path });
    }
  } catch (error) {
    if (error instanceof ScriptError) draft.problems.error(`inventory script: ${error.message}`, { position });
    else if (error instanceof z.ZodError) {
      draft.problems.error(`inventory script: its answer is not an inventory: ${z.prettifyError(error)}`, { position });
    } else throw error;
  }
}

function parseJson(text: string, question: string): unknown {
  try {
    return JSON.parse(text.trim() === '' ? '{}' : text);
  } catch (cause) {
    throw new ScriptError(
      `its answer to ${question} is not JSON, but begins with ${JSON.stringify(text.trim().slice(0, 40))}`,
      { cause },
    );
  }
}

function readGroups(draft: Draft, answer: Readonly<Record<string, unknown>>, position: Position): ReadonlySet<string> {
  const names = new Set<string>();
  for (const name of Object.keys(answer)) {
    if (name === '_meta') continue;
    for (const host of readGroup(draft, name, group.parse(answer[name]), position)) names.add(host);
  }
  return names;
}

function readGroup(draft: Draft, name: string, content: Group, position: Position): readonly string[] {
  const owner = addGroup(draft, name, position);
  if (!owner) return [];
  if (Object.keys(content.vars).length > 0) addGroupLayer(draft, owner, { vars: content.vars, source: position.file });
  for (const child of content.children) addChild(draft, owner, child, position);
  return content.hosts.flatMap((host) => addHosts(draft, owner, host, position));
}
