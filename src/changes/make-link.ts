import { randomBytes } from 'node:crypto';
import type { ChangeKind, MakeLink } from '../contract/change.ts';
import { type FileState, PREDICTED, VERSION_FORMAT } from '../contract/file-state.ts';
import type { Precondition } from '../contract/precondition.ts';
import type { PredictedFile } from '../contract/probe.ts';
import { pathResource } from '../contract/resource.ts';
import { applyScript, inDirectory, place } from './apply-script.ts';
import { changedVersion, expectedVersion } from './predicted.ts';
import { DIE, versionOf } from './refusal.ts';

/**
 * The link is made under another name and renamed into place, so that the path never is absent in between. `mv` would
 * move it into a directory that a link leads to; where -T is unknown the old link is removed first.
 */
const SCRIPT = `${DIE}${versionOf(VERSION_FORMAT)}
base=$2
cd -P -- "$1" 2>/dev/null || { cd /; die no-directory; }
trap 'rm -f -- "./$6"' EXIT
if [ "$4" = hard ]; then ln -- "$3" "./$6" || die link; else ln -s -- "$3" "./$6" || die link; fi
now=$(version_of "./$base") || die no-stat
[ "$5" = any ] || [ "$now" = "$5" ] || die changed
if [ -d "./$base" ] && [ ! -L "./$base" ]; then rmdir -- "./$base" || die rmdir; fi
mv -fT -- "./$6" "./$base" 2>/dev/null || { rm -f -- "./$base" && mv -f -- "./$6" "./$base"; } || die rename`;

export function makeLink(
  path: string,
  target: string,
  before: FileState,
  options: { hard?: boolean; source?: FileState | undefined } = {},
): MakeLink {
  const { hard, source } = options;
  return { kind: 'make-link', path, target, before, ...(hard && { hard }), ...(hard && source && { source }) };
}

export const makeLinkKind: ChangeKind<MakeLink> = {
  kind: 'make-link',
  describe: ({ path, target, hard }) => `${hard ? 'hard link' : 'link'} ${path} to ${target}`,
  diff: ({ path, before, target, hard }) => ({
    kind: 'attributes',
    path,
    before: { state: before.kind, ...(before.kind === 'link' && { target: before.target }) },
    after: { state: hard ? 'hard' : 'link', target },
  }),
  touches: ({ path, target, hard }) => (hard ? [pathResource(path), pathResource(target)] : [pathResource(path)]),
  predict: (change) => ({
    files: change.hard ? hardLinked(change) : [{ path: change.path, state: linkState(change) }],
    facts: [],
  }),
  preconditions: (change) => ({ refused: refused(change), needs: needs(change) }),
  apply: (change, session) =>
    applyScript(change, session, {
      text: SCRIPT,
      args: [
        ...place(change.path),
        change.target,
        change.hard ? 'hard' : 'soft',
        expectedVersion(change.before),
        `.tsplay-${randomBytes(12).toString('hex')}`,
      ],
      refused: refused(change),
    }),
  undo(change) {
    const { before, path } = change;
    if (before.kind === 'link') return makeLink(path, before.target, linkState(change));
    return before.kind === 'absent' ? { kind: 'remove-path', path, before: linkState(change) } : undefined;
  },
};

function linkState({ path, target }: MakeLink): FileState {
  const root = { mode: 0o777, uid: 0, gid: 0, owner: 'root', group: 'root' };
  return { kind: 'link', path, target, version: PREDICTED, mtime: 0, ...root };
}

/** One file under both names. What replaces something is not foreseen: its content would pass for that of the old file. */
function hardLinked({ path, before, source }: MakeLink): readonly PredictedFile[] {
  if (source?.kind !== 'file' || before.kind !== 'absent') return [];
  const state = { ...source, links: source.links + 1, version: changedVersion(source.version) };
  return [path, source.path].map((name) => ({ path: name, state: { ...state, path: name } }));
}

function refused({ path }: MakeLink): string {
  return `link ${path} was not made`;
}

function needs({ path, before }: MakeLink): readonly Precondition[] {
  const own: Precondition[] = before.kind === 'absent' ? [] : [{ path, as: 'replaceable' }];
  return [
    inDirectory(path),
    ...own,
    ...(before.kind === 'directory' ? [{ path, as: 'empty-directory' } as const] : []),
  ];
}
