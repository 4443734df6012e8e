import { createHash, randomBytes } from 'node:crypto';
import { join } from 'node:path/posix';
import { type Output, script } from '../contract/command.ts';
import type { Applied, ChangeKind, WriteFile } from '../contract/change.ts';
import { type FileContent, type FileState, PREDICTED } from '../contract/file-state.ts';
import type { HostSession } from '../contract/host-session.ts';
import { pathResource } from '../contract/resource.ts';
import { MASK } from '../contract/secret.ts';
import { TaskError } from '../contract/task-error.ts';
import { inDirectory, place } from './apply-script.ts';
import { attributesText, octal, ownership } from './octal.ts';
import { isPredicted, predictedAttributes } from './predicted.ts';
import { refusal } from './refusal.ts';
import { WRITE_FILE_SCRIPT } from './write-file-script.ts';

export interface ReplaceOptions {
  readonly mode?: number;
  /** Name or number. Absent: kept, and for a new file the user who writes it (root, unless a user without rights runs the task). */
  readonly owner?: string;
  readonly group?: string;
  readonly validate?: readonly [string, ...string[]];
  readonly backup?: boolean;
  readonly sensitive?: boolean;
  /** Texts inside the content that diffs must mask. */
  readonly secrets?: readonly string[];
}

const NEW_FILE_MODE = 0o644;

export function writeFile(change: Omit<WriteFile, 'kind'>): WriteFile {
  return { kind: 'write-file', ...change };
}

/**
 * Replaces what a path was read to hold, keeping mode, owner and group of an existing file unless told otherwise. A link
 * stays: the file it leads to is written.
 * @throws {TaskError} where something other than a regular file of reasonable size is there
 * @example replaceContent(await read(fileContent('/etc/hosts')), Buffer.from('127.0.0.1 localhost\n'))
 */
export function replaceContent(current: FileContent, bytes: Uint8Array, options: ReplaceOptions = {}): WriteFile {
  const { realPath, path } = current;
  if (current.kind === 'not-a-file')
    throw new TaskError(`${path} must be a regular file, but it is a ${typeOf(current.state)}`);
  if (current.kind === 'too-large')
    throw new TaskError(`${path} is too large to be edited (${current.state.size} bytes)`);
  const state = current.kind === 'file' ? current.state : undefined;
  return writeFile({
    path: realPath,
    bytes,
    mode: options.mode ?? state?.mode ?? NEW_FILE_MODE,
    owner: options.owner ?? state?.owner ?? '',
    group: options.group ?? state?.group ?? '',
    before:
      current.kind === 'file' ? { state: current.state, bytes: current.bytes } : { state: { kind: 'absent', path } },
    ...(options.validate && { validate: options.validate }),
    ...(options.backup && { backup: true }),
    ...(options.sensitive && { sensitive: true }),
    ...(options.secrets && { secrets: options.secrets }),
  });
}

export const writeFileKind: ChangeKind<WriteFile> = {
  kind: 'write-file',
  describe: ({ path, mode, owner, group, before }) =>
    `${before.state.kind === 'absent' ? 'create' : 'write'} ${path} ${attributesText(mode, owner, group)}`,
  diff(change) {
    if (change.sensitive)
      return { kind: 'action', description: `the content of ${change.path} differs (hidden: it holds secrets)` };
    const shown = (bytes: Uint8Array) => masked(text(bytes), change.secrets ?? []);
    const before = change.before.state.kind === 'absent' ? null : shown(change.before.bytes ?? new Uint8Array());
    return { kind: 'text', path: change.path, before, after: shown(change.bytes) };
  },
  // The path as it was asked for may be a link to the real one; readings of either are stale.
  touches: ({ path, before }) => [...new Set([pathResource(path), pathResource(before.state.path)])],
  predict: (change) => ({
    files: [{ path: change.path, state: predictedState(change), bytes: change.bytes }],
    facts: [],
  }),
  preconditions: ({ path }) => ({
    refused: notWritten(path),
    needs: [inDirectory(path), { path, as: 'replaceable' }],
  }),
  apply,
  undo(change) {
    const written = { state: predictedState(change), bytes: change.bytes };
    const { state, bytes } = change.before;
    if (state.kind === 'absent')
      return { kind: 'remove-path', path: change.path, before: written.state, bytes: change.bytes };
    if (state.kind !== 'file' || !bytes) return undefined;
    return {
      ...change,
      bytes,
      mode: state.mode,
      owner: state.owner,
      group: state.group,
      before: written,
      validate: undefined,
    };
  },
};

async function apply(change: WriteFile, session: HostSession): Promise<Applied> {
  const start = performance.now();
  const backup = change.backup && change.before.state.kind === 'file' ? `${change.path}.${timestamp(new Date())}~` : '';
  const output = await session.run(script(WRITE_FILE_SCRIPT, words(change, backup), { stdin: change.bytes }));
  if (output.code !== 0) throw refused(change, output);
  return {
    change,
    elapsed: (performance.now() - start) / 1000,
    ...(backup && { facts: { backup_file: backup } }),
  };
}

function words(change: WriteFile, backup: string): readonly string[] {
  const [directory, name] = place(change.path);
  const temporary = `.tsplay-${randomBytes(12).toString('hex')}`;
  const validate = change.validate?.map((word) => word.replaceAll('%s', join(directory, temporary))) ?? [];
  return [
    directory,
    name,
    temporary,
    octal(change.mode),
    ownership(change.owner, change.group),
    expected(change),
    String(change.bytes.length),
    backup.slice(backup.lastIndexOf('/') + 1),
    keepsAcl(change) ? 'mode,xattr' : 'xattr',
    ...validate,
  ];
}

/** The access list lives in the group bits; copying it must never open the file wider than its final mode. */
function keepsAcl({ before, mode }: WriteFile): boolean {
  return before.state.kind === 'file' && (before.state.mode & ~mode) === 0;
}

/** What must still be there just before the rename: nothing, one version, or (for undo) certain bytes. */
function expected({ before }: WriteFile): string {
  if (before.state.kind === 'absent') return 'absent';
  if (!isPredicted(before.state.version)) return before.state.version;
  const hash = createHash('sha256').update(before.bytes ?? new Uint8Array());
  return `sha256:${hash.digest('hex')}`;
}

function refused(change: WriteFile, output: Output): TaskError {
  const wanted = notWritten(change.path);
  if (!Buffer.from(output.stdout).toString().startsWith('stage validate')) return refusal(wanted, change.path, output);
  const said = change.sensitive
    ? '(its output is hidden: the file holds secrets)'
    : masked(Buffer.from(output.stderr).toString().trim(), change.secrets ?? []);
  return new TaskError(`${wanted}: ${change.validate?.[0]} refused the new content: ${said}`, { rc: output.code });
}

function notWritten(path: string): string {
  return `${path} was not written`;
}

function predictedState(change: WriteFile): FileState {
  const { state } = change.before;
  const known = state.kind === 'absent' ? undefined : state;
  return {
    kind: 'file',
    path: change.path,
    size: change.bytes.length,
    links: 1,
    version: PREDICTED,
    mtime: 0,
    mode: change.mode,
    ...predictedAttributes(change.owner, change.group, known),
  };
}

/** As Ansible names its backups: sorts by time, and tells whoever finds one where it came from. */
function timestamp(now: Date): string {
  return `${now.toISOString().slice(0, 10)}@${now.toISOString().slice(11, 19)}.${randomBytes(2).toString('hex')}`;
}

function typeOf(state: FileState): string {
  return state.kind === 'other' ? state.type : state.kind;
}

/** Longest first, so that no secret's tail is left where a shorter one is its beginning. */
function masked(shown: string, secrets: readonly string[]): string {
  const longestFirst = secrets.toSorted((a, b) => b.length - a.length);
  return longestFirst.reduce((text, secret) => text.replaceAll(secret, MASK), shown);
}

function text(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString();
}
