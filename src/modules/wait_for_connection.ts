import { z } from 'zod';
import { defineModule } from '../contract/module.ts';
import { UnknownReading } from '../contract/probe.ts';

const seconds = z.number().min(0);

const args = z.strictObject({
  timeout: seconds.default(600).describe('Seconds until this fails'),
  connect_timeout: seconds.default(5).describe('Seconds for one attempt'),
  delay: seconds.default(0).describe('Seconds before the first attempt'),
  sleep: seconds.default(1).describe('Accepted for compatibility: pauses between attempts grow by themselves'),
});

export default defineModule<z.output<typeof args>, { readonly elapsed: number }>({
  name: 'wait_for_connection',
  summary: 'Wait until a host can be logged in to again',
  args,
  async observe({ timeout, connect_timeout, delay }, _read, { session, isCheckMode }) {
    if (isCheckMode) throw new UnknownReading('check mode does not wait');
    const start = performance.now();
    await session.reconnect({
      deadlineMs: timeout * 1000,
      attemptTimeoutMs: connect_timeout * 1000,
      delayMs: delay * 1000,
    });
    return { elapsed: Math.round((performance.now() - start) / 1000) };
  },
  plan: () => [],
  result: (_, { elapsed }) => ({ elapsed }),
  examples: [{ title: 'After an installation', task: 'wait_for_connection:\n  timeout: 900' }],
});
