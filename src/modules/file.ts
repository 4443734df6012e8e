import { dirname, resolve } from 'node:path/posix';
import { z } from 'zod';
import type { Change } from '../contract/change.ts';
import type { FileContent, FileState } from '../contract/file-state.ts';
import { defineModule } from '../contract/module.ts';
import type { Read } from '../contract/probe.ts';
import { makeLink } from '../changes/make-link.ts';
import { identityOf } from '../changes/predicted.ts';
import { removePath } from '../changes/remove-path.ts';
import { replaceContent } from '../changes/write-file.ts';
import { TaskError } from '../contract/task-error.ts';
import { fileContent, fileState } from '../probes/file.ts';
import { treeStates } from '../probes/tree.ts';
import { directoriesAbove, missingDirectories, stateOf } from './directories.ts';
import { attributeValues, endOf, outcomeOf } from './file-result.ts';
import { hostPath, ownership } from './fields.ts';
import { modeAfter } from './file-mode.ts';
import { adjustState } from './ownership.ts';

const args = z
  .strictObject({
    path: hostPath.describe('What to manage'),
    state: z
      .enum(['file', 'directory', 'absent', 'link', 'hard', 'touch'])
      .optional()
      .describe('What must be at the path; absent: what is there already'),
    src: z.string().min(1).optional().describe('Target of a link'),
    recurse: z.boolean().default(false).describe('Set mode and owner of everything in the directory too'),
    force: z
      .boolean()
      .default(false)
      .describe('Replace a file or an empty directory by a link, or link to what does not exist yet'),
    follow: z.boolean().default(true).describe('Manage what a link leads to, not the link'),
    modification_time: z
      .literal('preserve')
      .optional()
      .describe('touch: times of an existing file are always left alone'),
    access_time: z.literal('preserve').optional().describe('touch: times of an existing file are always left alone'),
    ...ownership,
  })
  .refine(({ state, src }) => (state !== 'link' && state !== 'hard') || src !== undefined, {
    error: 'a link needs src, its target',
    path: ['src'],
  })
  .refine(({ recurse, state }) => !recurse || state === 'directory', {
    error: 'recurse needs state: directory',
    path: ['recurse'],
  });

type Args = z.output<typeof args>;

interface Current {
  readonly own: FileState;
  readonly end: FileContent;
  /** Of the directories above, outermost first. */
  readonly above: readonly FileState[];
  readonly source: FileState | undefined;
  readonly tree: readonly Exclude<FileState, { kind: 'absent' }>[];
}

export default defineModule<Args, Current>({
  name: 'file',
  summary: 'Manage a file, directory or link, its mode and its owner',
  description:
    'Differs from Ansible in one point: touch leaves the times of an existing file alone, so that a second run changes nothing. Registered, as by Ansible: path (and dest of links and touched files), src, mode, owner, group, uid, gid, size and state; in check mode without what only the host decides, such as the size of a new directory.',
  args,
  argAliases: { dest: 'path', name: 'path' },
  textArgs: ['mode'],
  observe,
  plan,
  result: ({ path, state }) => ({ path, ...(state && { state }) }),
  details(wanted, current) {
    const { path, src } = wanted;
    const state = stateFor(wanted);
    const isNamed = state === 'link' || state === 'hard' || state === 'touch';
    return {
      path,
      ...(isNamed && { dest: path }),
      ...(src !== undefined && { src }),
      ...attributeValues(outcomeOf(managed(wanted, current), plan(wanted, current), wanted)),
      ...(state === 'hard' && { state }),
    };
  },
  examples: [
    {
      title: 'A directory',
      task: "file:\n  path: /etc/nova/conf.d\n  state: directory\n  mode: '0750'\n  group: nova",
    },
    { title: 'No such file', task: 'file:\n  path: /etc/modprobe.d/old.conf\n  state: absent' },
  ],
});

async function observe({ path, src, state, recurse }: Args, read: Read): Promise<Current> {
  // All awaited at once: a reading that nobody awaits yet would end the process when it fails.
  const [own, end, source, above, tree] = await Promise.all([
    read(fileState(path)),
    state === 'absent' || state === 'link' ? nothing(path) : read(fileContent(path, 0)),
    src === undefined ? undefined : read(fileState(resolve(dirname(path), src))),
    directoriesAbove(path, read),
    recurse && state === 'directory' ? read(treeStates(path)) : [],
  ]);
  return { own, end, above, source, tree };
}

function nothing(path: string): FileContent {
  return { kind: 'absent', path, realPath: path };
}

function stateFor({ state, src }: Args): NonNullable<Args['state']> {
  return state ?? (src === undefined ? 'file' : 'link');
}

function plan(wanted: Args, current: Current): readonly Change[] {
  const state = stateFor(wanted);
  if (state === 'absent') return current.own.kind === 'absent' ? [] : [removal(current)];
  if (state === 'link' || state === 'hard') return linkChanges(wanted, current, state === 'hard');
  if (state === 'directory') return directoryChanges(wanted, current);
  if (state === 'touch' && current.end.kind === 'absent')
    return [replaceContent(current.end, new Uint8Array(), newFile(wanted))];
  return attributeChanges(wanted, current);
}

function removal({ own }: Current): Change {
  return removePath(own, { recursive: own.kind === 'directory' });
}

function newFile({ mode, owner, group }: Args) {
  return { ...(mode && { mode: modeAfter(mode, 0o644, 'file') }), owner, group };
}

function directoryChanges(wanted: Args, current: Current): readonly Change[] {
  const end = stateOf(current.end);
  if (end.kind === 'directory') return [...adjust(wanted, current), ...below(wanted, current)];
  if (end.kind !== 'absent') throw new TaskError(`${wanted.path} must be a directory, but a ${end.kind} is there`);
  if (current.own.kind === 'link')
    throw new TaskError(
      `${wanted.path} must be a directory, but it is a link to ${current.own.target}, which does not exist`,
    );
  return missingDirectories([...current.above, current.own], wanted);
}

function below(wanted: Args, { tree, own }: Current): readonly Change[] {
  return tree.filter(({ path }) => path !== own.path).flatMap((state) => adjustState(state, wanted));
}

function attributeChanges(wanted: Args, current: Current): readonly Change[] {
  if (wanted.state === 'file' && stateOf(current.end).kind === 'directory')
    throw new TaskError(`${wanted.path} must be a file, but a directory is there`);
  if (current.end.kind !== 'absent' || (!wanted.follow && current.own.kind !== 'absent'))
    return adjust(wanted, current);
  throw new TaskError(`${wanted.path} does not exist; state: touch or copy would create it`);
}

function adjust(wanted: Args, { own, end }: Current): readonly Change[] {
  const state = wanted.follow && end.kind !== 'absent' ? endOf(end) : own;
  return state.kind === 'absent' ? [] : adjustState(state, wanted);
}

/** What the result is about: the end of the links where they are followed, and the link itself where it is the matter. */
function managed(wanted: Args, { own, end }: Current): FileState {
  const isOwn = ['link', 'hard', 'absent'].includes(stateFor(wanted)) || !wanted.follow;
  return isOwn ? own : endOf(end);
}

function linkChanges(wanted: Args, { own, source }: Current, isHard: boolean): readonly Change[] {
  const { path, src = '', force } = wanted;
  if (!force && (source === undefined || source.kind === 'absent'))
    throw new TaskError(`${path} is to link to ${src}, which does not exist; force: true links nevertheless`);
  if (isHard && source?.kind === 'absent')
    throw new TaskError(`${path} is to be another name of ${src}, which does not exist`);
  if (isHard && source?.kind === 'directory')
    throw new TaskError(`${path} is to be another name of ${src}, but that is a directory, which has only one`);
  if (isHard ? isSameFile(own, source) : own.kind === 'link' && own.target === src) return [];
  if ((own.kind === 'file' || own.kind === 'directory' || own.kind === 'other') && !force)
    throw new TaskError(`${path} must be a link, but a ${own.kind} is there; force: true replaces it`);
  return [makeLink(path, isHard ? resolve(dirname(path), src) : src, own, { hard: isHard, source })];
}

function isSameFile(a: FileState, b: FileState | undefined): boolean {
  if (a.kind === 'absent' || a.kind !== b?.kind) return false;
  if (a.path === b.path) return true;
  const identity = identityOf(a);
  return identity !== undefined && identity === identityOf(b);
}
