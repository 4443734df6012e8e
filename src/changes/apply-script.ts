import type { Applied, Change } from '../contract/change.ts';
import { type ScriptCommand, script } from '../contract/command.ts';
import type { Precondition } from '../contract/precondition.ts';
import type { HostSession } from '../contract/host-session.ts';
import { refusal } from './refusal.ts';

/** Directory and name of a path, as scripts that work inside the directory want them. */
export function place(path: string): readonly [string, string] {
  const slash = path.lastIndexOf('/');
  return [path.slice(0, slash) || '/', path.slice(slash + 1)];
}

/** What every change needs that makes, replaces or removes a name. */
export function inDirectory(path: string): Precondition {
  return { path: place(path)[0], as: 'writable-directory' };
}

interface PathScript {
  readonly text: string;
  readonly args: readonly string[];
  /** What was not done when the script exits non-zero. */
  readonly refused: string;
}

/** Runs a script that changes one path. @throws {TaskError} with the reason when it exits non-zero */
export async function applyScript(
  change: Change & { readonly path: string },
  session: HostSession,
  step: PathScript,
): Promise<Applied> {
  const start = performance.now();
  const command: ScriptCommand = script(step.text, step.args);
  const output = await session.run(command);
  if (output.code !== 0) throw refusal(step.refused, change.path, output);
  return { change, elapsed: (performance.now() - start) / 1000 };
}
