import type { ChangeKind, SetAttributes } from '../contract/change.ts';
import type { FileAttributes } from '../contract/file-state.ts';
import { pathResource } from '../contract/resource.ts';
import { applyScript, place } from './apply-script.ts';
import { octal, ownership } from './octal.ts';
import { changedVersion, isState, predictedAttributes } from './predicted.ts';
import { DIE } from './refusal.ts';

/** Owner before mode: chown(2) clears the set-user-ID bits. Links are never followed; a link has no mode of its own. */
const SCRIPT = `${DIE}
base=$2
cd -P -- "$1" 2>/dev/null || { cd /; die no-directory; }
base=\${base:-.}
[ -z "$4" ] || chown -h $5 -- "$4" "./$base" || die chown
[ -z "$3" ] || [ -L "./$base" ] || chmod $5 -- "$3" "./$base" || die chmod`;

type Wanted = SetAttributes['after'];

export function setAttributes(
  path: string,
  before: FileAttributes,
  after: Wanted,
  options: { recursive?: boolean } = {},
): SetAttributes {
  return { kind: 'set-attributes', path, before, after, ...(options.recursive && { recursive: true }) };
}

/** The attributes that differ, or undefined when none does. Owners may be given by name or by number. */
export function differingAttributes(before: FileAttributes, wanted: Wanted): Wanted | undefined {
  const { mode, owner, group } = wanted;
  const after = {
    ...(mode !== undefined && mode !== before.mode && { mode }),
    ...(owner !== undefined && owner !== before.owner && owner !== String(before.uid) && { owner }),
    ...(group !== undefined && group !== before.group && group !== String(before.gid) && { group }),
  };
  return Object.keys(after).length > 0 ? after : undefined;
}

export const setAttributesKind: ChangeKind<SetAttributes> = {
  kind: 'set-attributes',
  describe: ({ path, after, recursive }) =>
    `set ${wordsOf(after)} of ${path}${recursive ? ' and everything below it' : ''}`,
  diff: ({ path, before, after }) => ({
    kind: 'attributes',
    path,
    before: attributesOf({
      ...(after.mode !== undefined && { mode: before.mode }),
      ...(after.owner !== undefined && { owner: before.owner }),
      ...(after.group !== undefined && { group: before.group }),
    }),
    after: attributesOf(after),
  }),
  touches: ({ path }) => [pathResource(path)],
  predict: (change) => ({ files: predictedFiles(change), facts: [] }),
  preconditions: (change) => ({
    refused: refused(change),
    needs: [{ path: change.path, as: 'writable-file-system' }],
  }),
  apply: (change, session) =>
    applyScript(change, session, {
      text: SCRIPT,
      args: [...place(change.path), modeOf(change), ownerOf(change), change.recursive ? '-R' : ''],
      refused: refused(change),
    }),
  undo({ path, before, after, recursive }) {
    if (recursive) return undefined;
    return setAttributes(
      path,
      { ...before, ...after },
      { mode: before.mode, owner: before.owner, group: before.group },
    );
  },
};

function modeOf({ after }: SetAttributes): string {
  return after.mode === undefined ? '' : octal(after.mode);
}

function ownerOf({ after: { owner = '', group = '' } }: SetAttributes): string {
  return ownership(owner, group);
}

function attributesOf({ mode, owner, group }: Wanted): Readonly<Record<string, string>> {
  return {
    ...(mode !== undefined && { mode: octal(mode) }),
    ...(owner !== undefined && { owner }),
    ...(group !== undefined && { group }),
  };
}

function wordsOf(after: Wanted): string {
  return Object.entries(attributesOf(after))
    .map(([name, value]) => `${name} ${value}`)
    .join(', ');
}

/** Modules pass the state they read as `before`; from bare attributes nothing can be predicted. */
function predictedFiles({ path, before, after }: SetAttributes) {
  if (!isState(before)) return [];
  const names = predictedAttributes(after.owner ?? '', after.group ?? '', before);
  return [
    {
      path,
      state: { ...before, path, mode: after.mode ?? before.mode, ...names, version: changedVersion(before.version) },
    },
  ];
}

function refused({ path }: SetAttributes): string {
  return `the attributes of ${path} were not set`;
}
