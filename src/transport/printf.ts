/** Small enough for every shell's token buffer, large enough that the number of builtin calls does not matter. */
const CHUNK = 16 * 1024;

/**
 * Bytes as a list of `printf` builtin calls: nothing of it is ever an argument of a program or a temporary file.
 *
 * @example printfCalls(Buffer.from("a'%\0")) // `printf 'a\047%%\000'`
 */
export function printfCalls(bytes: Uint8Array): string {
  const calls: string[] = [];
  for (let start = 0; start < bytes.length; start += CHUNK) {
    calls.push(`printf '${format(bytes.subarray(start, start + CHUNK))}'`);
  }
  return calls.join('\n');
}

function format(chunk: Uint8Array): string {
  let text = '';
  for (const byte of chunk) text += ESCAPED[byte];
  // It would be read as an option.
  return text.startsWith('-') ? octal(0x2d) + text.slice(1) : text;
}

const ESCAPED: readonly string[] = Array.from({ length: 256 }, (_, byte) => escaped(byte));

function escaped(byte: number): string {
  if (byte === 0x25) return '%%';
  const isPlain = byte === 0x0a || byte === 0x09 || (byte >= 0x20 && byte < 0x7f);
  return isPlain && byte !== 0x27 && byte !== 0x5c ? String.fromCharCode(byte) : octal(byte);
}

function octal(byte: number): string {
  return `\\${byte.toString(8).padStart(3, '0')}`;
}
