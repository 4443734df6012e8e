import type { SetAttributes } from '../contract/change.ts';
import type { FileContent, FileState } from '../contract/file-state.ts';
import { differingAttributes, setAttributes } from '../changes/set-attributes.ts';
import { type FileMode, modeAfter } from './file-mode.ts';

export interface Ownership {
  readonly mode?: FileMode | undefined;
  readonly owner?: string | undefined;
  readonly group?: string | undefined;
}

/** What chmod starts from where there is no file yet. */
const NEW_FILE_MODE = 0o644;

/** The bits a written file gets, or undefined to leave that to what is there. */
export function wantedMode(mode: FileMode | undefined, current: FileContent): number | undefined {
  if (mode === undefined) return undefined;
  return modeAfter(mode, current.kind === 'file' ? current.state.mode : NEW_FILE_MODE, 'file');
}

/** The change that gives a file with the right content the right mode and owner. */
export function adjustAttributes(
  current: Extract<FileContent, { kind: 'file' }>,
  wanted: Ownership,
): readonly SetAttributes[] {
  return adjustState({ ...current.state, path: current.realPath }, wanted);
}

/** The change that gives what is at a path the wanted mode and owner; none where they agree. */
export function adjustState(
  state: Exclude<FileState, { kind: 'absent' }>,
  wanted: Ownership,
): readonly SetAttributes[] {
  const { mode, owner, group } = wanted;
  const hasMode = mode !== undefined && state.kind !== 'link';
  const bits = hasMode ? modeAfter(mode, state.mode, state.kind === 'directory' ? 'directory' : 'file') : undefined;
  const after = differingAttributes(state, {
    ...(bits !== undefined && { mode: bits }),
    ...(owner && { owner }),
    ...(group && { group }),
  });
  return after ? [setAttributes(state.path, state, after)] : [];
}
