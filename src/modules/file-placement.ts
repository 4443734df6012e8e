import { createHash } from 'node:crypto';
import { dirname } from 'node:path/posix';
import type { Change } from '../contract/change.ts';
import type { FileContent, FileState } from '../contract/file-state.ts';
import type { Read } from '../contract/probe.ts';
import { type ReplaceOptions, replaceContent, writeFile } from '../changes/write-file.ts';
import { TaskError } from '../contract/task-error.ts';
import { commandOutput } from '../probes/command-output.ts';
import { fileContent } from '../probes/file.ts';
import { pathResource } from '../contract/resource.ts';
import { missingDirectories } from './directories.ts';
import { attributeValues, endOf, outcomeOf, sha1 } from './file-result.ts';
import { adjustState, type Ownership, wantedMode } from './ownership.ts';
import { splitWords } from './words.ts';

/** A file to be put on the host. */
export interface SourceFile {
  /** Below the destination when that is a directory. */
  readonly name: string;
  readonly bytes: Uint8Array;
  /** Permission bits where it comes from; known when the task says `mode: preserve`. */
  readonly mode?: number | undefined;
}

export interface PlacementOptions extends Omit<Ownership, 'mode'> {
  readonly mode?: Ownership['mode'] | 'preserve';
  readonly force: boolean;
  readonly backup: boolean;
  readonly validate?: string | undefined;
  readonly directory_mode?: Ownership['mode'];
}

/** A source with what is at its place now. */
export interface Placed {
  readonly source: SourceFile;
  readonly content: FileContent;
  /** SHA-256 of a file too large to be read. */
  readonly checksum: string | undefined;
}

export async function observePlace(source: SourceFile, path: string, read: Read): Promise<Placed> {
  const content = await read(fileContent(path));
  if (content.kind !== 'too-large') return { source, content, checksum: undefined };
  const { stdout } = await read(
    commandOutput(['sha256sum', '--', content.realPath], { reads: [pathResource(content.realPath)] }),
  );
  return { source, content, checksum: stdout.replace(/^\\/, '').slice(0, 64) };
}

/** The changes that put a file in its place, none when it is there with the right content, mode and owner. */
export function planPlace({ source, content, checksum }: Placed, wanted: PlacementOptions): readonly Change[] {
  const options = { ...wanted, mode: modeOf(wanted, source) };
  if (content.kind === 'not-a-file')
    throw new TaskError(`${content.path} must be a file, but a ${content.state.kind} is there`);
  if (content.kind !== 'absent' && !options.force) return [];
  if (content.kind !== 'absent' && isSame(content, source.bytes, checksum)) {
    return adjustState({ ...content.state, path: content.realPath }, options);
  }
  const write = replaceOptions(options, content);
  if (content.kind !== 'too-large') return [replaceContent(content, source.bytes, write)];
  const { mode, owner, group } = content.state;
  return [
    writeFile({
      path: content.realPath,
      bytes: source.bytes,
      mode,
      owner,
      group,
      ...defined(write),
      before: { state: content.state },
    }),
  ];
}

/** What Ansible registers of one file that was put in its place. */
export function placedValues(
  { source, content }: Placed,
  planned: readonly Change[],
  wanted: PlacementOptions,
): Readonly<Record<string, unknown>> {
  const { owner, group } = wanted;
  const isKept = planned.length === 0 && content.kind === 'file';
  return {
    path: content.path,
    ...attributeValues(outcomeOf(endOf(content), planned, { owner, group })),
    checksum: sha1(isKept ? content.bytes : source.bytes),
  };
}

function modeOf({ mode }: PlacementOptions, source: SourceFile): Ownership['mode'] {
  if (mode !== 'preserve') return mode;
  return source.mode === undefined ? undefined : { kind: 'bits', bits: source.mode };
}

function isSame(
  content: Exclude<FileContent, { kind: 'absent' | 'not-a-file' }>,
  bytes: Uint8Array,
  checksum: string | undefined,
): boolean {
  if (content.kind === 'file') return Buffer.compare(content.bytes, bytes) === 0;
  return content.state.size === bytes.length && checksum === createHash('sha256').update(bytes).digest('hex');
}

function replaceOptions(
  { mode, owner, group, backup, validate }: PlacementOptions & Ownership,
  content: FileContent,
): ReplaceOptions {
  const bits = wantedMode(mode, content);
  return {
    backup,
    ...(bits !== undefined && { mode: bits }),
    ...(owner && { owner }),
    ...(group && { group }),
    ...(validate && { validate: splitWords(validate) }),
  };
}

function defined(options: ReplaceOptions): ReplaceOptions {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}

/** Directories between a destination and the files below it, outermost first, the destination included. */
export function directoriesFor(destination: string, paths: readonly string[]): readonly string[] {
  const found = new Set([destination]);
  for (const path of paths) {
    for (let parent = dirname(path); parent.length > destination.length; parent = dirname(parent)) found.add(parent);
  }
  return [...found].sort((a, b) => a.length - b.length);
}

export function planDirectories(
  states: readonly FileState[],
  { directory_mode, owner, group }: PlacementOptions,
): readonly Change[] {
  return missingDirectories(states, { mode: directory_mode, owner, group });
}
