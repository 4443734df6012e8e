import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { close, open } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { once } from 'node:events';
import { promisify } from 'node:util';
import { FuseServer } from './fuse/server.ts';
import type { VirtualDirectory } from './fuse/tree.ts';

export type Held = ChildProcessByStdio<Writable, Readable, Readable>;

/** A process that keeps namespaces alive, and the id by which the machine knows its innermost process. */
export interface Holder {
  readonly child: Held;
  readonly pid: number;
}

/**
 * The lab's own mount and pid namespace: its tmpfs and its FUSE mount exist only in here, and everything any simulated
 * host runs is a descendant of its first process. When that process goes, by whatever cause, nothing is left.
 */
export interface Enclosure {
  readonly holder: Holder;
  /** Where the tmpfs is mounted, as seen inside. */
  readonly directory: string;
  /** The same directory as this process can reach it. Only for asynchronous access. */
  readonly outside: string;
  readonly fuse: FuseServer;
}

// SIGCHLD ignored survives exec: the kernel then reaps the orphans this first process inherits.
const script = `
set -e
mount -t tmpfs -o mode=755,size=2g tsplay-lab "$1"
mkdir "$1/sim" "$1/hosts"
mount -i -t fuse -o fd=3,rootmode=40000,user_id=0,group_id=0,allow_other tsplay-lab "$1/sim"
base=$1
shift
for name do
  host=$base/hosts/$name
  mkdir -p "$host/upper" "$host/work" "$host/modules" "$host/home" "$host/boot"
  mount -t tmpfs -o mode=755,size=64m tsplay-boot "$host/boot"
done
exec 3>&-
trap '' CHLD
exec cat
`;

/**
 * Starts a process that keeps namespaces open until its standard input closes.
 * The first line it prints names it.
 */
export async function hold(argv: readonly [string, ...string[]], fd?: number): Promise<Holder> {
  const [file, ...args] = argv;
  const child = spawn(file, args, {
    stdio: ['pipe', 'pipe', 'pipe', fd ?? 'ignore'],
    detached: true,
  }) as unknown as Held;
  child.stdin.on('error', () => {}); // EPIPE when it has already gone
  let complaint = '';
  child.stderr.on('data', (chunk: Buffer) => {
    complaint += chunk.toString();
  });
  const pid = await firstLine(child);
  if (pid === undefined) throw new Error(complaint.trim() || `${file} ended before it was ready`);
  await refuseStranger(Number(pid), child.pid ?? 0);
  return { child, pid: Number(pid) };
}

// The id will be killed one day, so it must be the machine's id of our own child, never one of another pid namespace.
async function refuseStranger(pid: number, ancestor: number): Promise<void> {
  let current = pid;
  while (current > 1 && current !== ancestor) {
    const stat = await readFile(`/proc/${current}/stat`, 'utf8');
    current = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
  }
  if (current !== ancestor) throw new Error(`process ${pid} was not started by the lab`);
}

async function firstLine(child: Held): Promise<string | undefined> {
  let text = '';
  try {
    for await (const chunk of child.stdout) {
      text += String(chunk);
      if (text.includes('ready\n')) return text.split('\n')[0];
    }
  } catch {
    return undefined;
  }
  return undefined;
}

/** Ends a holder by its id and waits until the kernel has taken its namespaces down. */
export async function release(holder: Holder): Promise<void> {
  const { child, pid } = holder;
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.stdin.destroy();
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has gone by itself.
  }
  await gone;
}

// The first line of /proc/self/stat is the id the machine knows the shell by, for as long as the machine's /proc is mounted.
export const announce = 'read pid rest < /proc/self/stat; echo "$pid"';

export async function startEnclosure(
  stateDirectory: string,
  root: VirtualDirectory,
  hosts: readonly string[],
): Promise<Enclosure> {
  const directory = join(stateDirectory, 'mount');
  await mkdir(directory, { recursive: true });
  const device = await openFuse();
  const unshare = ['unshare', '--mount', '--propagation', 'private', '--pid', '--fork', '--kill-child'] as const;
  try {
    const ready = script.replace('set -e', `set -e\n${announce}`).replace('exec cat', 'echo ready\nexec cat');
    const holder = await hold([...unshare, 'sh', '-c', ready, 'sh', directory, ...hosts], device);
    endWithThisProcess(holder.pid);
    // Only now: a read before the mount is refused with EPERM.
    const fuse = new FuseServer(device, root);
    return { holder, directory, outside: `/proc/${holder.pid}/root${directory}`, fuse };
  } catch (error) {
    await promisify(close)(device).catch(() => {});
    throw new Error(`the lab cannot make its namespaces: ${(error as Error).message}`, { cause: error });
  }
}

// A bare descriptor: a FileHandle would close itself when it is collected.
async function openFuse(): Promise<number> {
  try {
    return await promisify(open)('/dev/fuse', 'r+');
  } catch (error) {
    throw new Error('the lab needs root and /dev/fuse (modprobe fuse; in a container: --device /dev/fuse)', {
      cause: error,
    });
  }
}

// A thread that still waits in a read of /dev/fuse would keep a finished process from exiting.
function endWithThisProcess(pid: number): void {
  process.once('exit', () => {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // The lab was closed.
    }
  });
}
