import { basename, join } from 'node:path/posix';
import type { FileContent } from '../../contract/file-state.ts';
import type { Read } from '../../contract/probe.ts';
import { TaskError } from '../../contract/task-error.ts';
import { directoryFiles, directoryNames } from '../../probes/directory.ts';

/**
 * What a service reads in a configuration directory. A link to /dev/null says nothing to Nova.
 *
 * Source: oslo.config `cfg.ConfigOpts._parse_config_files`: it opens whatever `*.conf` matches.
 * @throws {TaskError} naming what matches and cannot be read as a file: a service does not start with it
 */
export async function configDirectory(path: string, read: Read): Promise<readonly FileContent[]> {
  const [files, names] = await Promise.all([read(directoryFiles(path, '.conf')), read(directoryNames(path))]);
  const known = new Set(files.map((file) => basename(file.path)));
  const odd = (names ?? []).find((name) => name.endsWith('.conf') && !name.startsWith('.') && !known.has(name));
  if (odd !== undefined)
    throw new TaskError(
      `${join(path, odd)} is neither a file nor a link to one, and Nova does not start with it; remove it, or rename it so that it does not end in .conf`,
    );
  return files.filter((file) => file.kind !== 'not-a-file');
}
