import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { diffLines } from './diff.ts';

const text = (before: string | null, after: string | null) =>
  diffLines({ kind: 'text', path: '/etc/x', before, after });

test('a new file counts from nothing, as patch wants it, without an Index line', () => {
  expect(text(null, 'a\nb\n')).toEqual(['--- /dev/null', '+++ /etc/x', '@@ -0,0 +1,2 @@', '+a', '+b']);
});

test('a missing end of line is said', () => {
  expect(text('a', 'a\n')).toContain('\\ No newline at end of file');
});

test('what is shown is a patch that patch(1) can apply', () => {
  const directory = mkdtempSync(join(tmpdir(), 'tsplay-diff-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const before = Array.from({ length: 40 }, (_, line) => `line ${line}`).join('\n');
  const after = before.replace('line 3\n', '').replace('line 30', 'line thirty\nand more');
  writeFileSync(join(directory, 'x'), before);
  const patch = `${text(before, after).join('\n').replaceAll('/etc/x', 'x')}\n`;
  execFileSync('patch', ['-p0', '-s', 'x'], { cwd: directory, input: patch });
  expect(readFileSync(join(directory, 'x'), 'utf8')).toBe(after);
});

test('only attributes that differ are named', () => {
  expect(
    diffLines({
      kind: 'attributes',
      path: '/x',
      before: { mode: '0600', owner: 'root' },
      after: { mode: '0644', owner: 'root' },
    }),
  ).toEqual(['~ /x mode: 0600 -> 0644']);
});

test('texts that are too large or too long are cut short', () => {
  expect(text('x'.repeat(60_000), 'y'.repeat(60_000))).toEqual(['~ /etc/x: too large to show']);
  expect(text(null, 'a\n'.repeat(1000)).at(-1)).toBe('… 603 more lines');
});
