/** One member of an archive. A directory has no bytes; a name has no leading slash. */
export interface CpioEntry {
  readonly name: string;
  readonly mode: number;
  readonly bytes: Uint8Array;
}

const magic = '070701';
const headerSize = 110;
const trailer = 'TRAILER!!!';
const padded = (size: number): number => Math.ceil(size / 4) * 4;
const hex8 = (value: number): string => value.toString(16).toUpperCase().padStart(8, '0');

function member(entry: CpioEntry, inode: number): Buffer {
  const name = `${entry.name}\0`;
  const links = entry.mode & 0o040000 ? 2 : 1;
  const fields = [inode, entry.mode, 0, 0, links, 0, entry.bytes.length, 0, 0, 0, 0, name.length, 0];
  const head = Buffer.from(`${magic}${fields.map(hex8).join('')}${name}`, 'latin1');
  const out = Buffer.alloc(padded(head.length) + padded(entry.bytes.length));
  out.set(head);
  out.set(entry.bytes, padded(head.length));
  return out;
}

/** The "newc" format of cpio(5), which the kernel unpacks an initramfs from. */
export function writeCpio(entries: readonly CpioEntry[]): Buffer {
  const end = { name: trailer, mode: 0, bytes: new Uint8Array() };
  return Buffer.concat([...entries, end].map((entry, index) => member(entry, index + 1)));
}

/** @throws Error where the archive is cut short or is none: the kernel panics there. */
export function readCpio(archive: Buffer): readonly CpioEntry[] {
  const entries: CpioEntry[] = [];
  for (let at = 0; ; ) {
    if (archive.toString('latin1', at, at + 6) !== magic) throw new Error('cpio: premature end of archive');
    const field = (index: number): number =>
      Number.parseInt(archive.toString('latin1', at + 6 + index * 8, at + 14 + index * 8), 16);
    const nameSize = field(11);
    const start = at + padded(headerSize + nameSize);
    const name = archive.toString('utf8', at + headerSize, at + headerSize + nameSize - 1);
    if (name === trailer) return entries;
    const end = start + field(6);
    if (end > archive.length) throw new Error('cpio: premature end of file');
    entries.push({ name, mode: field(1), bytes: archive.subarray(start, end) });
    at = start + padded(field(6));
  }
}
