import type { ChangeKind, RemovePath } from '../contract/change.ts';
import { type FileState, VERSION_FORMAT } from '../contract/file-state.ts';
import type { Precondition } from '../contract/precondition.ts';
import { pathResource } from '../contract/resource.ts';
import { TaskError } from '../contract/task-error.ts';
import { applyScript, inDirectory, place } from './apply-script.ts';
import { expectedVersion } from './predicted.ts';
import { DIE, versionOf } from './refusal.ts';
import { writeFile } from './write-file.ts';

/** A directory's version changes with every name in it, so a whole tree is only checked to be a directory still. */
const SCRIPT = `${DIE}${versionOf(VERSION_FORMAT)}
base=$2
cd -P -- "$1" 2>/dev/null || exit 0
[ -e "./$base" ] || [ -L "./$base" ] || exit 0
if [ "$3" = tree ]; then
  [ -d "./$base" ] && [ ! -L "./$base" ] || die changed
  rm -rf -- "./$base" || die remove
elif [ "$3" = directory ]; then rmdir -- "./$base" || die rmdir
else
  now=$(version_of "./$base") || die no-stat
  [ "$4" = any ] || [ "$now" = "$4" ] || die changed
  rm -f -- "./$base" || die remove
fi`;

/** Removing one of these takes the host down; whoever means it can run a command. */
const PRECIOUS = new Set([
  '/',
  ...['bin', 'boot', 'dev', 'etc', 'home', 'lib', 'lib64', 'proc', 'root', 'run', 'sbin', 'sys', 'usr', 'var'].map(
    (name) => `/${name}`,
  ),
]);

/** @throws {TaskError} for a directory that the system cannot live without */
export function removePath(before: FileState, options: { recursive?: boolean; bytes?: Uint8Array } = {}): RemovePath {
  if (PRECIOUS.has(before.path)) throw new TaskError(`${before.path} is not removed: the host cannot live without it`);
  const { recursive, bytes } = options;
  return { kind: 'remove-path', path: before.path, before, ...(recursive && { recursive }), ...(bytes && { bytes }) };
}

export const removePathKind: ChangeKind<RemovePath> = {
  kind: 'remove-path',
  describe: ({ path, recursive }) => `remove ${path}${recursive ? ' and everything in it' : ''}`,
  diff: ({ path, before, bytes }) =>
    bytes
      ? { kind: 'text', path, before: Buffer.from(bytes).toString(), after: null }
      : { kind: 'attributes', path, before: { state: before.kind }, after: { state: 'absent' } },
  touches: ({ path }) => [pathResource(path)],
  predict: ({ path }) => ({ files: [{ path, state: { kind: 'absent', path } }], facts: [] }),
  preconditions: (change) => ({ refused: refused(change), needs: needs(change) }),
  apply: (change, session) =>
    applyScript(change, session, {
      text: SCRIPT,
      args: [...place(change.path), treeKind(change), expectedVersion(change.before)],
      refused: refused(change),
    }),
  undo({ path, before, bytes }) {
    const absent: FileState = { kind: 'absent', path };
    if (before.kind === 'link') return { kind: 'make-link', path, target: before.target, before: absent };
    if (before.kind !== 'file' || !bytes) return undefined;
    const { mode, owner, group } = before;
    return writeFile({ path, bytes, mode, owner, group, before: { state: absent } });
  },
};

function treeKind({ before, recursive }: RemovePath): string {
  if (before.kind !== 'directory') return 'file';
  return recursive ? 'tree' : 'directory';
}

function refused({ path }: RemovePath): string {
  return `${path} was not removed`;
}

function needs(change: RemovePath): readonly Precondition[] {
  const { path } = change;
  const own: Precondition[] = [inDirectory(path), { path, as: 'replaceable' }];
  return treeKind(change) === 'directory' ? [...own, { path, as: 'empty-directory' }] : own;
}
