import { expect, it } from 'vitest';
import type { FileContent } from '../contract/file-state.ts';
import sysctl from './sysctl.ts';

const path = '/etc/sysctl.conf';
const attributes = { mode: 0o644, uid: 0, gid: 0, owner: 'root', group: 'root', mtime: 0, links: 1 };

function holding(text: string): FileContent {
  const bytes = Buffer.from(text);
  return {
    kind: 'file',
    path,
    realPath: path,
    bytes,
    state: { kind: 'file', path, size: bytes.length, version: '1', ...attributes },
  };
}

function planned(args: Readonly<Record<string, unknown>>, text: string, live: string | null): readonly string[] {
  const changes = sysctl.plan(sysctl.args.parse({ name: 'vm.swappiness', ...args }), { file: holding(text), live });
  return changes.map((change) => {
    if (change.kind === 'write-file') return Buffer.from(change.bytes).toString();
    return change.kind === 'run-command' ? change.argv.join(' ') : change.kind;
  });
}

it.each([
  ['writes the line in one form', { value: '1' }, 'vm.swappiness=1\n', '1', ['vm.swappiness = 1\n']],
  ['is content with what it wrote', { value: '1' }, 'vm.swappiness = 1\n', '1', []],
  ['sets both', { value: '1' }, '', '60', ['vm.swappiness = 1\n', 'sysctl -w vm.swappiness=1']],
  [
    'sets the kernel when only the file is right',
    { value: '1' },
    'vm.swappiness = 1\n',
    '60',
    ['sysctl -w vm.swappiness=1'],
  ],
  ['leaves the kernel alone when told so', { value: '1', reload: false }, '', '60', ['vm.swappiness = 1\n']],
  ['does not touch comments', { value: '1' }, '#vm.swappiness = 9\n', '1', ['#vm.swappiness = 9\nvm.swappiness = 1\n']],
  ['takes tabs of the kernel for blanks', { value: '1 2 3' }, 'vm.swappiness = 1 2 3\n', '1\t2\t3', []],
  ['removes the line', { state: 'absent' }, 'a = 1\nvm.swappiness = 1\n', '1', ['a = 1\n']],
])('%s', (_, args, text, live, expected) => {
  expect(planned(args, text, live)).toEqual(expected);
});

it('names a key that the running kernel does not have', () => {
  expect(() => planned({ value: '1' }, '', null)).toThrow('has no vm.swappiness');
});
