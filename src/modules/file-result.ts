import { createHash } from 'node:crypto';
import type { Change } from '../contract/change.ts';
import type { FileContent, FileState } from '../contract/file-state.ts';
import { kindOf } from '../changes/kinds.ts';
import { octal } from '../changes/octal.ts';
import { stateOf } from './directories.ts';
import type { Ownership } from './ownership.ts';

type Values = Readonly<Record<string, unknown>>;

/** What a task made of a path: a state that was read, or in check mode one that the plan leads to. */
export interface Outcome {
  readonly state: FileState;
  /** Whose a new file will be, the host decides unless the task does. */
  readonly isOwnerKnown: boolean;
}

/** `planned` is what is still to be done to what was read: nothing, except in check mode. */
export function outcomeOf(found: FileState, planned: readonly Change[], wanted: Ownership): Outcome {
  const states = planned.flatMap((change) =>
    kindOf(change)
      .predict(change)
      .files.map(({ state }) => state),
  );
  const state = states.findLast(({ path }) => path === found.path) ?? found;
  const isNew = found.kind === 'absent' && state.kind !== 'absent';
  return { state, isOwnerKnown: !isNew || (wanted.owner !== undefined && wanted.group !== undefined) };
}

/** What Ansible's file modules register about a path; what is not known yet is left out. */
export function attributeValues({ state, isOwnerKnown }: Outcome): Values {
  if (state.kind === 'absent') return { state: 'absent' };
  const { mode, uid, gid, owner, group } = state;
  const size = sizeOf(state);
  return {
    mode: octal(mode),
    ...(isOwnerKnown && { owner, group, ...(uid >= 0 && { uid }), ...(gid >= 0 && { gid }) }),
    ...(size !== undefined && { size }),
    state: nameOf(state),
  };
}

type Present = Exclude<FileState, { kind: 'absent' }>;

/** As Ansible: a file with several names is `hard`, and whatever else is there a `file`. */
function nameOf(state: Present): string {
  if (state.kind === 'other') return 'file';
  return state.kind === 'file' && state.links > 1 ? 'hard' : state.kind;
}

/** Bytes; of what was only planned, unknown but for files. A version is `device:inode:size:…`. */
function sizeOf(state: Present): number | undefined {
  if (state.kind === 'file') return state.size;
  const size = Number(state.version.split(':', 3)[2]);
  return Number.isSafeInteger(size) ? size : undefined;
}

export function sha1(bytes: Uint8Array): string {
  return createHash('sha1').update(bytes).digest('hex');
}

/** A file's own state, behind its links. */
export function endOf(content: FileContent): FileState {
  return { ...stateOf(content), path: content.realPath };
}
