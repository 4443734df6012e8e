import { VERSION_FORMAT, type FileState } from '../contract/file-state.ts';

/** The size comes first so that the shell can cut it off; names come last because nothing follows them. */
export const STAT_FORMAT = `%s|%f|%u|%g|%h|%Y|${VERSION_FORMAT}|%U|%G`;

/** `stat` printed something else: it has no `-c` as coreutils and busybox have. */
const LINE = /^(\d+)\|([0-9a-f]+)\|(\d+)\|(\d+)\|(\d+)\|(-?\d+)\|([^|]*)\|([^|]*)\|([^|]*)$/;

const TYPES: Readonly<Record<number, string>> = {
  0o01: 'fifo',
  0o02: 'character device',
  0o06: 'block device',
  0o14: 'socket',
};

/**
 * One line of {@link STAT_FORMAT} as a state, or undefined when it is none. `target` is for symbolic links.
 * @example parseStatLine('/x', '5|81a4|0|0|1|1700000000|1:2:5:…|root|root') // { kind: 'file', mode: 0o644, … }
 */
export function parseStatLine(path: string, line: string, target = ''): FileState | undefined {
  const match = LINE.exec(line);
  if (!match) return undefined;
  const [, size, rawMode, uid, gid, links, mtime, version = '', owner, group] = match;
  const bits = Number.parseInt(rawMode ?? '', 16);
  const common = {
    path,
    mode: bits & 0o7777,
    uid: Number(uid),
    gid: Number(gid),
    owner: nameOr(owner, uid),
    group: nameOr(group, gid),
    version,
    mtime: Number(mtime),
  };
  const type = (bits >> 12) & 0o17;
  if (type === 0o10) return { kind: 'file', ...common, size: Number(size), links: Number(links) };
  if (type === 0o04) return { kind: 'directory', ...common };
  if (type === 0o12) return { kind: 'link', ...common, target };
  return { kind: 'other', ...common, type: TYPES[type] ?? 'special file' };
}

/** An id without a name prints as UNKNOWN; the number is what chown accepts. */
function nameOr(name: string | undefined, id: string | undefined): string {
  return name && name !== 'UNKNOWN' ? name : (id ?? '');
}
