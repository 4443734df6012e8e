import type { SecretRegistry } from '../contract/secret.ts';
import { drained } from './drained.ts';

/** Where reports are written. */
export interface Sink {
  /** Whole lines (or repaints); never blocks, never throws. */
  write(text: string): void;
  /** Resolves when everything was taken over by the reader, or when there is no reader any more. */
  close(): Promise<void>;
}

export interface SinkOptions {
  /** Masks once more what is written, for secrets that became known after the event that quotes them. */
  readonly secrets?: SecretRegistry;
  /** What stands where text was left out. */
  readonly gap?: (writes: number) => string;
}

/** Bytes kept for a reader that does not read (a stopped pager, Ctrl-S), before newer text is left out. */
const MOST_WAITING = 16 * 1024 * 1024;

/**
 * Writes without ever holding up the run: it changes hosts, and must neither end because `| head` had enough (EPIPE) nor
 * stand still because somebody pressed Ctrl-S.
 */
export function streamSink(stream: NodeJS.WriteStream, { secrets, gap = defaultGap }: SinkOptions): Sink {
  let isBroken = false;
  let leftOut = 0;
  let gathered = '';
  stream.on('error', () => {
    isBroken = true;
  });
  writeInBackground(stream);
  const flush = () => {
    const text = gathered;
    gathered = '';
    if (text !== '' && !isBroken) stream.write(secrets ? secrets.mask(text) : text);
  };
  const put = (text: string) => {
    if (stream.writableLength + gathered.length > MOST_WAITING) leftOut += 1;
    else {
      // What one turn of the event loop reports is one system call, not thousands: they cost more than the tasks.
      if (gathered === '') process.nextTick(flush);
      gathered += leftOut > 0 ? gap(leftOut) + text : text;
      leftOut = 0;
    }
  };
  return {
    write: (text) => {
      if (!isBroken) put(text);
    },
    close: () => {
      flush();
      return isBroken ? Promise.resolve() : drained(stream, leftOut > 0 ? gap(leftOut) : '');
    },
  };
}

function defaultGap(writes: number): string {
  return `… ${writes} ${writes === 1 ? 'message was' : 'messages were'} left out because nobody read them\n`;
}

interface Handle {
  setBlocking?(isBlocking: boolean): number;
}

/**
 * Node writes to terminals synchronously (process.stdout, "A note on process I/O"), so Ctrl-S would stop the event loop
 * and with it every connection. Pipes are written in the background already.
 */
function writeInBackground(stream: NodeJS.WriteStream): void {
  const { _handle: handle } = stream as { readonly _handle?: Handle };
  if (stream.isTTY) handle?.setBlocking?.(false);
}
