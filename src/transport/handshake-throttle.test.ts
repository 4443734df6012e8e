import { expect, it } from 'vitest';

import { HandshakeThrottle } from './handshake-throttle.ts';

it('limits handshakes to one address and in all, and lets everyone through in the end', async () => {
  const throttle = new HandshakeThrottle(3, 2);
  const running = { all: 0, a: 0, b: 0 };
  const most = { all: 0, a: 0, b: 0 };
  const handshake = (address: 'a' | 'b') => async (): Promise<string> => {
    for (const key of ['all', address] as const) most[key] = Math.max(most[key], ++running[key]);
    await new Promise((resolve) => setTimeout(resolve, 2));
    for (const key of ['all', address] as const) running[key] -= 1;
    if (address === 'b') throw new Error('refused');
    return address;
  };
  const calls = Array.from({ length: 24 }, (_, index) => (index % 2 ? 'a' : 'b') as 'a' | 'b');
  const outcomes = await Promise.allSettled(calls.map((address) => throttle.run(address, handshake(address))));
  expect(outcomes.filter((outcome) => outcome.status === 'fulfilled')).toHaveLength(12);
  expect(most).toEqual({ all: 3, a: 2, b: 2 });
});
