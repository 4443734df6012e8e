import { spawn } from 'node:child_process';
import { once } from 'node:events';

/**
 * Does the work while no other process does work under the same lock file. The kernel's own lock (flock(1), flock(2)): it is
 * gone with its holder, however that ended.
 */
export async function exclusively<T>(lockFile: string, work: () => Promise<T>): Promise<T> {
  const holder = spawn('flock', [lockFile, 'sh', '-c', 'echo locked; cat'], { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = once(holder, 'close');
  const locked = await Promise.race([once(holder.stdout, 'data').then(() => true), ended.then(() => false)]);
  if (!locked) throw new Error(`${lockFile} could not be locked: flock(1) of util-linux is needed`);
  try {
    return await work();
  } finally {
    holder.stdin.end();
    await ended;
  }
}
