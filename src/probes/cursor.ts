import { ProbeError } from '../contract/probe.ts';

/** Walks through a program's output. Running past the end throws {@link ProbeError}. */
export interface Cursor {
  /** Up to the next newline, which is skipped. */
  line(): string;
  take(bytes: number): Buffer;
  readonly remaining: number;
}

/** @example cursor(Buffer.from('2\nab')).line() // '2' */
export function cursor(source: Uint8Array): Cursor {
  const bytes = Buffer.from(source.buffer, source.byteOffset, source.byteLength);
  let at = 0;
  const take = (count: number) => {
    if (!(count >= 0) || at + count > bytes.length) throw new ProbeError('the output ended early');
    at += count;
    return bytes.subarray(at - count, at);
  };
  return {
    take,
    line() {
      const end = bytes.indexOf(10, at);
      if (end < 0) throw new ProbeError('the output ended early');
      const text = take(end - at).toString();
      at += 1;
      return text;
    },
    get remaining() {
      return bytes.length - at;
    },
  };
}

/** A text behind its length and a colon, ended by a newline: it may hold anything. */
export function sized(at: Cursor): string {
  let digits = '';
  for (let char = at.take(1).toString(); char !== ':'; char = at.take(1).toString()) digits += char;
  const text = at.take(Number(digits)).toString();
  at.take(1);
  return text;
}
