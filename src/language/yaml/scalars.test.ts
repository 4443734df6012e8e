import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { resolvePlain } from './scalars.ts';

interface Loaded {
  readonly type: string;
  readonly value: unknown;
}

/** Written by fixtures/capture-scalars.py with PyYAML 6. */
const captured: Record<string, Loaded> = JSON.parse(
  readFileSync(new URL('fixtures/scalars-pyyaml.json', import.meta.url), 'utf8'),
);
const special: Record<string, number> = {
  inf: Number.POSITIVE_INFINITY,
  '-inf': Number.NEGATIVE_INFINITY,
  nan: Number.NaN,
};

function expected({ type, value }: Loaded): unknown {
  return type === 'float' && typeof value === 'string' ? special[value] : value;
}

test.each(Object.entries(captured))('reads %s as PyYAML does', (token, loaded) => {
  if (loaded.type === 'date') expect(resolvePlain(token)).toBe(token);
  else expect(resolvePlain(token)).toBe(expected(loaded));
});

test.each(['2020-01-01', '2001-12-14t21:59:43.10-05:00', '2020-01-01 10:00:00'])(
  'keeps the date %s as text',
  (token) => {
    expect(resolvePlain(token)).toBe(token);
  },
);

test.each(['9007199254740993', '0xffffffffffffffff', '-99999999999999999999'])(
  'refuses %s, which no number holds exactly',
  (token) => {
    expect(() => resolvePlain(token)).toThrow(/too large/);
  },
);
