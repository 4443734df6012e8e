import { basename, join, normalize } from 'node:path/posix';
import { z } from 'zod';
import type { FileContent, FileState } from '../contract/file-state.ts';
import { type ControllerFiles, defineModule } from '../contract/module.ts';
import type { Read } from '../contract/probe.ts';
import { TaskError } from '../contract/task-error.ts';
import { jsonText } from '../language/jinja/filters/json.ts';
import { toText } from '../language/jinja/python-repr.ts';
import { fileContent } from '../probes/file.ts';
import { backup, fileMode, placement, validate } from './fields.ts';
import {
  directoriesFor,
  observePlace,
  type Placed,
  planDirectories,
  placedValues,
  planPlace,
  type SourceFile,
} from './file-placement.ts';

const args = z
  .strictObject({
    dest: z
      .string()
      .startsWith('/', { error: 'must be an absolute path on the host' })
      .describe('Where to put it; a directory when it ends in /'),
    src: z
      .string()
      .min(1)
      .optional()
      .describe('File or directory on the controller; with a / at its end, what is in the directory'),
    content: z.unknown().optional().describe('The content itself; lists and mappings are written as JSON'),
    remote_src: z.boolean().default(false).describe('src is on the host'),
    decrypt: z.boolean().default(true).describe('A vault file is put there decrypted; false copies it as it is'),
    force: z.boolean().default(true).describe('Replace a file with other content; false only creates'),
    directory_mode: fileMode.optional().describe('Mode of directories that are created on the way'),
    backup,
    validate,
    ...placement,
  })
  .refine(({ src, content }) => (src === undefined) !== (content === undefined), {
    error: 'needs either src or content',
  })
  .refine(({ content, dest }) => content === undefined || !dest.endsWith('/'), {
    error: 'content needs a dest that is a file',
    path: ['dest'],
  })
  .refine(({ remote_src, src }) => !remote_src || src?.startsWith('/'), {
    error: 'must be an absolute path on the host',
    path: ['src'],
  });

type Parsed = z.output<typeof args>;

interface Args extends Parsed {
  /** Put here by `prepare`. */
  readonly sources?: readonly SourceFile[];
  readonly isTree?: boolean;
}

interface Current {
  readonly directories: readonly FileState[];
  readonly files: readonly Placed[];
  readonly dest: string;
}

export default defineModule<Args, Current>({
  name: 'copy',
  summary: 'Put files on the host',
  description:
    'A file is replaced in one step, keeps the mode and owner it has unless told otherwise, and is left alone when its content is right. Registered of a single file, as by Ansible: dest, path, checksum (SHA-1), mode, owner, group, uid, gid, size, state and backup_file; no md5sum. In check mode, whose a new file will be is left out unless the task says it.',
  args,
  textArgs: ['mode', 'directory_mode'],
  source: ({ remote_src }) =>
    remote_src === undefined || remote_src === false ? { argument: 'src', folder: 'files' } : undefined,
  prepare,
  observe,
  plan: (wanted, { directories, files }) => [
    ...planDirectories(directories, wanted),
    ...files.flatMap((placed) => planPlace(placed, wanted)),
  ],
  result: ({ src }, { dest }) => ({ dest, ...(src !== undefined && { src }) }),
  details(wanted, { files }) {
    const [only, ...more] = files;
    return only && more.length === 0 ? placedValues(only, planPlace(only, wanted), wanted) : {};
  },
  examples: [
    {
      title: 'A short file',
      task: "copy:\n  dest: /etc/modules-load.d/vfio.conf\n  content: |\n    vfio-pci\n  mode: '0644'",
    },
    {
      title: 'With a check',
      task: "copy:\n  src: sudoers-nova\n  dest: /etc/sudoers.d/nova\n  mode: '0440'\n  validate: visudo -cf %s",
    },
  ],
});

async function prepare(wanted: Args, controller: ControllerFiles): Promise<Args> {
  const { src, content, remote_src } = wanted;
  if (content !== undefined) return { ...wanted, sources: [{ name: '', bytes: Buffer.from(textOf(content)) }] };
  if (src === undefined || remote_src) return wanted;
  const read = async (path: string, name: string): Promise<SourceFile> => ({
    name,
    bytes: await controller.read(path, 'files', wanted.decrypt ? 'plain' : 'stored'),
    ...(wanted.mode === 'preserve' && { mode: await controller.mode(path, 'files') }),
  });
  const names = await controller.list(src, 'files');
  if (names === null) return { ...wanted, sources: [await read(src, basename(src))] };
  const prefix = src.endsWith('/') ? '' : basename(src);
  const sources = await Promise.all(names.map((name) => read(join(src, name), join(prefix, name))));
  return { ...wanted, sources, isTree: true };
}

/** As Ansible: lists and mappings as Python writes JSON, anything else as Python writes text. */
function textOf(content: unknown): string {
  return typeof content === 'object' && content !== null ? jsonText(content) : toText(content);
}

async function observe(wanted: Args, read: Read): Promise<Current> {
  const dest = normalize(wanted.dest).replace(/(.)\/+$/, '$1');
  const [found, sources] = await Promise.all([
    read(fileContent(dest, 0)),
    wanted.sources ?? remoteSource(wanted, read),
  ]);
  const isInside =
    wanted.isTree === true || wanted.dest.endsWith('/') || (isDirectory(found) && wanted.content === undefined);
  const paths = sources.map(({ name }) => (isInside ? join(dest, name) : dest));
  const wantedDirectories = isInside ? directoriesFor(dest, paths) : [];
  const [directories, files] = await Promise.all([
    Promise.all(wantedDirectories.map((path) => read(fileContent(path, 0)))),
    Promise.all(sources.map((source, index) => observePlace(source, paths[index] ?? dest, read))),
  ]);
  return {
    directories: directories.map((one) => (one.kind === 'absent' ? one : one.state)),
    files,
    dest: files.length === 1 ? (paths[0] ?? dest) : dest,
  };
}

function isDirectory(content: FileContent): boolean {
  return content.kind === 'not-a-file' && content.state.kind === 'directory';
}

async function remoteSource({ src = '' }: Args, read: Read): Promise<readonly SourceFile[]> {
  const content = await read(fileContent(src));
  if (content.kind === 'file') return [{ name: basename(src), bytes: content.bytes, mode: content.state.mode }];
  if (content.kind === 'absent') throw new TaskError(`${src} does not exist on the host`);
  if (content.kind === 'too-large')
    throw new TaskError(`${src} is too large to be copied on the host this way (more than 4 MiB): use command with cp`);
  throw new TaskError(`${src} is a ${content.state.kind}; only files can be copied on the host`);
}
