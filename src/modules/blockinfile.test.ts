import { expect, it } from 'vitest';
import { withBlock } from './block-edit.ts';
import blockinfile from './blockinfile.ts';

const edit = { begin: '# BEGIN', end: '# END', block: 'one\ntwo\n' };

it.each([
  ['appends a new block', 'a\n', {}, 'a\n# BEGIN\none\ntwo\n# END\n'],
  ['ends the last line first', 'a', {}, 'a\n# BEGIN\none\ntwo\n# END\n'],
  ['replaces the block in its place', 'a\n# BEGIN\nold\n# END\nb\n', {}, 'a\n# BEGIN\none\ntwo\n# END\nb\n'],
  ['removes block and markers', 'a\n# BEGIN\nold\n# END\nb\n', { block: undefined }, 'a\nb\n'],
  ['leaves text without a block alone', 'a', { block: undefined }, 'a'],
  ['inserts after the last match', 'a\nb\na\nc\n', { insertAfter: '^a' }, 'a\nb\na\n# BEGIN\none\ntwo\n# END\nc\n'],
  ['inserts at the beginning', 'a\n', { insertBefore: 'BOF' }, '# BEGIN\none\ntwo\n# END\na\n'],
  ['keeps empty lines at the end of the block', 'a\n', { block: 'x\n\n' }, 'a\n# BEGIN\nx\n\n# END\n'],
  ['keeps CRLF', 'a\r\n', { block: 'x' }, 'a\r\n# BEGIN\r\nx\r\n# END\r\n'],
])('%s', (_, text, more, expected) => {
  const once = withBlock(text, { ...edit, ...more });
  expect(once).toBe(expected);
  expect(withBlock(once, { ...edit, ...more })).toBe(once);
});

it('finds blocks that Ansible wrote', () => {
  const text = '# BEGIN ANSIBLE MANAGED BLOCK\nold\n# END ANSIBLE MANAGED BLOCK\n';
  const attributes = { mode: 0o644, uid: 0, gid: 0, owner: 'root', group: 'root', mtime: 0, links: 1 };
  const state = { kind: 'file', path: '/x', size: text.length, version: '1', ...attributes } as const;
  const current = { kind: 'file', path: '/x', realPath: '/x', bytes: Buffer.from(text), state } as const;
  const [change] = blockinfile.plan(blockinfile.args.parse({ path: '/x', block: 'new' }), current);
  expect(change?.kind === 'write-file' && Buffer.from(change.bytes).toString()).toBe(text.replace('old', 'new'));
});

it('refuses a marker that cannot tell begin from end', () => {
  expect(blockinfile.args.safeParse({ path: '/x', block: 'x', marker: '# mine' }).success).toBe(false);
});

it('refuses a stray marker that a new block would be paired with the next time', () => {
  const text = 'a\n# BEGIN ANSIBLE MANAGED BLOCK\n';
  const attributes = { mode: 0o644, uid: 0, gid: 0, owner: 'root', group: 'root', mtime: 0, links: 1 };
  const state = { kind: 'file', path: '/x', size: text.length, version: '1', ...attributes } as const;
  const current = { kind: 'file', path: '/x', realPath: '/x', bytes: Buffer.from(text), state } as const;
  const plan = (more: object) =>
    blockinfile.plan(blockinfile.args.parse({ path: '/x', block: 'new', ...more }), current);
  expect(() => plan({ insertbefore: 'BOF' })).toThrow(/take out stray lines "# BEGIN ANSIBLE MANAGED BLOCK"/);
});
