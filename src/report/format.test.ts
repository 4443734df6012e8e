import { expect, test } from 'vitest';
import { formatFor, hasColour } from './format.ts';

test.each([
  ['a terminal', true, { TERM: 'xterm' }, 'pretty', true],
  ['a pipe', false, { TERM: 'xterm' }, 'plain', false],
  ['a CI system with a terminal', true, { TERM: 'xterm', CI: 'true' }, 'plain', true],
  ['CI=false', true, { CI: 'false' }, 'pretty', true],
  ['a dumb terminal', true, { TERM: 'dumb' }, 'plain', false],
  ['NO_COLOR', true, { NO_COLOR: '1' }, 'pretty', false],
  ['NO_COLOR and FORCE_COLOR', true, { NO_COLOR: '1', FORCE_COLOR: '1' }, 'pretty', false],
  ['an empty NO_COLOR', true, { NO_COLOR: '' }, 'pretty', true],
  ['FORCE_COLOR in a pipe', false, { FORCE_COLOR: '1' }, 'plain', true],
  ['FORCE_COLOR=0 in a pipe', false, { FORCE_COLOR: '0' }, 'plain', false],
] as const)('%s', (_, isTerminal, env, format, colour) => {
  expect([formatFor(undefined, { isTerminal, env }), hasColour({ isTerminal, env })]).toEqual([format, colour]);
});

test('what was asked for wins', () => {
  expect(formatFor('json', { isTerminal: true, env: {} })).toBe('json');
});
