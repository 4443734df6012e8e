const WORDS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EISDIR: 'it is a directory',
  ENOTDIR: 'a directory of its path is none',
  EACCES: 'permission denied',
  ELOOP: 'its links go in a circle',
};

/**
 * Why a file could not be read, in words.
 * @example `the template ${file} cannot be read: ${readFailure(error)}`
 */
export function readFailure(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { code } = error as NodeJS.ErrnoException;
  return (code === undefined ? undefined : WORDS[code]) ?? error.message;
}
