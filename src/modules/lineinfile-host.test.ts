import { lstatSync, readFileSync, readdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { throughShells } from '../../test/support/through-shells.ts';
import blockinfile from './blockinfile.ts';
import copy from './copy.ts';
import lineinfile from './lineinfile.ts';

throughShells('lineinfile', (box) => {
  it('lineinfile edits through a link and converges', async () => {
    writeFileSync(box.at('real'), 'a=1\n');
    symlinkSync('real', box.at('link'));
    const run = await box.host.run(lineinfile, { path: box.at('link'), regexp: '^a=', line: 'a=2', mode: '0600' });
    expect(run.remaining).toEqual([]);
    expect([
      readFileSync(box.at('real'), 'utf8'),
      lstatSync(box.at('link')).isSymbolicLink(),
      statSync(box.at('real')).mode & 0o777,
    ]).toEqual(['a=2\n', true, 0o600]);
    expect((await box.host.run(lineinfile, { path: box.at('link'), regexp: '^a=', line: 'a=2' })).changes).toEqual([]);
  });

  it('lineinfile and blockinfile create a file with its directories, as check mode said', async () => {
    const line = { path: box.at('a/b/one'), line: 'x', create: true };
    expect((await box.host.check(lineinfile, line)).changes.map(({ kind }) => kind)).toEqual([
      'make-directory',
      'make-directory',
      'write-file',
    ]);
    expect((await box.host.run(lineinfile, line)).remaining).toEqual([]);
    const block = { path: box.at('c/two'), block: 'x', create: true };
    expect((await box.host.run(blockinfile, block)).remaining).toEqual([]);
    expect([readFileSync(box.at('a/b/one'), 'utf8'), statSync(box.at('c')).mode & 0o777]).toEqual(['x\n', 0o755]);
  });

  it('check mode shows later edits on top of earlier ones and writes nothing', async () => {
    const first = await box.host.check(copy, { dest: box.at('new'), content: 'a=1\n' });
    const second = await box.host.check(lineinfile, { path: box.at('new'), regexp: '^a=', line: 'a=2' });
    const third = await box.host.check(blockinfile, { path: box.at('new'), block: 'x' });
    expect(first.diffs).toEqual([{ kind: 'text', path: box.at('new'), before: null, after: 'a=1\n' }]);
    expect(second.diffs).toMatchObject([{ before: 'a=1\n', after: 'a=2\n' }]);
    expect(third.diffs).toMatchObject([{ before: 'a=2\n' }]);
    expect(readdirSync(box.root)).toEqual([]);
  });
});
