import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compareOrder } from '../contract/order.ts';
import { Pacer } from './pacer.ts';

async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  const pending = Symbol('pending');
  await Promise.resolve();
  return (await Promise.race([promise, Promise.resolve(pending)])) !== pending;
}

test('whoever waits is released when every other host has reached or passed the place', async () => {
  const pacer = new Pacer(['a', 'b', 'c']);
  const met = pacer.meet('b', [1]);
  pacer.advance('a', [2]);
  expect(await isSettled(met)).toBe(false);
  pacer.advance('c', [1]);
  expect(await met).toEqual({ hosts: ['b'] });
});

test('those who wait at one place meet there, in play order and not in order of arrival', async () => {
  const pacer = new Pacer(['a', 'b', 'c']);
  const late = pacer.meet('c', [3, 0]);
  const early = pacer.meet('a', [3, 0]);
  pacer.advance('b', [4]);
  expect(await late).toEqual({ hosts: ['a', 'c'] });
  expect(await early).toEqual({ hosts: ['a', 'c'] });
});

test('a host that left blocks nobody', async () => {
  const pacer = new Pacer(['a', 'b']);
  const met = pacer.meet('a', [5]);
  pacer.leave('b');
  expect(await met).toEqual({ hosts: ['a'] });
});

test('hosts in different branches do not wait for each other for ever', async () => {
  const pacer = new Pacer(['a', 'b']);
  const first = pacer.meet('a', [1, 0, 0]);
  const second = pacer.meet('b', [1, 1, 0]);
  expect(await first).toEqual({ hosts: ['a'] });
  pacer.advance('a', [2]);
  expect(await second).toEqual({ hosts: ['b'] });
});

test('places are ordered: antisymmetric, and a prefix comes first', () => {
  const place = fc.array(fc.nat(3), { maxLength: 4 });
  fc.assert(
    fc.property(place, place, (a, b) => {
      expect(Math.sign(compareOrder(a, b)) + Math.sign(compareOrder(b, a))).toBe(0);
      expect(compareOrder(a, [...a, 0])).toBeLessThan(0);
    }),
  );
});

test('whatever way hosts go, all of them get through', async () => {
  const stops = fc.uniqueArray(fc.nat(9), { maxLength: 6 }).map((list) => list.toSorted((a, b) => a - b));
  await fc.assert(
    fc.asyncProperty(fc.array(stops, { minLength: 1, maxLength: 5 }), async (routes) => {
      const pacer = new Pacer(routes.map((_, index) => String(index)));
      await Promise.all(
        routes.map(async (route, index) => {
          for (const stop of route) await pacer.meet(String(index), [stop]);
          pacer.leave(String(index));
        }),
      );
      expect(pacer.present).toEqual([]);
    }),
    { numRuns: 50 },
  );
});
