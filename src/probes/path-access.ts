import { script } from '../contract/command.ts';
import type { PathAccess } from '../contract/precondition.ts';
import { type Overlay, type Probe, type ProbeKind, type Reading, probe, UNKNOWN } from '../contract/probe.ts';
import { pathResource } from '../contract/resource.ts';
import { absolutePath } from './absolute-path.ts';
import { cursor, sized } from './cursor.ts';
import { fuse, succeeded } from './fuse.ts';
import { type Mount, mountOf, parseMounts } from './mounts.ts';
import { predictState } from './predict-file.ts';

/**
 * For each path a letter (d directory, o other, a absent), w or -, l for a link or -, and the real path with its length; then the mounts.
 * access(2) knows of flags and mounts; a shell that only compares modes (busybox for root) does not, hence the mounts.
 */
const SCRIPT = `
for p do
  k=a w=-; real=$p
  if [ -d "$p" ]; then k=d; real=$(cd -P -- "$p" 2>/dev/null && pwd -P; printf x)
  elif [ -e "$p" ]; then k=o; real=$(readlink -f -- "$p"; printf x)
  else real="$p
x"; fi
  real=\${real%?x}
  [ $k = a ] || { [ -w "$p" ] && { [ $k = o ] || [ -x "$p" ]; } && w=w; }
  l=-; [ ! -L "$p" ] || l=l
  printf '%s%s%s\\n%s:%s\\n' "$k" "$w" "$l" "\${#real}" "$real"
done
cat /proc/self/mountinfo 2>/dev/null || :`;

const KINDS: Readonly<Record<string, PathAccess['kind']>> = { d: 'directory', o: 'other' };

const kind: ProbeKind<string, PathAccess> = {
  name: 'path-access',
  ...fuse({
    group: () => '',
    size: 256,
    command: (paths: readonly string[]) => script(SCRIPT, paths),
    parse(paths, output): readonly Reading<PathAccess>[] {
      const at = cursor(output.stdout);
      const found = paths.map(() => ({ letters: at.line(), real: sized(at) }));
      const mounts = parseMounts(Buffer.from(at.take(at.remaining)).toString());
      return found.map(({ letters, real }) => succeeded(accessOf(letters, real, mounts)));
    },
  }),
  predict: predictAccess,
};

/**
 * Whether something could be changed at a path: for check mode, when a change is planned there.
 * @example await read(pathAccess('/etc/nova')) // { kind: 'directory', isWritable: true, isReadOnly: false, … }
 */
export function pathAccess(path: string): Probe<PathAccess> {
  const absolute = absolutePath(path);
  return probe(kind, absolute, [pathResource(absolute)]);
}

function accessOf(letters: string, real: string, mounts: readonly Mount[]): PathAccess {
  const mount = mountOf(real, mounts);
  return {
    kind: KINDS[letters[0] ?? ''] ?? 'absent',
    isWritable: letters[1] === 'w',
    isReadOnly: mount?.isReadOnly === true,
    isMountPoint: mount?.point === real && letters[2] !== 'l',
  };
}

/** What was planned to be made here can be written to; what stays is as it was read. */
function predictAccess(path: string, value: PathAccess, overlay: Overlay): PathAccess | typeof UNKNOWN {
  const same = { kind: 'absent', path } as const;
  const planned = predictState(path, same, overlay);
  if (planned === UNKNOWN) return UNKNOWN;
  if (planned === same || planned.kind === value.kind) return value;
  const made = { isWritable: true, isReadOnly: false, isMountPoint: false };
  if (planned.kind === 'directory' || planned.kind === 'absent') return { ...made, kind: planned.kind };
  return { ...made, kind: 'other' };
}
