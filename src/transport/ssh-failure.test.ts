import { finished } from 'node:stream/promises';
import { Duplex } from 'node:stream';
import { expect, it } from 'vitest';
import type { Endpoint } from './endpoint.ts';
import { SshFailure } from './ssh-failure.ts';

const endpoint = { host: 'gpu01', user: 'root', address: '127.0.0.1', port: 22, connectTimeoutMs: 1000 } as Endpoint;

it('takes the premature end of a stream for a peer that hung up', async () => {
  const stream = new Duplex({ read() {}, write: (_chunk, _encoding, done) => done() });
  stream.destroy();
  const cause: unknown = await finished(stream).catch((error: unknown) => error);
  const progress = { stage: 'greeting', tried: [], accepted: [], notes: [], refusal: undefined } as const;
  expect(String(cause)).toContain('Premature close');
  expect(new SshFailure(endpoint, progress, cause).isTransient).toBe(true);
  expect(new SshFailure(endpoint, progress, new Error('Invalid packet length')).isTransient).toBe(false);
});
