import { afterEach, expect, test, vi } from 'vitest';
import { playText } from '../../test/support/play.ts';

afterEach(() => vi.unstubAllEnvs());

async function evaluate(template: string, files: Readonly<Record<string, string>> = {}): Promise<unknown> {
  const played = await playText(
    `- hosts: all
  gather_facts: false
  vars: {word: there, word_two: 2}
  tasks:
    - {name: say, debug: {msg: "${template}"}}
`,
    { files, hosts: ['h1', 'h2'] },
  );
  const result = played.results('say').get('h1');
  return result?.status === 'ok' ? result.values.msg : result?.message;
}

test.each<[string, unknown]>([
  ["{{ lookup('env', 'TSPLAY_LOOKUP') }}", 'from outside'],
  ["{{ lookup('env', 'TSPLAY_ABSENT') }}|", '|'],
  ["{{ lookup('file', 'note.txt') }}", 'text {{ word }}'],
  ["{{ lookup('template', 'note.j2') }}", 'hello there'],
  ["{{ lookup('vars', 'wo' ~ 'rd') }}", 'there'],
  ["{{ lookup('vars', 'absent', default='none') }}", 'none'],
  ["{{ query('varnames', '^word') | sort }}", ['word', 'word_two']],
  ["{{ lookup('pipe', 'echo out') }}", 'out'],
  ["{{ query('fileglob', '*.txt') | map('basename') | list }}", ['note.txt', 'other.txt']],
  ["{{ lookup('first_found', ['none.txt', 'note.txt']) | basename }}", 'note.txt'],
  ["{{ query('first_found', ['none.txt'], skip=true) }}", []],
  ["{{ query('inventory_hostnames', 'all:!h1') }}", ['h2']],
  ["{{ query('sequence', 'start=1 end=2') }}", ['1', '2']],
])('%s', async (template, expected) => {
  vi.stubEnv('TSPLAY_LOOKUP', 'from outside');
  const files = {
    'files/note.txt': 'text {{ word }}\n',
    'files/other.txt': '',
    'templates/note.j2': 'hello {{ word }}',
  };
  expect(await evaluate(template, files)).toEqual(expected);
});

test('a file that is nowhere is a failure that says where it was looked for', async () => {
  expect(await evaluate("{{ lookup('file', 'none.txt') }}")).toMatch(/none\.txt.*looked at .*files\/none\.txt/s);
});
