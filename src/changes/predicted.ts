import { PREDICTED, type FileAttributes, type FileState } from '../contract/file-state.ts';

/** The version after a change of attributes: nobody can know it, but the file stays the one it is. */
export function changedVersion(before: string): string {
  return isPredicted(before) ? before : `${PREDICTED}:${before.split(':', 2).join(':')}`;
}

export function isPredicted(version: string): boolean {
  return version === PREDICTED || version.startsWith(`${PREDICTED}:`);
}

/** Device and inode; undefined for a file that would be a new one. */
export function identityOf({ version }: { readonly version: string }): string | undefined {
  return /^(?:predicted:)?(\d+:\d+)(?::|$)/.exec(version)?.[1];
}

/** Ids of names the controller cannot look up. */
const UNKNOWN_ID = -1;

/** Owner and group after a change that sets them by name or number, as far as the controller can know. */
export function predictedAttributes(
  owner: string,
  group: string,
  before: FileAttributes | undefined,
): Omit<FileAttributes, 'mode'> {
  const user = named(owner, before && { name: before.owner, id: before.uid });
  const ofGroup = named(group, before && { name: before.group, id: before.gid });
  return { owner: user.name, uid: user.id, group: ofGroup.name, gid: ofGroup.id };
}

interface Named {
  readonly name: string;
  readonly id: number;
}

function named(wanted: string, before: Named | undefined): Named {
  if (before && (wanted === '' || wanted === before.name || wanted === String(before.id))) return before;
  if (wanted === '' || wanted === 'root' || wanted === '0') return { name: 'root', id: 0 };
  return /^\d+$/.test(wanted) ? { name: wanted, id: Number(wanted) } : { name: wanted, id: UNKNOWN_ID };
}

/** A state has its kind beside its attributes; bare attributes have not. */
export function isState(attributes: FileAttributes | FileState): attributes is Exclude<FileState, { kind: 'absent' }> {
  return 'kind' in attributes && attributes.kind !== 'absent';
}

/** The version a script must find; `any` where only a prediction is known (an undo of something just made). */
export function expectedVersion(before: FileState): string {
  if (before.kind === 'absent') return 'absent';
  return isPredicted(before.version) ? 'any' : before.version;
}
