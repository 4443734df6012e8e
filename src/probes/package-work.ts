import { type Probe, probe } from '../contract/probe.ts';
import { recordsOf, scriptKind } from './script-kind.ts';

/** A program that installs or removes packages at this moment. */
export interface PackageWork {
  readonly pid: number;
  readonly command: string;
}

/**
 * dpkg(1) and rpm(8) hold a lock on a file of theirs while they work, apt and unattended-upgrades on dpkg's `lock-frontend` from
 * before until after. proc_locks(5) names process and inode; that the process has this very file open is proof, since inodes
 * repeat among file systems. Lines with `->` wait for a lock. `$1` is a root prefix, empty outside tests.
 */
const SCRIPT = `for f in "$1/var/lib/dpkg/lock-frontend" "$1/var/lib/dpkg/lock" "$1/var/lib/rpm/.rpm.lock" "$1/usr/lib/sysimage/rpm/.rpm.lock"; do
  [ -e "$f" ] || continue
  i=$(stat -L -c %i -- "$f") || continue
  while read -r _ kind _ _ pid where _; do
    [ "$kind" = '->' ] && continue
    case $where in *:$i) ;; *) continue;; esac
    for d in "/proc/$pid/fd"/*; do
      [ "$d" -ef "$f" ] || continue
      c=; [ -r "/proc/$pid/comm" ] && IFS= read -r c <"/proc/$pid/comm"
      printf 'work %s %s\\n' "$pid" "$c"; exit 0
    done
  done </proc/locks
done
exit 0`;

const kind = scriptKind<string, PackageWork | null>({
  name: 'package-work',
  script: SCRIPT,
  args: (root) => [root],
  parse: (stdout) => {
    const [pid, ...command] = recordsOf(stdout)[0]?.[1].split(' ') ?? [];
    return pid === undefined ? null : { pid: Number(pid), command: command.join(' ') };
  },
  // A planned installation is over before the next task begins.
  predict: (_, value) => value,
});

/** Null when nobody is at it. Without root only one's own processes are seen. @example await read(packageWork()) */
export function packageWork(root = ''): Probe<PackageWork | null> {
  return probe(kind, root, ['path:/var/lib/dpkg', 'path:/var/lib/rpm']);
}

/** @example describeWork(work) // 'packages are being installed or removed (unattended-upgr, process 1234)' */
export function describeWork({ pid, command }: PackageWork): string {
  return `packages are being installed or removed (${command ? `${command}, ` : ''}process ${pid})`;
}
