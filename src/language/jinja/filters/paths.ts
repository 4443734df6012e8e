import { homedir } from 'node:os';
import { posix } from 'node:path';
import { toText } from '../python-repr.ts';
import type { Filter } from '../types.ts';
import { Tuple } from '../values.ts';
import { textArgument } from './arguments.ts';

function basename(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

function dirname(path: string): string {
  const head = path.slice(0, path.lastIndexOf('/') + 1);
  return /^\/*$/.test(head) ? head : head.replace(/\/+$/, '');
}

function splitext(path: string): Tuple {
  const dot = path.lastIndexOf('.');
  const name = basename(path);
  const isExtension = dot > path.lastIndexOf('/') && name.slice(0, name.lastIndexOf('.')).replace(/^\.+/, '') !== '';
  return Tuple.from2(isExtension ? [path.slice(0, dot), path.slice(dot)] : [path, '']);
}

/** os.path.join: an absolute part starts afresh. */
function joinPath(parts: readonly string[]): string {
  return parts.reduce(
    (path, part) => (part.startsWith('/') || path === '' ? part : path.endsWith('/') ? path + part : `${path}/${part}`),
    '',
  );
}

const relative: Filter = (value, [start = '.']) => posix.relative(textArgument(start), toText(value)) || '.';

function windowsBase(path: string): string {
  return path.slice(Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1);
}

export const pathFilters: Readonly<Record<string, Filter>> = {
  basename: (value) => basename(toText(value)),
  dirname: (value) => dirname(toText(value)),
  splitext: (value) => splitext(toText(value)),
  path_join: (value, others) =>
    joinPath(
      (Array.isArray(value) ? [...(value as readonly unknown[]), ...others] : [value, ...others]).map((part) =>
        textArgument(part),
      ),
    ),
  relpath: relative,
  expanduser: (value) => toText(value).replace(/^~(?=\/|$)/, homedir()),
  normpath: (value) => posix.normalize(toText(value)),
  win_basename: (value) => windowsBase(toText(value)),
};
