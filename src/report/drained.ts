/** Resolves when the reader has taken over all that was written, and a last word; or when there is no reader any more. */
export function drained(stream: NodeJS.WriteStream, last = ''): Promise<void> {
  if (stream.destroyed || (last === '' && stream.writableLength === 0)) return Promise.resolve();
  return new Promise((resolve) => {
    // A write that the broken pipe cut off may never call back.
    stream.once('error', () => resolve());
    stream.write(last, () => resolve());
  });
}
