import type { ConfigFiles } from './kernel/modprobe-config.ts';

/** Reads of a host's own files, resolved inside the host so that a link cannot lead out of it. */
export interface ModuleLoaderSource {
  /** Every file below the directories, two levels deep, and each single file named, by path. */
  readonly files: (paths: readonly string[]) => Promise<ConfigFiles>;
}

/** Prints each regular file as `F <size> <path>` and its bytes. A read of one shell, not of one process per file. */
export const dumpScript = `
for p do
  for f in "$p" "$p"/* "$p"/*/*; do
    [ -f "$f" ] || continue
    printf 'F %s %s\\n' "$(stat -Lc %s "$f")" "$f"
    cat "$f"
  done
done`;

export function parseDump(bytes: Buffer): ConfigFiles {
  const files = new Map<string, string>();
  for (let at = 0; at < bytes.length; ) {
    const end = bytes.indexOf(10, at);
    const [, size = '0', path = ''] = /^F (\d+) (.*)$/s.exec(bytes.toString('utf8', at, end)) ?? [];
    const start = end + 1;
    files.set(path, bytes.toString('utf8', start, start + Number(size)));
    at = start + Number(size);
    if (path === '') break;
  }
  return files;
}
