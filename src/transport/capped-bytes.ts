/** Collects a stream up to a cap: the first half of the cap is kept, and the last; what lies between is dropped. */
export class CappedBytes {
  readonly #headRoom: number;
  readonly #tailRoom: number;
  #head = Buffer.alloc(0);
  #headLength = 0;
  /** A ring, made when the head is full. */
  #tail: Buffer | undefined;
  #tailSeen = 0;

  constructor(cap: number) {
    this.#headRoom = Math.ceil(cap / 2);
    this.#tailRoom = Math.floor(cap / 2);
  }

  get isTruncated(): boolean {
    return this.#tailSeen > this.#tailRoom;
  }

  push(chunk: Uint8Array): void {
    const head = chunk.subarray(0, this.#headRoom - this.#headLength);
    this.#pushHead(head);
    if (chunk.length > head.length) this.#pushTail(chunk.subarray(head.length));
  }

  bytes(): Uint8Array {
    return Buffer.concat([this.#head.subarray(0, this.#headLength), ...this.#tailInOrder()]);
  }

  #pushHead(part: Uint8Array): void {
    const length = this.#headLength + part.length;
    if (length > this.#head.length) this.#head = grown(this.#head, Math.min(this.#headRoom, length * 2));
    this.#head.set(part, this.#headLength);
    this.#headLength = length;
  }

  #pushTail(part: Uint8Array): void {
    this.#tail ??= Buffer.alloc(this.#tailRoom);
    const kept = part.subarray(Math.max(0, part.length - this.#tailRoom));
    const at = this.#tailRoom === 0 ? 0 : (this.#tailSeen + part.length - kept.length) % this.#tailRoom;
    const first = kept.subarray(0, this.#tailRoom - at);
    this.#tail.set(first, at);
    this.#tail.set(kept.subarray(first.length), 0);
    this.#tailSeen += part.length;
  }

  #tailInOrder(): readonly Uint8Array[] {
    if (this.#tail === undefined) return [];
    if (!this.isTruncated) return [this.#tail.subarray(0, this.#tailSeen)];
    const oldest = this.#tailRoom === 0 ? 0 : this.#tailSeen % this.#tailRoom;
    return [this.#tail.subarray(oldest), this.#tail.subarray(0, oldest)];
  }
}

function grown(buffer: Buffer, size: number): Buffer<ArrayBuffer> {
  const larger = Buffer.alloc(size);
  larger.set(buffer, 0);
  return larger;
}
