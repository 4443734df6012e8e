import { expect, it } from 'vitest';
import { DEFAULTS } from '../../../test/support/play.ts';
import { doctor } from './doctor.ts';

it.each(['', ' ', '=a100:1'])('a flavor without a name (%j) is an error before any host is asked', async (flavor) => {
  const options = { ...DEFAULTS, output: 'text' as const, inventory: ['no-such-host.invalid,'], flavor };
  expect(await doctor('all', options)).toBe(1);
});
