import { dirname } from 'node:path/posix';
import type { MakeDirectory } from '../contract/change.ts';
import type { FileContent, FileState } from '../contract/file-state.ts';
import type { Read } from '../contract/probe.ts';
import { TaskError } from '../contract/task-error.ts';
import { makeDirectory } from '../changes/make-directory.ts';
import { fileContent } from '../probes/file.ts';
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

/** What stands where the directories above a path should be, outermost first, the root left out. */
export async function directoriesAbove(path: string, read: Read): Promise<readonly FileState[]> {
  const contents = await Promise.all(ancestors(path).map((parent) => read(fileContent(parent, 0))));
  return contents.map(stateOf);
}

export function stateOf(content: FileContent): FileState {
  return content.kind === 'absent' ? content : content.state;
}

function ancestors(path: string): readonly string[] {
  const found: string[] = [];
  for (let parent = dirname(path); parent !== '/'; parent = dirname(parent)) found.unshift(parent);
  return found;
}

/** A file to edit and, when it is to be created, what stands above it. */
export type EditedFile = FileContent & { readonly above?: readonly FileState[] };

/** The file, and the directories above it when it has to be created first: with `create`, Ansible makes those too. */
export async function editedFile(path: string, create: boolean, read: Read): Promise<EditedFile> {
  const content = await read(fileContent(path));
  if (content.kind !== 'absent' || !create) return content;
  return { ...content, above: await directoriesAbove(content.realPath, read) };
}
