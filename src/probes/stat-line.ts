import { VERSION_FORMAT, type FileState } from '../contract/file-state.ts';

/** The size and the owners come first, for the shell to cut them off. Their names are asked for once, not for each file. */
export const STAT_FORMAT = `%s|%u:%g|%f|%h|%Y|${VERSION_FORMAT}`;

/** `stat` printed something else: it has no `-c` as coreutils and busybox have. */
const LINE = /^(\d+)\|(\d+):(\d+)\|([0-9a-f]+)\|(\d+)\|(-?\d+)\|([^|]*)$/;

/** The names behind `uid:gid`. */
export type Owners = ReadonlyMap<string, { readonly owner: string; readonly group: string }>;

const TYPES: Readonly<Record<number, string>> = {
  0o01: 'fifo',
  0o02: 'character device',
  0o06: 'block device',
  0o14: 'socket',
};

/**
 * One line of {@link STAT_FORMAT} as a state, or undefined when it is none. `target` is for symbolic links. What has no name in
 * `owners` but root's is known by its number, which chown accepts.
 * @example parseStatLine('/x', '5|0:0|81a4|1|1700000000|1:2:5:…', ownersIn([])) // { kind: 'file', mode: 0o644, owner: 'root', … }
 */
export function parseStatLine(path: string, line: string, owners: Owners, target = ''): FileState | undefined {
  const match = LINE.exec(line);
  if (!match) return undefined;
  const [, size, uid = '', gid = '', rawMode, links, mtime, version = ''] = match;
  const bits = Number.parseInt(rawMode ?? '', 16);
  const { owner, group } = owners.get(`${uid}:${gid}`) ?? { owner: uid, group: gid };
  const common = {
    path,
    mode: bits & 0o7777,
    uid: Number(uid),
    gid: Number(gid),
    owner,
    group,
    version,
    mtime: Number(mtime),
  };
  const type = (bits >> 12) & 0o17;
  if (type === 0o10) return { kind: 'file', ...common, size: Number(size), links: Number(links) };
  if (type === 0o04) return { kind: 'directory', ...common };
  if (type === 0o12) return { kind: 'link', ...common, target };
  return { kind: 'other', ...common, type: TYPES[type] ?? 'special file' };
}

const OWNER_LINE = /^((\d+):(\d+))\|([^|]*)\|([^|]*)$/;

/** Root's names, which the host has looked at, and those in lines of `stat -c '%u:%g|%U|%G'`, where UNKNOWN stands for no name. */
export function ownersIn(lines: readonly string[]): Owners {
  const owners = new Map([['0:0', { owner: 'root', group: 'root' }]]);
  for (const line of lines) {
    const [, ids, uid = '', gid = '', owner = '', group = ''] = OWNER_LINE.exec(line) ?? [];
    if (ids) owners.set(ids, { owner: nameOr(owner, uid), group: nameOr(group, gid) });
  }
  return owners;
}

function nameOr(name: string, id: string): string {
  return name === 'UNKNOWN' || name === '' ? id : name;
}
