import { type ChildProcess, spawn } from 'node:child_process';
import { announce, type Enclosure, hold, type Holder, release } from './enclosure.ts';

export interface Sandbox {
  readonly holder: Holder;
  /** The host's root directory as this process can reach it. Only for asynchronous access outside /proc and /sys. */
  readonly root: string;
}

// $1 the host's directory on the lab's tmpfs, $2 its part of the simulated kernel, $3 its name
const script = `
set -e
${announce}
hostname "$3"
R=$1/root
mkdir -p "$R"
mount -t overlay overlay -o "lowerdir=/,upperdir=$1/upper,workdir=$1/work" "$R"
mount -t tmpfs -o mode=755 tmpfs "$R/run"
mount -t tmpfs -o mode=1777 tmpfs "$R/tmp"
mkdir -m 1777 "$R/run/lock"
mount -t tmpfs -o mode=755,size=1m,nosuid tmpfs "$R/dev"
mkdir "$R/dev/pts" "$R/dev/.proc"
mkdir -m 1777 "$R/dev/shm"
mount -t tmpfs -o mode=1777 tmpfs "$R/dev/shm"
mount -t devpts -o newinstance,ptmxmode=0666,mode=620 devpts "$R/dev/pts"
ln -s pts/ptmx "$R/dev/ptmx"
ln -s /proc/self/fd "$R/dev/fd"
ln -s fd/0 "$R/dev/stdin"
ln -s fd/1 "$R/dev/stdout"
ln -s fd/2 "$R/dev/stderr"
for d in null zero full random urandom tty; do : > "$R/dev/$d"; mount --bind "/dev/$d" "$R/dev/$d"; done
: > "$R/dev/tsplay-lab"
mount --bind "$2/call" "$R/dev/tsplay-lab"
mount -t proc proc "$R/dev/.proc"
mount --bind "$2/boot_id" "$R/dev/.proc/sys/kernel/random/boot_id"
for p in sys bus fs irq acpi scsi mtrr; do
  [ -e "$R/dev/.proc/$p" ] || continue
  mount --rbind "$R/dev/.proc/$p" "$R/dev/.proc/$p"
  mount -o remount,bind,ro "$R/dev/.proc/$p"
done
for p in sysrq-trigger kcore kmsg; do
  [ ! -e "$R/dev/.proc/$p" ] || mount --bind /dev/null "$R/dev/.proc/$p"
done
mount --bind "$2/proc" "$R/proc"
mount --bind "$2/sys" "$R/sys"
mount --bind "$1/boot" "$R/boot"
mkdir -p "$R/usr/lib/modules"
mount --bind "$1/modules" "$R/usr/lib/modules"
mount --bind "$1/home" "$R/root"
cd "$R"
pivot_root . .
umount -l .
cd /
mkdir -p /run/systemd/system
# Not before the installation: until then /etc/hostname is the machine's.
[ ! -e /etc/tsplay-lab-root-uuid ] || hostname "$(cat /etc/hostname)" || :
trap '' CHLD
echo ready
exec cat
`;

export async function startSandbox(enclosure: Enclosure, name: string): Promise<Sandbox> {
  const inside = ['nsenter', '-t', String(enclosure.holder.pid), '-m', '-p', '--'] as const;
  const unshare = [
    'unshare',
    '--mount',
    '--propagation',
    'private',
    '--pid',
    '--fork',
    '--uts',
    '--ipc',
    '--kill-child',
  ];
  const { directory } = enclosure;
  const argv = [
    ...inside,
    ...unshare,
    'sh',
    '-c',
    script,
    'sh',
    `${directory}/hosts/${name}`,
    `${directory}/sim/${name}`,
    name,
  ];
  const holder = await hold(argv as [string, ...string[]]);
  return { holder, root: `/proc/${holder.pid}/root` };
}

export const stopSandbox = (sandbox: Sandbox): Promise<void> => release(sandbox.holder);

// Root inside keeps what package tools and file ownership need, and loses what could reach the machine's kernel.
const dropped = [
  'sys_admin',
  'sys_boot',
  'sys_module',
  'sys_rawio',
  'sys_time',
  'sys_ptrace',
  'sys_nice',
  'sys_resource',
  'sys_tty_config',
  'net_admin',
  'mknod',
  'syslog',
  'mac_admin',
  'mac_override',
  'wake_alarm',
]
  .map((capability) => `-${capability}`)
  .join(',');

export interface Entry {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** Runs a program inside, in a session of its own so that a signal reaches all of it. */
export function enter(sandbox: Sandbox, entry: Entry): ChildProcess {
  const pid = String(sandbox.holder.pid);
  const confine = ['setpriv', '--bounding-set', dropped, '--inh-caps', dropped, '--'];
  const argv = ['-t', pid, '-m', '-p', '-u', '-i', '--', ...confine, ...entry.argv];
  return spawn('nsenter', argv, { stdio: 'pipe', detached: true, env: entry.env });
}
