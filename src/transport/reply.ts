import type { Output } from '../contract/command.ts';
import type { ExchangeOptions } from '../contract/connection.ts';
import { CappedBytes } from './capped-bytes.ts';
import { MarkReader } from './mark-reader.ts';

const DEFAULT_CAP = 8 * 1024 * 1024;

type StreamName = 'stdout' | 'stderr';

export type ReplyOptions = Pick<ExchangeOptions, 'maxOutputBytes' | 'onOutput'>;

/**
 * The answer to one exchange, put together from both streams. Only marks with this exchange's nonce are seen, so nothing
 * a host prints can end it, and what comes before the first mark (banners, leftovers of background jobs) is dropped.
 */
export class Reply {
  /** Undefined: abandoned. */
  readonly finished: Promise<readonly Output[] | undefined>;
  readonly #streams: Record<StreamName, ReplyStream>;
  readonly #codes: number[] = [];
  readonly #resolve: (outputs: readonly Output[] | undefined) => void;
  #isOrphaned = false;

  constructor(nonce: string, options: ReplyOptions = {}) {
    ({ promise: this.finished, resolve: this.#resolve } = Promise.withResolvers<readonly Output[] | undefined>());
    this.#streams = { stdout: this.#stream(nonce, 'stdout', options), stderr: this.#stream(nonce, 'stderr', options) };
  }

  push(stream: StreamName, chunk: Buffer): void {
    this.#streams[stream].reader.push(chunk);
  }

  /** No more will come. */
  abandon(): void {
    this.#resolve(undefined);
  }

  /** The subshell that ran the commands is gone without having told how they ended: somebody killed it. */
  get isOrphaned(): boolean {
    return this.#isOrphaned;
  }

  /** How many commands have ended. */
  get ended(): number {
    return this.#codes.length;
  }

  #stream(nonce: string, name: StreamName, options: ReplyOptions): ReplyStream {
    return new ReplyStream(nonce, options.maxOutputBytes ?? DEFAULT_CAP, {
      output: (chunk) => options.onOutput?.(chunk, name),
      code: (code) => {
        if (name === 'stdout') this.#codes.push(code);
      },
      ended: () => this.#finishWhenBothEnded(),
      orphaned: () => {
        this.#isOrphaned = true;
        this.abandon();
      },
    });
  }

  #finishWhenBothEnded(): void {
    const { stdout, stderr } = this.#streams;
    if (!stdout.isEnded || !stderr.isEnded) return;
    this.#resolve(this.#codes.map((code, index) => output(code, stdout.collected[index], stderr.collected[index])));
  }
}

function output(code: number, stdout: CappedBytes | undefined, stderr: CappedBytes | undefined): Output {
  return {
    code,
    stdout: stdout?.bytes() ?? new Uint8Array(),
    stderr: stderr?.bytes() ?? new Uint8Array(),
    truncated: Boolean(stdout?.isTruncated || stderr?.isTruncated),
  };
}

interface ReplyStreamListener {
  output(chunk: Uint8Array): void;
  code(code: number): void;
  ended(): void;
  orphaned(): void;
}

class ReplyStream {
  readonly reader: MarkReader;
  readonly collected: CappedBytes[] = [];
  isEnded = false;
  readonly #cap: number;
  readonly #listener: ReplyStreamListener;
  #current: CappedBytes | undefined;

  constructor(nonce: string, cap: number, listener: ReplyStreamListener) {
    this.#cap = cap;
    this.#listener = listener;
    this.reader = new MarkReader(nonce, { bytes: (chunk) => this.#bytes(chunk), mark: (tag) => this.#mark(tag) });
  }

  #bytes(chunk: Uint8Array): void {
    if (this.#current === undefined) return;
    this.#current.push(chunk);
    this.#listener.output(chunk);
  }

  #mark(tag: string): void {
    if (this.isEnded) return;
    if (tag === '<') this.#current = new CappedBytes(this.#cap);
    else if (tag === '.') this.#end();
    else if (tag === '!') this.#listener.orphaned();
    else this.#next(Number(tag));
  }

  #next(code: number): void {
    if (this.#current !== undefined) this.collected.push(this.#current);
    this.#current = new CappedBytes(this.#cap);
    this.#listener.code(code);
  }

  #end(): void {
    this.#current = undefined;
    this.isEnded = true;
    this.#listener.ended();
  }
}
