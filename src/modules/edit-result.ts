import type { Applied, Change } from '../contract/change.ts';
import type { FileContent } from '../contract/file-state.ts';
import { differingAttributes } from '../changes/set-attributes.ts';

/** What an editing module did, or would do. */
export interface Edited {
  readonly before: string;
  readonly after: string;
  readonly hasNewAttributes: boolean;
}

/** The texts as latin1 bytes. `changes` are those made, or in check mode those to be made. */
export function editedBy(changes: readonly Change[], current: FileContent): Edited {
  const [write] = changes.filter((change) => change.kind === 'write-file');
  const unedited = current.kind === 'file' ? latin1(current.bytes) : '';
  const hasSet = changes.some((change) => change.kind === 'set-attributes');
  if (!write) return { before: unedited, after: unedited, hasNewAttributes: hasSet };
  const { state, bytes } = write.before;
  const { mode, owner, group } = write;
  const named = { mode, ...(owner && { owner }), ...(group && { group }) };
  const found = state.kind === 'absent' ? undefined : differingAttributes(state, named);
  return {
    before: bytes ? latin1(bytes) : '',
    after: latin1(write.bytes),
    hasNewAttributes: hasSet || (state.kind === 'absent' ? mode !== NEW_FILE_MODE : found !== undefined),
  };
}

const NEW_FILE_MODE = 0o644;

/** Ansible's words. */
export function editMessage(ofContent: string, { hasNewAttributes }: Edited): string {
  const ofAttributes = hasNewAttributes ? 'ownership, perms or SE linux context changed' : '';
  return [ofContent, ofAttributes].filter(Boolean).join(' and ');
}

export function backupOf(applied: readonly Applied[]): string | undefined {
  const [file] = applied.flatMap(({ facts }) => (typeof facts?.backup_file === 'string' ? [facts.backup_file] : []));
  return file;
}

/** What was done or, when nothing was applied, what is planned. */
export function changesOf(applied: readonly Applied[], planned: () => readonly Change[]): readonly Change[] {
  return applied.length > 0 ? applied.map(({ change }) => change) : planned();
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('latin1');
}
