const PLAIN = /^[A-Za-z0-9_/.:,@%+-]+$/;

/**
 * One word of a POSIX shell command line, whatever it holds.
 *
 * @throws TypeError for a NUL byte, which no argv can carry.
 * @example quote("it's") // `'it'\''s'`
 */
export function quote(word: string): string {
  if (word.includes('\0')) throw new TypeError('a program argument cannot hold a NUL byte');
  return PLAIN.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

/** @example quoteAll(['echo', 'a b']) // `echo 'a b'` */
export function quoteAll(words: readonly string[]): string {
  return words.map(quote).join(' ');
}

/**
 * UTF-8, except that a lone surrogate U+DC80..U+DCFF stands for the byte 0x80..0xFF, as in Python's `surrogateescape`:
 * names on a Linux host are bytes, and not all of them are UTF-8.
 */
export function encodeWords(text: string): Buffer {
  if (text.isWellFormed()) return Buffer.from(text, 'utf8');
  return Buffer.concat(text.split(LONE_BYTES).map((part, index) => (index % 2 ? rawBytes(part) : Buffer.from(part))));
}

const LONE_BYTES = /((?<![\uD800-\uDBFF])[\uDC80-\uDCFF]+)/;

function rawBytes(escaped: string): Buffer {
  return Buffer.from(Array.from(escaped, (unit) => unit.charCodeAt(0) & 0xff));
}
