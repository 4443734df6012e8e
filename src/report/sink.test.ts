import { Writable } from 'node:stream';
import { expect, test } from 'vitest';
import { SecretRegistry } from '../contract/secret.ts';
import { streamSink } from './sink.ts';

/** A stream whose reader takes a write only when told to. */
function slowStream() {
  const taken: string[] = [];
  const waiting: (() => void)[] = [];
  const stream = new Writable({
    decodeStrings: false,
    write(text: string, _encoding, done) {
      taken.push(text);
      waiting.push(done);
    },
  });
  const drain = () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) next();
  };
  return { stream: stream as unknown as NodeJS.WriteStream, taken, drain };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

test('what waits for a reader that does not read is capped, and the gap is told where it is', async () => {
  const { stream, taken, drain } = slowStream();
  const sink = streamSink(stream, { gap: (writes) => `[${writes} missing]` });
  const megabyte = 'x'.repeat(1024 * 1024);
  for (let index = 0; index < 100; index++) sink.write(megabyte);
  expect(stream.writableLength).toBeLessThan(18 * 1024 * 1024);
  for (let round = 0; round < 40; round++) {
    drain();
    await settled();
  }
  sink.write('back');
  const closed = sink.close();
  for (let round = 0; round < 5; round++) {
    drain();
    await settled();
  }
  await closed;
  const text = taken.join('');
  expect(text.replaceAll('x', '')).toBe('[83 missing]back');
});

test('a gap at the end is told when the sink closes', async () => {
  const { stream, taken, drain } = slowStream();
  const sink = streamSink(stream, {});
  for (let index = 0; index < 20; index++) sink.write('x'.repeat(1024 * 1024));
  const closed = sink.close();
  for (let round = 0; round < 40; round++) {
    drain();
    await settled();
  }
  await closed;
  expect(taken.at(-1)).toBe('… 3 messages were left out because nobody read them\n');
});

test('what one turn of the event loop reports is one write', async () => {
  const { stream, taken } = slowStream();
  const sink = streamSink(stream, {});
  for (const line of ['a\n', 'b\n', 'c\n']) sink.write(line);
  await settled();
  expect(taken).toEqual(['a\nb\nc\n']);
});

test('secrets that became known late are masked in what is written', async () => {
  const { stream, taken } = slowStream();
  const secrets = new SecretRegistry();
  const sink = streamSink(stream, { secrets });
  secrets.add('hunter22');
  sink.write('pw=hunter22\n');
  await settled();
  expect(taken).toEqual(['pw=********\n']);
});

test('a reader that is gone is not waited for', async () => {
  const { stream } = slowStream();
  const sink = streamSink(stream, {});
  sink.write('x');
  const closed = sink.close();
  stream.destroy(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }));
  await closed;
  sink.write('y');
  await sink.close();
});
