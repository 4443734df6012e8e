import { describe, expect, it } from 'vitest';
import type { FileContent } from '../contract/file-state.ts';
import lineinfile from './lineinfile.ts';

function holding(text: string | Uint8Array): FileContent {
  const bytes = Buffer.from(text);
  const path = '/etc/default/grub';
  const attributes = { mode: 0o644, uid: 0, gid: 0, owner: 'root', group: 'root', mtime: 0, links: 1 };
  return {
    kind: 'file',
    path,
    realPath: path,
    bytes,
    state: { kind: 'file', path, size: bytes.length, version: '1', ...attributes },
  };
}

/** The file after the task, or undefined when the plan is empty. */
function after(before: FileContent, args: Readonly<Record<string, unknown>>): string | undefined {
  const changes = lineinfile.plan(lineinfile.args.parse({ path: '/etc/default/grub', ...args }), before);
  const [change] = changes;
  if (!change) return undefined;
  if (change.kind !== 'write-file' || changes.length !== 1) throw new Error(`unexpected ${change.kind}`);
  return Buffer.from(change.bytes).toString('latin1');
}

describe('lineinfile', () => {
  it.each([
    ['replaces the last match', 'a=1\na=2\nb\n', { regexp: '^a=', line: 'a=3' }, 'a=1\na=3\nb\n'],
    [
      'replaces the first match when asked',
      'a=1\na=2\nb\n',
      { regexp: '^a=', line: 'a=3', firstmatch: true },
      'a=3\na=2\nb\n',
    ],
    [
      'replaces every match when asked',
      'a=1\nb\na=2\n',
      { regexp: '^a=', line: 'a=3', on_multiple: 'all' },
      'a=3\nb\na=3\n',
    ],
    [
      'is content with all of them as wanted',
      'a=3\na=3\n',
      { regexp: '^a=', line: 'a=3', on_multiple: 'all' },
      undefined,
    ],
    [
      'replaces the only match where several would be an error',
      'a=1\nb\n',
      { regexp: '^a=', line: 'a=3', on_multiple: 'error' },
      'a=3\nb\n',
    ],
    ['is content with a line that is there', 'a=1\nb\n', { regexp: '^a=', line: 'a=1' }, undefined],
    [
      'is content with an identical line elsewhere',
      'x\nb\n',
      { regexp: '^c|^x', line: 'x', insertafter: 'b' },
      undefined,
    ],
    ['appends at the end without an anchor', 'b\n', { line: 'c' }, 'b\nc\n'],
    ['ends the last line before appending', 'b', { line: 'c' }, 'b\nc\n'],
    [
      'inserts after the last match of the anchor',
      '[s]\nx\n[s]\ny\n',
      { line: 'c', insertafter: '^\\[s\\]' },
      '[s]\nx\n[s]\nc\ny\n',
    ],
    ['inserts before the anchor', 'x\ny\n', { line: 'c', insertbefore: '^y' }, 'x\nc\ny\n'],
    ['inserts at the beginning', 'x\n', { line: 'c', insertbefore: 'BOF' }, 'c\nx\n'],
    ['appends when the anchor is missing', 'x\n', { line: 'c', insertafter: '^no' }, 'x\nc\n'],
    [
      'fills groups into the line',
      'k = 1\n',
      { regexp: '^(k) = (?P<v>\\w*)$', line: '\\1 = [\\g<v>]', backrefs: true },
      'k = [1]\n',
    ],
    [
      'changes nothing without a match when groups are used',
      'x\n',
      { regexp: '^(k)', line: '\\1', backrefs: true },
      undefined,
    ],
    ['removes every match', 'a\nb\na\n', { regexp: '^a$', state: 'absent' }, 'b\n'],
    ['removes equal lines', 'a\nab\na', { line: 'a', state: 'absent' }, 'ab\n'],
    ['searches plain text', 'a.b=1\nacb=2\n', { search_string: 'a.b', line: 'a.b=3' }, 'a.b=3\nacb=2\n'],
    ['keeps CRLF of the line it replaces', 'a=1\r\nb\r\n', { regexp: '^a=', line: 'a=2' }, 'a=2\r\nb\r\n'],
    ['ends a new line as its neighbours end', 'b\r\n', { line: 'c' }, 'b\r\nc\r\n'],
    ['creates the first line of an empty file', '', { line: 'c' }, 'c\n'],
    ['uncomments a line', '#Port 22\nx\n', { regexp: '^#Port', line: 'Port 2222' }, 'Port 2222\nx\n'],
    [
      'is content once its regexp finds nothing and the line is there',
      'Port 2\n',
      { regexp: '^#Port', line: 'Port 2' },
      undefined,
    ],
    ['handles $ at the end of a line', 'a=1\n', { regexp: '^a=\\d$', line: 'a=2' }, 'a=2\n'],
  ] as const)('%s', (_, before, args, expected) => {
    expect(after(holding(before), args)).toBe(expected);
  });

  it('leaves bytes outside the line alone, whatever they are', () => {
    const odd = Buffer.from([0xef, 0xbb, 0xbf, 0x23, 0xe9, 0x00, 0x0d, 0x0a, 0x61, 0x3d, 0x31, 0x0a, 0xff, 0xfe]);
    const result = after(holding(odd), { regexp: '^a=', line: 'a=é' });
    expect(Buffer.from(result ?? '', 'latin1')).toEqual(
      Buffer.concat([odd.subarray(0, 8), Buffer.from('a=é\n'), odd.subarray(12)]),
    );
  });

  it('is content with what it wrote, for every way of writing', () => {
    const tasks = [
      { regexp: '^a=', line: 'a=3' },
      { line: 'new' },
      { line: 'c', insertbefore: 'BOF' },
      { regexp: 'x', state: 'absent' },
      { line: 'é' },
    ];
    for (const text of ['', 'a=1', 'x\na=2\r\n', 'a=1\nx']) {
      for (const args of tasks) {
        const first = after(holding(text), args);
        if (first !== undefined) expect(after(holding(Buffer.from(first, 'latin1')), args)).toBeUndefined();
      }
    }
  });

  it.each([
    ['a line break in the line', { line: 'a\nb' }, 'line break'],
    ['typographic quotes', { line: 'GRUB_CMDLINE_LINUX=“quiet”' }, 'U+201C'],
    ['an expression with a mistake', { regexp: '(', line: 'x' }, '( is no regular expression'],
  ])('refuses %s', (_, args, message) => {
    expect(() => after(holding('x\n'), args)).toThrow(message);
  });

  it.each([
    ['another line to replace', '#a=1\n#a=2\n', { regexp: '^#a=', line: 'a=3' }, 'line 1: #a=1'],
    ['a line that grows', 'k=1\n', { regexp: '^(k=.*)', line: '\\1 x', backrefs: true }, 'line 1: k=1 x'],
  ])('refuses an edit that the next run would make again: %s', (_, before, args, message) => {
    expect(() => after(holding(before), args)).toThrow(message);
  });

  it('refuses a missing file unless it may create it', () => {
    const absent: FileContent = { kind: 'absent', path: '/etc/x', realPath: '/etc/x' };
    expect(() => after(absent, { line: 'x' })).toThrow('create: true');
    expect(after(absent, { line: 'x', create: true })).toBe('x\n');
    expect(after(absent, { line: 'x', state: 'absent' })).toBeUndefined();
  });

  it('sets the mode of a file whose line is right', () => {
    const changes = lineinfile.plan(
      lineinfile.args.parse({ path: '/etc/default/grub', line: 'x', mode: '0600' }),
      holding('x\n'),
    );
    expect(changes).toMatchObject([{ kind: 'set-attributes', after: { mode: 0o600 } }]);
  });

  it.each([
    [{ line: 'x', regexp: 'x', search_string: 'x' }],
    [{}],
    [{ line: 'x', backrefs: true }],
    [{ line: 'x', unknown: 1 }],
  ])('refuses arguments that contradict each other: %j', (args) => {
    expect(lineinfile.args.safeParse({ path: '/x', ...args }).success).toBe(false);
  });
});

it('names the lines that match where there may be one only', () => {
  const args = { regexp: '^a=', line: 'a=3', on_multiple: 'error' };
  expect(() => after(holding('a=1\nb\na=2\n'), args)).toThrow(
    '2 lines match, and on_multiple: error asks for one at most (line 1: a=1; line 3: a=2)',
  );
});
