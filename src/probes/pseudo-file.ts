import type { Output } from '../contract/command.ts';
import { script } from '../contract/command.ts';
import { type Probe, type ProbeKind, probe, type Reading } from '../contract/probe.ts';
import { pathResource, type Resource } from '../contract/resource.ts';
import { absolutePath } from './absolute-path.ts';
import { cursor } from './cursor.ts';
import { failed, fuse, succeeded } from './fuse.ts';

/**
 * Kernel files have no size to cut by, and one `cat` each would cost a fork each: `grep -H` puts the path before every
 * line of all of them in one process.
 */
const SCRIPT = `n=$#
for p do
  if [ ! -e "$p" ]; then printf 0
  elif [ ! -f "$p" ]; then printf n
  elif [ ! -r "$p" ]; then printf x
  else printf 1; set -- "$@" "$p"; fi
done
printf '\\n'; shift "$n"
[ $# -eq 0 ] || grep -aH '' -- "$@"
exit 0`;

const kind: ProbeKind<string, string | null> = {
  name: 'pseudo-file',
  ...fuse({ group: () => '', size: 512, command: (paths: readonly string[]) => script(SCRIPT, paths), parse }),
};

/**
 * The text of a file of the kernel (below /proc or /sys) without its last newline, or null when there is none.
 * `reads` names what the file shows when that is more than its own path: `kernel:/cmdline`.
 * @example await read(pseudoFile('/proc/cmdline', ['kernel:/cmdline'])) // 'BOOT_IMAGE=… iommu=pt'
 */
export function pseudoFile(path: string, reads?: readonly Resource[]): Probe<string | null> {
  const absolute = absolutePath(path);
  return probe(kind, absolute, reads ?? [pathResource(absolute)]);
}

function parse(paths: readonly string[], output: Output): readonly Reading<string | null>[] {
  const at = cursor(output.stdout);
  const flags = at.line();
  const lines = at.take(at.remaining).toString().split('\n');
  const complaints = Buffer.from(output.stderr).toString().split('\n');
  let next = 0;
  const linesOf = (path: string): readonly string[] => {
    const own: string[] = [];
    for (; lines[next]?.startsWith(`${path}:`); next++) own.push((lines[next] ?? '').slice(path.length + 1));
    return own;
  };
  return paths.map((path, index) => {
    if (flags[index] === '0') return succeeded(null);
    if (flags[index] === 'n') return failed(`${path} is not a file`);
    if (flags[index] !== '1') return failed(`${path} may not be read by this user; use become`);
    const own = linesOf(path);
    const complaint = own.length === 0 ? complaints.find((line) => line.includes(`${path}: `)) : undefined;
    return complaint ? failed(complaint) : succeeded(own.join('\n'));
  });
}
