import type { FileContent, FileState } from '../contract/file-state.ts';
import { type Probe, type ProbeKind, probe } from '../contract/probe.ts';
import { pathResource } from '../contract/resource.ts';
import { type Command, script } from '../contract/command.ts';
import { absolutePath } from './absolute-path.ts';
import { FILES_SCRIPT, UNUSUAL_SCRIPT } from './file-scripts.ts';
import { type FileWord, isContent, looksOf } from './file-words.ts';
import { parseFiles } from './parse-files.ts';
import { predictContent, predictState } from './predict-file.ts';
import { fuse } from './fuse.ts';

/** Bytes. Configuration files are far smaller; larger ones come back as `too-large`. */
export const MAX_CONTENT_BYTES = 4 * 1024 * 1024;

/** A program's arguments have a limit (128 KiB a word, 2 MiB in all on Linux). */
const PATHS_PER_COMMAND = 256;

const kind: ProbeKind<FileWord, FileState | FileContent> = {
  name: 'file',
  ...fuse({
    // A log that grows between stat and cat spoils the cutting of its whole group, so logs keep to themselves.
    group: (word: FileWord) => (/^\d+\/var\/log\//.test(word) ? word : ''),
    size: PATHS_PER_COMMAND,
    command: lookCommand,
    parse: parseFiles,
  }),
  predict: (word, value, overlay) =>
    hasRealPath(value)
      ? predictContent(value.path, value, overlay, !word.startsWith('0/'))
      : predictState(value.path, value, overlay),
  alsoReads: (value) => (hasRealPath(value) && value.realPath !== value.path ? [pathResource(value.realPath)] : []),
};

function lookCommand(words: readonly FileWord[]): Command {
  const groups = looksOf(words);
  const looks = groups.map(({ kinds, asked }) => `${kinds} ${asked.length} `).join('');
  const contents = groups.filter(({ kinds }) => isContent(kinds)).flatMap(({ asked }) => asked);
  const directories = new Set(contents.map(({ path }) => path.slice(0, path.lastIndexOf('/'))));
  const paths = groups.flatMap(({ asked }) => asked.map(({ path }) => path));
  return script(FILES_SCRIPT, [UNUSUAL_SCRIPT, looks, String(directories.size), ...directories, ...paths], {
    writes: 'few',
  });
}

const hasRealPath = (value: FileState | FileContent): value is FileContent => 'realPath' in value;

/**
 * What is at a path, not following a final symbolic link. A path that may not be looked at is a failed reading, never
 * `absent`. Source: stat(1) of coreutils and busybox.
 * @example await read(fileState('/etc/fstab')) // { kind: 'file', mode: 0o644, … }
 */
export function fileState(path: string): Probe<FileState> {
  const absolute = absolutePath(path);
  return probe(kind, `s${absolute}`, [pathResource(absolute)]) as Probe<FileState>;
}

/**
 * The bytes of the regular file at the end of a path's links, up to `maxBytes` (default 4 MiB). A link loop is a failed
 * reading. Files below /proc and /sys have no true size: use `pseudoFile`.
 * @example const grub = await read(fileContent('/etc/default/grub'))
 */
export function fileContent(path: string, maxBytes: number = MAX_CONTENT_BYTES): Probe<FileContent> {
  const absolute = absolutePath(path);
  return probe(kind, `${maxBytes}${absolute}`, [pathResource(absolute)]) as Probe<FileContent>;
}
