import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { beforeAll, expect, test } from 'vitest';
import { formatProblem, Problems } from '../../contract/problem.ts';
import { loadInventory } from './load-inventory.ts';
import { matchHosts } from './patterns.ts';
import { expandLimit } from './split-pattern.ts';
import type { Inventory } from './types.ts';

const fixtures = fileURLToPath(new URL('fixtures', import.meta.url));
let inventory: Inventory;

beforeAll(async () => {
  inventory = await loadInventory([join(fixtures, 'site/inventory')], { problems: new Problems() });
});

/** Written by fixtures/capture-inventory.sh with `ansible --list-hosts`. */
const captured: Readonly<Record<string, readonly string[]>> = JSON.parse(
  readFileSync(join(fixtures, 'patterns.json'), 'utf8'),
);

test.each(Object.entries(captured))('matches %j as Ansible does', (pattern, hosts) => {
  expect(matchHosts(pattern, inventory)).toEqual(hosts);
});

function problemsOf(pattern: string | readonly string[]): readonly string[] {
  const problems = new Problems();
  matchHosts(pattern, inventory, problems);
  return problems.list.map((problem) => `${problem.severity}: ${formatProblem(problem)}`);
}

test.each([
  ['gpus', ['warning: no host matches gpus (did you mean gpu?)']],
  ['nothing-like-it', ['warning: no host matches nothing-like-it']],
  ['gpu[99]', ['warning: gpu[99] is out of range: gpu has 8 hosts']],
  [
    'web:!a,!b',
    [
      'error: web:!a: a pattern with commas cannot use colons too (separate all parts with commas)',
      'warning: no host matches web:!a',
      'warning: no host matches b',
    ],
  ],
  ['a*', ['warning: a* matches the group `all`, that is every host (write the names out)']],
  ['~(', ['error: ~( is not a regular expression (~ begins a regular expression)', 'warning: no host matches ~(']],
  ['ungrouped', []],
  ['localhost', []],
])('tells what is odd about %j', (pattern, messages) => {
  expect(problemsOf(pattern)).toEqual(messages);
});

test('takes expressions written for Python', () => {
  expect(matchHosts('~ctl\\-(?P<letter>[ab])\\.', inventory)).toEqual(['ctl-a.example.com', 'ctl-b.example.com']);
});

test('takes a list of patterns', () => {
  expect(matchHosts(['gpu01', 'web:!web1'], inventory)).toEqual(['gpu01', 'web2']);
  expect(matchHosts([], inventory)).toEqual([]);
  expect(matchHosts('', inventory)).toEqual([]);
});

test('never gives a host twice, nor one that is excluded', () => {
  const part = fc.constantFrom('gpu', 'az1', 'web*', 'cloud', 'gpu0[1:3]', 'all', 'gpu[0:3]', '~.*1', 'ungrouped');
  fc.assert(
    fc.property(fc.array(part, { minLength: 1 }), part, (unions, excluded) => {
      const hosts = matchHosts([...unions, `!${excluded}`], inventory);
      expect(new Set(hosts).size).toBe(hosts.length);
      expect(matchHosts([excluded], inventory).filter((host) => hosts.includes(host))).toEqual([]);
    }),
  );
});

test('reads the names of a limit from a file', () => {
  const directory = mkdtempSync(join(tmpdir(), 'limit-'));
  try {
    writeFileSync(join(directory, 'failed'), 'gpu01\n\n# comment\ngpu02\r\n');
    const problems = new Problems();
    expect(expandLimit(`@${directory}/failed,!gpu02`, problems)).toEqual(['gpu01', 'gpu02', '!gpu02']);
    expect(problems.list).toEqual([]);
    expandLimit(`@${directory}/missing`, problems);
    expect(problems.list[0]?.message).toMatch(/the file cannot be read: there is no such file/);
  } finally {
    rmSync(directory, { recursive: true });
  }
});

test('a sign without a name is a mistake', () => {
  expect(problemsOf('all:&')).toEqual(['error: & stands alone in the pattern (write it before a name: &gpu)']);
  expect(problemsOf(['all', '!'])).toEqual(['error: ! stands alone in the pattern (write it before a name: !gpu)']);
});
