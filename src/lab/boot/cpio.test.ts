import { describe, expect, it } from 'vitest';
import { readCpio, writeCpio } from './cpio.ts';

const entries = [
  { name: '.', mode: 0o040755, bytes: new Uint8Array() },
  { name: 'etc/a', mode: 0o100644, bytes: Buffer.from('abcde') },
  { name: 'empty', mode: 0o100600, bytes: new Uint8Array() },
];

describe('cpio archives', () => {
  it('come back as they were written', () => {
    const read = readCpio(writeCpio(entries)).map(({ name, mode, bytes }) => [
      name,
      mode,
      Buffer.from(bytes).toString(),
    ]);
    expect(read).toEqual([
      ['.', 0o040755, ''],
      ['etc/a', 0o100644, 'abcde'],
      ['empty', 0o100600, ''],
    ]);
  });

  it('are refused when cut anywhere before the trailer', () => {
    const archive = writeCpio(entries);
    const trailer = archive.indexOf('TRAILER') - 110;
    for (let size = 0; size < trailer; size += 7)
      expect(() => readCpio(archive.subarray(0, size)), String(size)).toThrow('premature');
  });
});
