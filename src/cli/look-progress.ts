/** Milliseconds before a wait is worth a word. */
const PATIENCE_MS = 1000;

export interface LookProgress {
  readonly show: (done: number, of: number) => void;
  readonly clear: () => void;
}

/** A sign of life on standard error while many hosts answer; only where a person watches, and gone when they have. */
export function lookProgress(stream: NodeJS.WriteStream = process.stderr): LookProgress {
  const startedAt = performance.now();
  let isShown = false;
  return {
    show: (done, of) => {
      if (!stream.isTTY || performance.now() - startedAt < PATIENCE_MS) return;
      isShown = true;
      stream.write(`\r${done} of ${of} hosts`);
    },
    clear: () => {
      if (isShown) stream.write('\r\u001b[K');
    },
  };
}
