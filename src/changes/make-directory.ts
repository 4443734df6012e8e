import type { ChangeKind, MakeDirectory } from '../contract/change.ts';
import { type FileState, PREDICTED } from '../contract/file-state.ts';
import { pathResource } from '../contract/resource.ts';
import { applyScript, inDirectory, place } from './apply-script.ts';
import { attributesText, octal, ownership } from './octal.ts';
import { predictedAttributes } from './predicted.ts';
import { DIE } from './refusal.ts';

/** mkdir(1) without -p: a parent that vanished meanwhile is an error, not an invitation to make one with the wrong mode. */
const SCRIPT = `${DIE}
cd -P -- "$1" 2>/dev/null || { base=$2; cd /; die no-directory; }
base=$2
[ -d "./$base" ] && [ ! -L "./$base" ] || { umask 077; mkdir -- "./$base" || die mkdir; }
[ -z "$4" ] || chown -h -- "$4" "./$base" || die chown
chmod -- "$3" "./$base" || die chmod`;

/** Owner and group may be empty: then they are the writer's. */
export function makeDirectory(
  path: string,
  options: { mode?: number; owner?: string; group?: string } = {},
): MakeDirectory {
  const { mode = 0o755, owner = '', group = '' } = options;
  return { kind: 'make-directory', path, mode, owner, group };
}

export const makeDirectoryKind: ChangeKind<MakeDirectory> = {
  kind: 'make-directory',
  describe: ({ path, mode, owner, group }) => `create directory ${path} ${attributesText(mode, owner, group)}`,
  diff: ({ path }) => ({ kind: 'attributes', path, before: { state: 'absent' }, after: { state: 'directory' } }),
  touches: ({ path }) => [pathResource(path)],
  predict: (change) => ({ files: [{ path: change.path, state: madeState(change) }], facts: [] }),
  preconditions: (change) => ({ refused: refused(change), needs: [inDirectory(change.path)] }),
  apply: (change, session) =>
    applyScript(change, session, {
      text: SCRIPT,
      args: [...place(change.path), octal(change.mode), ownership(change.owner, change.group)],
      refused: refused(change),
    }),
  undo: (change) => ({ kind: 'remove-path', path: change.path, before: madeState(change) }),
};

function madeState({ path, mode, owner, group }: MakeDirectory): FileState {
  const names = predictedAttributes(owner, group, undefined);
  return { kind: 'directory', path, mode, mtime: 0, version: PREDICTED, ...names };
}

function refused({ path }: MakeDirectory): string {
  return `directory ${path} was not created`;
}
