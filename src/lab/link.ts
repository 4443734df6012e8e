import type { Socket } from 'node:net';
import { type Duplex, duplexPair, Transform, type TransformCallback } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Fault } from './options.ts';

type LinkFault = Extract<Fault, { kind: 'slow-link' | 'drop-after-bytes' }>;

export const isLinkFault = (fault: Fault): fault is LinkFault =>
  fault.kind === 'slow-link' || fault.kind === 'drop-after-bytes';

/** Passes each chunk on after the delay, many being under way at once, and takes no more than the given rate. */
class SlowLink extends Transform {
  readonly #fault: Extract<Fault, { kind: 'slow-link' }>;
  /** Settles when all that was taken has been passed on, in its order. */
  #underWay: Promise<void> = Promise.resolve();
  constructor(fault: Extract<Fault, { kind: 'slow-link' }>) {
    super();
    this.#fault = fault;
  }
  override async _transform(chunk: Buffer, _: BufferEncoding, done: TransformCallback): Promise<void> {
    const { delayMs, bytesPerSecond } = this.#fault;
    if (bytesPerSecond) await sleep((chunk.length * 1000) / bytesPerSecond);
    const due = performance.now() + delayMs;
    this.#underWay = this.#underWay.then(async () => {
      await sleep(Math.max(0, due - performance.now()));
      this.push(chunk);
    });
    done();
  }
  override async _flush(done: TransformCallback): Promise<void> {
    await this.#underWay;
    done();
  }
}

/** Passes so many bytes, then calls `cut`. */
class CutLink extends Transform {
  #left: number;
  readonly #cut: () => void;
  constructor(bytes: number, cut: () => void) {
    super();
    this.#left = bytes;
    this.#cut = cut;
  }
  override _transform(chunk: Buffer, _: BufferEncoding, done: TransformCallback): void {
    const passed = chunk.subarray(0, Math.max(0, this.#left));
    this.#left -= chunk.length;
    done(null, passed);
    if (this.#left <= 0) setImmediate(this.#cut);
  }
}

/** The server's end of a connection whose other end is the socket, with the faults in between. */
export function faultyLink(socket: Socket, faults: readonly LinkFault[]): Duplex {
  const [inner, outer] = duplexPair();
  let incoming: NodeJS.ReadableStream = socket;
  let outgoing: NodeJS.ReadableStream = outer;
  for (const fault of faults) {
    if (fault.kind === 'slow-link') {
      incoming = incoming.pipe(new SlowLink(fault));
      outgoing = outgoing.pipe(new SlowLink(fault));
    } else outgoing = outgoing.pipe(new CutLink(fault.bytes, () => socket.destroy()));
  }
  incoming.pipe(outer);
  outgoing.pipe(socket);
  socket.on('error', () => socket.destroy());
  socket.on('close', () => inner.destroy());
  return inner;
}
