import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';

import type { ChannelEnd, ShellChannel } from './shell-channel.ts';

/** Starts a program on this machine as the leader of its own session, as sshd does on a host. */
export function openLocalChannel(argv: readonly [string, ...string[]]): ShellChannel {
  const [file, ...args] = argv;
  const child = spawn(file, args, { cwd: '/', detached: true, stdio: ['pipe', 'pipe', 'pipe'] });
  return {
    stdin: child.stdin,
    stdout: child.stdout,
    stderr: child.stderr,
    ended: ended(child),
    destroy: () => destroy(child),
  };
}

function ended(child: ChildProcess): Promise<ChannelEnd> {
  return new Promise((resolve) => {
    child.once('error', (error) => resolve({ error }));
    child.once('exit', (code, signal) => resolve(code === null ? { signal: signal ?? 'unknown' } : { code }));
  });
}

function destroy(child: ChildProcess): void {
  for (const stream of [child.stdin, child.stdout, child.stderr]) stream?.destroy();
  if (child.exitCode !== null || child.pid === undefined) return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    // Ended in between.
  }
}
