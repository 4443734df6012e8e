import type { MakeDirectory } from '../contract/change.ts';
import type { FileState } from '../contract/file-state.ts';
import { TaskError } from '../contract/task-error.ts';
import { makeDirectory } from '../changes/make-directory.ts';
import { modeAfter } from './file-mode.ts';
import type { Ownership } from './ownership.ts';

/** Makes the directories of a chain that are missing, outermost first, all alike as Ansible does. */
export function missingDirectories(
  chain: readonly FileState[],
  { mode, owner, group }: Ownership,
): readonly MakeDirectory[] {
  const obstacle = chain.find(({ kind }) => kind !== 'absent' && kind !== 'directory' && kind !== 'link');
  if (obstacle) throw new TaskError(`${obstacle.path} must be a directory, but a ${obstacle.kind} is there`);
  const bits = mode ? modeAfter(mode, 0o755, 'directory') : 0o755;
  return chain
    .filter(({ kind }) => kind === 'absent')
    .map(({ path }) => makeDirectory(path, { mode: bits, ...(owner && { owner }), ...(group && { group }) }));
}
