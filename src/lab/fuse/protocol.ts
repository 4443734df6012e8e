// The wire format of linux/fuse.h, protocol 7.31: little-endian on every machine Node runs Linux on.
import type { VirtualNode } from './tree.ts';

export const opcode = {
  LOOKUP: 1,
  FORGET: 2,
  GETATTR: 3,
  SETATTR: 4,
  READLINK: 5,
  OPEN: 14,
  READ: 15,
  WRITE: 16,
  STATFS: 17,
  RELEASE: 18,
  FSYNC: 20,
  FLUSH: 25,
  INIT: 26,
  OPENDIR: 27,
  READDIR: 28,
  RELEASEDIR: 29,
  ACCESS: 34,
  CREATE: 35,
  INTERRUPT: 36,
  DESTROY: 38,
  BATCH_FORGET: 42,
} as const;

export interface Request {
  readonly opcode: number;
  readonly unique: bigint;
  readonly node: bigint;
  readonly body: Buffer;
}

const headerSize = 40;

export function parseRequest(bytes: Buffer): Request {
  return {
    opcode: bytes.readUInt32LE(4),
    unique: bytes.readBigUInt64LE(8),
    node: bytes.readBigUInt64LE(16),
    body: bytes.subarray(headerSize),
  };
}

export function reply(unique: bigint, error: number, body: Uint8Array): Buffer {
  const out = Buffer.alloc(16 + body.length);
  out.writeUInt32LE(out.length, 0);
  out.writeInt32LE(-error, 4);
  out.writeBigUInt64LE(unique, 8);
  out.set(body, 16);
  return out;
}

export function initReply(): Buffer {
  const out = Buffer.alloc(64);
  out.writeUInt32LE(7, 0);
  out.writeUInt32LE(31, 4);
  out.writeUInt16LE(64, 16); // max_background
  out.writeUInt16LE(48, 18); // congestion_threshold
  out.writeUInt32LE(128 * 1024, 20); // max_write
  out.writeUInt32LE(1, 24); // time_gran, nanoseconds
  return out;
}

const typeBits = { file: 0o100000, link: 0o120000, directory: 0o040000 } as const;

function modeOf(node: VirtualNode): number {
  if (node.kind === 'file') return typeBits.file | node.mode;
  return node.kind === 'link' ? typeBits.link | 0o777 : typeBits.directory | 0o755;
}

/** `struct fuse_attr`. Sizes are 4096 for files, as sysfs reports them. */
export function attributes(id: bigint, node: VirtualNode): Buffer {
  const out = Buffer.alloc(88);
  out.writeBigUInt64LE(id, 0);
  out.writeBigUInt64LE(BigInt(node.kind === 'file' ? 4096 : node.kind === 'link' ? node.target.length : 0), 8);
  out.writeUInt32LE(modeOf(node), 60);
  out.writeUInt32LE(node.kind === 'directory' ? 2 : 1, 64);
  out.writeUInt32LE(4096, 80);
  return out;
}

export const attributeReply = (id: bigint, node: VirtualNode): Buffer =>
  Buffer.concat([Buffer.alloc(16), attributes(id, node)]);

export function entryReply(id: bigint, node: VirtualNode): Buffer {
  const head = Buffer.alloc(40);
  head.writeBigUInt64LE(id, 0);
  return Buffer.concat([head, attributes(id, node)]);
}

const directIo = 1;

export function openReply(open: bigint, isFile: boolean): Buffer {
  const out = Buffer.alloc(16);
  out.writeBigUInt64LE(open, 0);
  out.writeUInt32LE(isFile ? directIo : 0, 8);
  return out;
}

export function writeReply(size: number): Buffer {
  const out = Buffer.alloc(8);
  out.writeUInt32LE(size, 0);
  return out;
}

export function statfsReply(): Buffer {
  const out = Buffer.alloc(80);
  out.writeUInt32LE(4096, 40);
  out.writeUInt32LE(255, 44);
  out.writeUInt32LE(4096, 48);
  return out;
}

const directoryTypes = { file: 8, link: 10, directory: 4 } as const;

export function directoryEntry(name: string, kind: VirtualNode['kind'], offset: number): Buffer {
  const text = Buffer.from(name);
  const out = Buffer.alloc(24 + Math.ceil(text.length / 8) * 8);
  out.writeBigUInt64LE(BigInt(offset), 0);
  out.writeBigUInt64LE(BigInt(offset), 8);
  out.writeUInt32LE(text.length, 16);
  out.writeUInt32LE(directoryTypes[kind], 20);
  out.set(text, 24);
  return out;
}
