import { normalize } from 'node:path/posix';
import { TaskError } from '../contract/task-error.ts';

/** What a path that is as it should be does not hold. */
const UNUSUAL = /\0|\/\/|\/\.|.\/$/;

/** @example absolutePath('/etc//ssh/') // '/etc/ssh' */
export function absolutePath(path: string): string {
  if (!path.startsWith('/')) throw new TaskError(`${path || 'an empty path'} must be absolute: start it with /`);
  if (path.includes('\0')) throw new TaskError('a path cannot hold a NUL byte');
  if (!UNUSUAL.test(path)) return path;
  const normal = normalize(path);
  return normal === '/' ? normal : normal.replace(/\/+$/, '');
}
