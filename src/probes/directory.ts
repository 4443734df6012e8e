import { join } from 'node:path/posix';
import { type Output, script } from '../contract/command.ts';
import type { FileContent } from '../contract/file-state.ts';
import { type Overlay, type Probe, type ProbeKind, type Reading, probe, UNKNOWN } from '../contract/probe.ts';
import { pathResource } from '../contract/resource.ts';
import { absolutePath } from './absolute-path.ts';
import { type Cursor, cursor, sized } from './cursor.ts';
import { MAX_CONTENT_BYTES } from './file.ts';
import { DIRECTORY_SCRIPT, NAMES_SCRIPT } from './file-scripts.ts';
import { failed, fuse, succeeded } from './fuse.ts';
import { contentsAt } from './parse-files.ts';
import { isAltered, isEmptied } from './predict-file.ts';

interface FilesSubject {
  readonly directory: string;
  readonly suffix: string;
}

const filesKind: ProbeKind<FilesSubject, readonly FileContent[]> = {
  name: 'directory-files',
  ...fuse({
    group: () => '',
    size: 32,
    command: (subjects: readonly FilesSubject[]) =>
      script(
        DIRECTORY_SCRIPT,
        [String(MAX_CONTENT_BYTES), ...subjects.flatMap(({ directory, suffix }) => [directory, suffix])],
        { writes: 'few' },
      ),
    parse: parseFiles,
  }),
  predict: predictFiles,
  alsoReads: (files) =>
    files.filter(({ path, realPath }) => path !== realPath).map(({ realPath }) => pathResource(realPath)),
};

const namesKind: ProbeKind<string, readonly string[] | null> = {
  name: 'directory-names',
  ...fuse({
    group: () => '',
    size: 64,
    command: (directories: readonly string[]) => script(NAMES_SCRIPT, directories),
    parse: (directories, output) => {
      const at = cursor(output.stdout);
      return directories.map((directory) => sorted(namesAt(directory, at)));
    },
  }),
  predict: predictNames,
};

/**
 * The regular files (or links to some) directly inside a directory whose name ends in `suffix`, with their content,
 * sorted by bytes. Hidden names are left out, as by the programs that read such directories (modprobe.d(5), grub.d). A
 * link to /dev/null is there as `not-a-file`: it masks a file of its name in a later directory (systemd.unit(5)).
 * An absent directory is an empty list.
 * @example await read(directoryFiles('/etc/modprobe.d', '.conf'))
 */
export function directoryFiles(directory: string, suffix: string): Probe<readonly FileContent[]> {
  const absolute = absolutePath(directory);
  return probe(filesKind, { directory: absolute, suffix }, [pathResource(absolute)]);
}

/** Every name directly inside a directory, hidden ones too, sorted by bytes; null when there is no such directory. */
export function directoryNames(directory: string): Probe<readonly string[] | null> {
  const absolute = absolutePath(directory);
  return probe(namesKind, absolute, [pathResource(absolute)]);
}

type Names = Reading<readonly string[] | null>;

/** In the order the host printed them, which is the order of their contents where there are some. */
function namesAt(directory: string, at: Cursor): Names {
  const count = at.line();
  if (count === '-') return succeeded(null);
  if (count === 'x') return failed(`${directory}: this user may not list it; use become`);
  return succeeded(Array.from({ length: Number(count) }, () => sized(at)));
}

function sorted(names: Names): Names {
  return names.ok && names.value ? succeeded(names.value.toSorted(byBytes)) : names;
}

function parseFiles(subjects: readonly FilesSubject[], output: Output): readonly Reading<readonly FileContent[]>[] {
  const at = cursor(output.stdout);
  const listed = subjects.map(({ directory }) => ({ directory, names: namesAt(directory, at) }));
  const paths = listed.flatMap(({ directory, names }) =>
    names.ok ? (names.value ?? []).map((name) => join(directory, name)) : [],
  );
  const contents = contentsAt(paths, at, output);
  return listed.map(({ directory, names }) => (names.ok ? gathered(directory, names.value ?? [], contents) : names));
}

function gathered(
  directory: string,
  names: readonly string[],
  contents: ReadonlyMap<string, Reading<FileContent>>,
): Reading<readonly FileContent[]> {
  const files: FileContent[] = [];
  for (const name of names.toSorted(byBytes)) {
    const reading = contents.get(join(directory, name)) ?? failed('the host gave no answer');
    if (!reading.ok) return reading;
    files.push(reading.value);
  }
  return succeeded(files);
}

function predictFiles(
  subject: FilesSubject,
  value: readonly FileContent[],
  overlay: Overlay,
): readonly FileContent[] | typeof UNKNOWN {
  const { directory, suffix } = subject;
  const own = overlay.file(directory)?.state;
  if (own && own.kind !== 'directory') return [];
  const planned = overlay.filesIn(directory).filter(({ path }) => path.endsWith(suffix) && !isHiddenName(path));
  if (!own && isAltered(directory, overlay)) return UNKNOWN;
  const files = new Map((own && isEmptied(own) ? [] : value).map((file) => [file.path, file]));
  for (const { path, state, bytes: written } of planned) {
    const bytes = written ?? bytesOf(files.get(path));
    if (state.kind === 'file' && bytes) files.set(path, { kind: 'file', path, realPath: path, state, bytes });
    else if (state.kind === 'absent') files.delete(path);
    else if (state.kind !== 'directory') return UNKNOWN;
  }
  return [...files.values()].sort((a, b) => byBytes(a.path, b.path));
}

/** Where only attributes were planned, the content stays. */
function bytesOf(file: FileContent | undefined): Uint8Array | undefined {
  return file?.kind === 'file' && file.realPath === file.path ? file.bytes : undefined;
}

function predictNames(
  directory: string,
  value: readonly string[] | null,
  overlay: Overlay,
): readonly string[] | null | typeof UNKNOWN {
  const own = overlay.file(directory)?.state;
  if (own && own.kind !== 'directory') return null;
  if (!own && isAltered(directory, overlay)) return UNKNOWN;
  const names = new Set(own && isEmptied(own) ? [] : value);
  for (const { path, state } of overlay.filesIn(directory)) {
    const name = path.slice(path.lastIndexOf('/') + 1);
    if (state.kind === 'absent') names.delete(name);
    else names.add(name);
  }
  return own || value || names.size > 0 ? [...names].sort(byBytes) : null;
}

function isHiddenName(path: string): boolean {
  return path.includes('/.', path.lastIndexOf('/'));
}

function byBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
