import fc from 'fast-check';
import { expect, it } from 'vitest';

import { CappedBytes } from './capped-bytes.ts';
import { MarkReader } from './mark-reader.ts';
import { printable } from './printable.ts';
import { Reply } from './reply.ts';

const NONCE = '0123456789abcdef0123456789abcdef';

it('finds marks wherever the stream is cut', () => {
  const parts = fc.array(
    fc.oneof(fc.constant(`${NONCE}0;`), fc.constantFrom(NONCE.slice(0, 9), `${NONCE.slice(1)};`, 'x', '\0;')),
    { maxLength: 8 },
  );
  fc.assert(
    fc.property(parts, fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }), (pieces, cuts) => {
      const whole = `${NONCE}<;${pieces.join('')}${NONCE}255;end${NONCE}.;`;
      let seen = '';
      const reader = new MarkReader(NONCE, {
        bytes: (chunk) => (seen += Buffer.from(chunk).toString()),
        mark: (tag) => (seen += `${NONCE}${tag};`),
      });
      let rest = Buffer.from(whole);
      for (let turn = 0; rest.length > 0; turn += 1) {
        const size = cuts[turn % cuts.length] ?? 1;
        reader.push(rest.subarray(0, size));
        rest = rest.subarray(size);
      }
      expect(seen).toBe(whole);
    }),
  );
});

it('passes on at once what cannot become a mark', () => {
  const seen: string[] = [];
  const reader = new MarkReader(NONCE, { bytes: (chunk) => seen.push(Buffer.from(chunk).toString()), mark: () => {} });
  reader.push(Buffer.from('progress 10%0123'));
  reader.push(Buffer.from('x, done'));
  expect(seen).toEqual(['progress 10%', '0123x, done']);
});

it('keeps the beginning and the end of a stream', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 20 })), fc.integer({ min: 0, max: 50 }), (chunks, cap) => {
      const capped = new CappedBytes(cap);
      for (const chunk of chunks) capped.push(chunk);
      const whole = Buffer.concat(chunks);
      const [head, tail] = [Math.ceil(cap / 2), Math.floor(cap / 2)];
      const expected =
        whole.length <= cap ? whole : Buffer.concat([whole.subarray(0, head), whole.subarray(whole.length - tail)]);
      expect(Buffer.from(capped.bytes())).toEqual(expected);
      expect(capped.isTruncated).toBe(whole.length > cap);
    }),
  );
});

it('shows control characters in messages instead of sending them to a terminal', () => {
  expect(printable('\u001b[2Ja\r\nb\u202e\u0007', 50)).toBe('\\u001b[2Ja / b\\u202e\\u0007');
});

it('takes nothing that stands before the first mark or after the last for output', async () => {
  const seen: string[] = [];
  const reply = new Reply(NONCE, { onOutput: (chunk, stream) => seen.push(`${stream}:${Buffer.from(chunk)}`) });
  reply.push('stdout', Buffer.from(`motd\n${NONCE}<;out${NONCE}3;${NONCE}.;late`));
  reply.push('stderr', Buffer.from(`warning\n${NONCE}<;err${NONCE};${NONCE}.;late`));
  const [output] = (await reply.finished) ?? [];
  expect(output).toEqual({ code: 3, stdout: Buffer.from('out'), stderr: Buffer.from('err'), truncated: false });
  expect(seen).toEqual(['stdout:out', 'stderr:err']);
});
