import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { FileContent, FileState } from '../contract/file-state.ts';
import { defineModule } from '../contract/module.ts';
import { ProbeError, type Read } from '../contract/probe.ts';
import { fileContent, fileState } from '../probes/file.ts';
import { hostPath } from './fields.ts';

const unobserved = (keys: string) =>
  z
    .literal(false, { error: `${keys} are not looked up here; leave it out, or ask with command` })
    .optional()
    .describe(`Accepted as Ansible writes it; ${keys} are never looked up`);

const args = z.strictObject({
  path: hostPath.describe('What to look at'),
  follow: z.boolean().default(false).describe('Look at what a link leads to'),
  get_checksum: z.boolean().default(true).describe('Compute a checksum of a regular file of up to 4 MiB'),
  checksum_algorithm: z
    .enum(['md5', 'sha1', 'sha224', 'sha256', 'sha384', 'sha512'])
    .default('sha1')
    .describe('Which checksum'),
  get_mime: unobserved('mimetype and charset'),
  get_attributes: unobserved('attributes, attr_flags and version'),
});

type Args = z.output<typeof args>;

interface Current {
  readonly own: FileState;
  readonly content: FileContent;
}

export default defineModule<Args, Current>({
  name: 'stat',
  summary: 'Tell whether a path exists, and what it is',
  description:
    'Gives what Ansible’s stat gives but for what one look at the path does not tell: atime, blocks, block_size, device_type, readable, writeable, executable (use mode and the permissions, rusr to xoth), mimetype, charset, attributes, attr_flags and version; nlink is that of a regular file. In check mode dev, inode, ctime and, where content was planned, mtime of what an earlier task would have written are left out, since nobody can know them.',
  args,
  argAliases: { dest: 'path', name: 'path', checksum: 'checksum_algorithm', checksum_algo: 'checksum_algorithm' },
  async observe({ path, get_checksum }, read) {
    const [own, content] = await Promise.all([read(fileState(path)), contentOf(path, get_checksum, read)]);
    return { own, content };
  },
  plan: () => [],
  result: (wanted, current) => ({ stat: statOf(wanted, current) }),
  examples: [{ title: 'Is there an NVIDIA driver?', task: 'stat:\n  path: /proc/driver/nvidia\nregister: nvidia' }],
});

/** A file that this user may see but not read has everything but a checksum. */
async function contentOf(path: string, hasChecksum: boolean, read: Read): Promise<FileContent> {
  if (!hasChecksum) return read(fileContent(path, 0));
  try {
    return await read(fileContent(path));
  } catch (error) {
    if (error instanceof ProbeError) return read(fileContent(path, 0));
    throw error;
  }
}

function statOf(wanted: Args, { own, content }: Current): Readonly<Record<string, unknown>> {
  const state = wanted.follow && content.kind !== 'absent' ? content.state : own;
  if (state.kind === 'absent' || (wanted.follow && content.kind === 'absent')) return { exists: false };
  return {
    exists: true,
    path: wanted.path,
    mode: state.mode.toString(8).padStart(4, '0'),
    uid: state.uid,
    gid: state.gid,
    pw_name: state.owner,
    gr_name: state.group,
    ...versionOf(state),
    ...typesOf(state),
    ...permissionsOf(state.mode),
    ...(state.kind === 'file' && { size: state.size, nlink: state.links, ...checksumOf(wanted, state, content) }),
    ...(state.kind === 'link' && { lnk_target: state.target, lnk_source: content.realPath }),
  };
}

/** {@link VERSION_FORMAT}: device, inode, size, and the times of content and attributes in UTC. */
const VERSION = /^(\d+):(\d+):(\d+):(\d{4}-\d\d-\d\d [\d:]{8})(\.\d+)?[^:]*:(\d{4}-\d\d-\d\d [\d:]{8})(\.\d+)?/;

/** What is only planned has none of it, but for the time of content that stays. */
function versionOf({ version, mtime }: Exclude<FileState, { kind: 'absent' }>): Readonly<Record<string, number>> {
  const [, device, inode, size, modified = '', part = '', changed = '', changedPart = ''] = VERSION.exec(version) ?? [];
  if (device === undefined) return mtime === 0 ? {} : { mtime };
  return {
    dev: Number(device),
    inode: Number(inode),
    size: Number(size),
    mtime: seconds(modified, part),
    ctime: seconds(changed, changedPart),
  };
}

/** @example seconds('1970-01-01 00:00:01', '.5') // 1.5 */
function seconds(time: string, part: string): number {
  return Date.parse(`${time.replace(' ', 'T')}Z`) / 1000 + Number(part);
}

function typesOf(state: Exclude<FileState, { kind: 'absent' }>): Readonly<Record<string, boolean>> {
  const type = state.kind === 'other' ? state.type : state.kind;
  return {
    isreg: type === 'file',
    isdir: type === 'directory',
    islnk: type === 'link',
    isfifo: type === 'fifo',
    issock: type === 'socket',
    isblk: type === 'block device',
    ischr: type === 'character device',
  };
}

const PERMISSIONS = ['rusr', 'wusr', 'xusr', 'rgrp', 'wgrp', 'xgrp', 'roth', 'woth', 'xoth'] as const;

function permissionsOf(mode: number): Readonly<Record<string, boolean>> {
  const bits = PERMISSIONS.map((name, index) => [name, (mode & (0o400 >> index)) !== 0] as const);
  return { ...Object.fromEntries(bits), isuid: (mode & 0o4000) !== 0, isgid: (mode & 0o2000) !== 0 };
}

function checksumOf(wanted: Args, state: FileState, content: FileContent): Readonly<Record<string, string>> {
  if (!wanted.get_checksum || content.kind !== 'file' || state.kind !== 'file') return {};
  return { checksum: createHash(wanted.checksum_algorithm).update(content.bytes).digest('hex') };
}
