/** What a {@link MarkReader} finds in a stream, in order. */
export interface MarkListener {
  bytes(chunk: Uint8Array): void;
  mark(tag: string): void;
}

/** No tag is longer than an exit status. */
const LONGEST_TAG = 8;

/**
 * Cuts a byte stream at its marks (`<nonce><tag>;`). Bytes are passed on as they come: at most what could still become a
 * mark is held back.
 */
export class MarkReader {
  readonly #nonce: Buffer;
  readonly #listener: MarkListener;
  #pending: Buffer = Buffer.alloc(0);

  constructor(nonce: string, listener: MarkListener) {
    this.#nonce = Buffer.from(nonce, 'latin1');
    this.#listener = listener;
  }

  push(chunk: Buffer): void {
    let rest = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk]);
    for (;;) {
      const next = this.#cut(rest);
      if (next === undefined) return;
      rest = next;
    }
  }

  #cut(rest: Buffer): Buffer | undefined {
    const at = rest.indexOf(this.#nonce);
    if (at === -1) return this.#hold(rest, this.#possibleStart(rest));
    const tagAt = at + this.#nonce.length;
    const end = rest.subarray(tagAt, tagAt + LONGEST_TAG).indexOf(';');
    if (end === -1) return this.#hold(rest, at);
    this.#pass(rest.subarray(0, at));
    this.#listener.mark(rest.toString('latin1', tagAt, tagAt + end));
    return rest.subarray(tagAt + end + 1);
  }

  #hold(rest: Buffer, from: number): undefined {
    this.#pass(rest.subarray(0, from));
    this.#pending = Buffer.from(rest.subarray(from));
  }

  #pass(bytes: Buffer): void {
    if (bytes.length > 0) this.#listener.bytes(bytes);
  }

  #possibleStart(rest: Buffer): number {
    for (let at = Math.max(0, rest.length - this.#nonce.length + 1); at < rest.length; at += 1) {
      if (this.#nonce.subarray(0, rest.length - at).equals(rest.subarray(at))) return at;
    }
    return rest.length;
  }
}
