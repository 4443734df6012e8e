import { close, read, writeSync } from 'node:fs';
import { promisify } from 'node:util';
import {
  attributeReply,
  directoryEntry,
  entryReply,
  initReply,
  opcode,
  openReply,
  parseRequest,
  reply,
  type Request,
  statfsReply,
  writeReply,
} from './protocol.ts';
import { errno, FileError, resolve, type VirtualDirectory, type VirtualFile, type VirtualNode } from './tree.ts';

const readFd = promisify(read);
const closeFd = promisify(close);
const bufferSize = 256 * 1024;
const writeAccess = 0o3; // O_WRONLY | O_RDWR
const unanswered: ReadonlySet<number> = new Set([opcode.FORGET, opcode.BATCH_FORGET, opcode.INTERRUPT]);

interface OpenFile {
  readonly node: VirtualNode;
  readonly written: Buffer[];
  content: Promise<Buffer> | undefined;
  /** Where in the descriptor's own offsets the answer of a conversation begins. */
  answerAt: number;
}

/**
 * Answers the kernel's requests on an open `/dev/fuse` from a tree of virtual nodes.
 * Each request is answered on its own, so that one hanging write holds up nobody else.
 * Never touch the mounted tree with synchronous calls from the process that runs this: it would wait for itself.
 */
export class FuseServer {
  readonly #fd: number;
  readonly #root: VirtualDirectory;
  readonly #paths: string[] = ['', '/'];
  readonly #ids = new Map<string, bigint>([['/', 1n]]);
  readonly #open = new Map<bigint, OpenFile>();
  #nextOpen = 1n;
  /** Settles when the file system has been unmounted. */
  readonly finished: Promise<void>;

  constructor(fd: number, root: VirtualDirectory) {
    this.#fd = fd;
    this.#root = root;
    this.finished = this.#serve();
  }

  async #serve(): Promise<void> {
    const buffer = Buffer.alloc(bufferSize);
    for (;;) {
      const bytes = await this.#receive(buffer);
      if (bytes === undefined) break;
      if (bytes.length > 0) void this.#answer(parseRequest(bytes));
    }
    await closeFd(this.#fd);
  }

  /** The next request; nothing after an unmount (ENODEV). ENOENT and EINTR mean a request was withdrawn: ask again. */
  async #receive(buffer: Buffer): Promise<Buffer | undefined> {
    try {
      const { bytesRead } = await readFd(this.#fd, buffer, 0, bufferSize, null);
      return Buffer.from(buffer.subarray(0, bytesRead));
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code ?? '';
      return ['ENOENT', 'EINTR', 'EAGAIN'].includes(code) ? Buffer.alloc(0) : undefined;
    }
  }

  async #answer(request: Request): Promise<void> {
    if (unanswered.has(request.opcode)) return;
    let error = 0;
    let body: Uint8Array = new Uint8Array();
    try {
      body = await this.#perform(request);
    } catch (thrown) {
      error = thrown instanceof FileError ? errno[thrown.code] : errno.EIO;
    }
    this.#send(reply(request.unique, error, body));
  }

  #send(bytes: Buffer): void {
    try {
      writeSync(this.#fd, bytes);
    } catch {
      // The asker has been killed or the file system unmounted: nobody waits for this answer.
    }
  }

  async #perform(request: Request): Promise<Uint8Array> {
    switch (request.opcode) {
      case opcode.INIT:
        return initReply();
      case opcode.LOOKUP:
        return this.#lookup(request);
      case opcode.GETATTR:
      case opcode.SETATTR:
        return attributeReply(request.node, this.#nodeOf(request.node));
      case opcode.READLINK:
        return this.#readLink(request.node);
      case opcode.OPEN:
      case opcode.OPENDIR:
        return this.#openNode(request);
      case opcode.READ:
        return this.#read(request.body);
      case opcode.WRITE:
        return this.#write(request.body);
      case opcode.READDIR:
        return this.#readDirectory(request.body);
      case opcode.RELEASE:
      case opcode.RELEASEDIR:
        this.#open.delete(request.body.readBigUInt64LE(0));
        return new Uint8Array();
      case opcode.STATFS:
        return statfsReply();
      case opcode.FLUSH:
      case opcode.FSYNC:
      case opcode.ACCESS:
      case opcode.DESTROY:
        return new Uint8Array();
      case opcode.CREATE:
        throw new FileError('EACCES');
      default:
        throw new FileError('ENOSYS');
    }
  }

  #pathOf(id: bigint): string {
    const path = this.#paths[Number(id)];
    if (path === undefined) throw new FileError('ENOENT');
    return path;
  }

  #nodeOf(id: bigint): VirtualNode {
    const node = resolve(this.#root, this.#pathOf(id));
    if (!node) throw new FileError('ENOENT');
    return node;
  }

  #idOf(path: string): bigint {
    const known = this.#ids.get(path);
    if (known !== undefined) return known;
    const id = BigInt(this.#paths.length);
    this.#paths.push(path);
    this.#ids.set(path, id);
    return id;
  }

  #lookup(request: Request): Uint8Array {
    const name = request.body.toString('utf8', 0, request.body.indexOf(0));
    const parent = this.#pathOf(request.node);
    const path = `${parent === '/' ? '' : parent}/${name}`;
    const node = resolve(this.#root, path);
    if (!node) throw new FileError('ENOENT');
    return entryReply(this.#idOf(path), node);
  }

  #readLink(id: bigint): Uint8Array {
    const node = this.#nodeOf(id);
    if (node.kind !== 'link') throw new FileError('EINVAL');
    return Buffer.from(node.target);
  }

  #openNode(request: Request): Uint8Array {
    const node = this.#nodeOf(request.node);
    const flags = request.body.readUInt32LE(0);
    if (node.kind === 'file') refuseWrongDirection(node, flags & writeAccess);
    const id = this.#nextOpen++;
    this.#open.set(id, { node, written: [], content: undefined, answerAt: 0 });
    return openReply(id, node.kind === 'file');
  }

  #opened(body: Buffer): OpenFile {
    const open = this.#open.get(body.readBigUInt64LE(0));
    if (!open) throw new FileError('EIO');
    return open;
  }

  async #read(body: Buffer): Promise<Uint8Array> {
    const open = this.#opened(body);
    const offset = Number(body.readBigUInt64LE(8)) - open.answerAt;
    open.content ??= contentOf(open);
    return (await open.content).subarray(Math.max(0, offset), Math.max(0, offset) + body.readUInt32LE(16));
  }

  async #write(body: Buffer): Promise<Uint8Array> {
    const open = this.#opened(body);
    const bytes = Buffer.from(body.subarray(40, 40 + body.readUInt32LE(16)));
    if (open.node.kind !== 'file') throw new FileError('EISDIR');
    if (open.node.converse) {
      open.written.push(bytes);
      open.answerAt = Number(body.readBigUInt64LE(8)) + bytes.length;
    } else if (open.node.write) await open.node.write(bytes.toString());
    else throw new FileError('EIO');
    return writeReply(bytes.length);
  }

  async #readDirectory(body: Buffer): Promise<Uint8Array> {
    const open = this.#opened(body);
    open.content ??= listing(open.node);
    const all = await open.content;
    const room = body.readUInt32LE(16);
    // Offsets handed out are positions in the listing, so that a reader resumes at an entry's end.
    let end = Number(body.readBigUInt64LE(8));
    const start = end;
    while (end < all.length) {
      const size = 24 + Math.ceil(all.readUInt32LE(end + 16) / 8) * 8;
      if (end + size - start > room) break;
      end += size;
    }
    return all.subarray(start, end);
  }
}

/** sysfs answers EACCES, to root too, when an attribute has no method for the direction asked for. */
function refuseWrongDirection(node: VirtualFile, access: number): void {
  if (node.converse) return;
  const writes = access !== 0;
  const reads = access !== 1;
  if ((writes && !node.write) || (reads && !node.read)) throw new FileError('EACCES');
}

async function contentOf(open: OpenFile): Promise<Buffer> {
  if (open.node.kind !== 'file') throw new FileError('EISDIR');
  const answer = open.node.converse ? open.node.converse(Buffer.concat(open.written)) : open.node.read?.();
  return Buffer.from((await answer) ?? '');
}

async function listing(node: VirtualNode): Promise<Buffer> {
  if (node.kind !== 'directory') throw new FileError('ENOTDIR');
  const entries: Buffer[] = [];
  let offset = 0;
  for (const name of ['.', '..', ...(await node.names())]) {
    const kind = name === '.' || name === '..' ? 'directory' : (node.child(name)?.kind ?? 'file');
    const size = 24 + Math.ceil(Buffer.byteLength(name) / 8) * 8;
    offset += size;
    entries.push(directoryEntry(name, kind, offset));
  }
  return Buffer.concat(entries);
}
