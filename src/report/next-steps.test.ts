import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { recapOf } from '../../test/support/events.ts';
import { nextStep } from './next-steps.ts';

const good = recapOf('a');
const bad = recapOf('b', { failed: 1 });
const gone = recapOf('c', { unreachable: 1 });

test.each([
  ['drift', ['check', 'site.yaml', '-i', 'inv'], 3, [good], 'tsplay run site.yaml -i inv'],
  ['drift found by run --check', ['run', '-C', 'site.yaml'], 3, [good], 'tsplay run site.yaml'],
  ['a failed host', ['run', 'site.yaml'], 2, [good, bad], 'tsplay run site.yaml --limit b'],
  [
    'hosts that were limited already',
    ['run', '-l', 'gpu', 'site.yaml', '--limit=x'],
    4,
    [good, bad, gone],
    'tsplay run site.yaml --limit b,c',
  ],
  ['all failed', ['run', 'site.yaml', '-l', 'gpu'], 2, [bad], 'tsplay run site.yaml -l gpu'],
  ['interrupted', ['run', 'site.yaml'], 130, [good, bad], 'tsplay run site.yaml'],
  [
    'values that may be secrets',
    ['run', 's.yaml', '-e', 'pw=x', '-epw=x', '--extra-vars=pw=x', '-e', '@v.yaml'],
    130,
    [good],
    'tsplay run s.yaml -e … -e … --extra-vars=… -e @v.yaml',
  ],
  ['converged', ['run', 'site.yaml'], 0, [good], undefined],
] as const)('%s', (_, words, exitCode, recap, command) => {
  expect(nextStep({ words, exitCode, recap })).toBe(command);
});

test('a shell reads the command as it was typed', () => {
  const words = ['run', 'it\'s a $HOME "b".yaml', '-l', 'all:!x', '*'];
  const command = nextStep({ words, exitCode: 130, recap: [good] });
  const seen = execFileSync('sh', ['-c', `tsplay() { printf '%s\\n' "$@"; }; ${command}`], { encoding: 'utf8' });
  expect(seen.trimEnd().split('\n')).toEqual(words);
});
