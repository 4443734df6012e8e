import { homedir, userInfo } from 'node:os';
import { join } from 'node:path';

/**
 * Where the engine of these tests keeps its images between runs. `TSPLAY_DOCKER_DIR` moves it; two places cannot be in use
 * at a time, because their engines would share a bridge.
 */
export const DIRECTORY =
  process.env.TSPLAY_DOCKER_DIR ?? join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'tsplay', 'docker');

/** An abstract socket (unix(7)): the kernel takes it back when its owner ends, so nothing stale is ever found. */
export function abstractName(what: string): string {
  return `\0tsplay-${userInfo().uid}-${what}-${DIRECTORY}`.slice(0, 107);
}
