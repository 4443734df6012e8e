import { chmodSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { throughShells } from '../../test/support/through-shells.ts';
import copy from './copy.ts';

throughShells('copy', (box) => {
  it('copy puts a file into a directory, and a tree with its directories', async () => {
    expect((await box.host.run(copy, { src: 'conf/x.conf', dest: `${box.root}/` })).remaining).toEqual([]);
    expect(readFileSync(box.at('x.conf'), 'utf8')).toBe('content of conf/x.conf');
    expect((await box.host.run(copy, { src: 'tree', dest: box.at('new'), directory_mode: '0700' })).remaining).toEqual(
      [],
    );
    expect(readFileSync(box.at('new/tree/sub/b'), 'utf8')).toBe('content of tree/sub/b');
    expect(statSync(box.at('new/tree/sub')).mode & 0o777).toBe(0o700);
    expect((await box.host.run(copy, { src: 'tree', dest: box.at('new') })).changes).toEqual([]);
  });

  it('copy does not replace when force is false, and copies on the host', async () => {
    writeFileSync(box.at('mine'), 'mine');
    const kept = { dest: box.at('mine'), content: 'x', force: false, mode: '0600' };
    expect((await box.host.run(copy, kept)).changes).toEqual([]);
    expect(
      (await box.host.run(copy, { src: box.at('mine'), dest: box.at('copy'), remote_src: true })).remaining,
    ).toEqual([]);
    expect(readFileSync(box.at('copy'), 'utf8')).toBe('mine');
  });

  it('copy keeps the mode of the source when asked to', async () => {
    await box.host.run(copy, { src: 'run', dest: box.at('run'), mode: 'preserve' });
    await box.host.run(copy, { src: box.at('run'), dest: box.at('again'), mode: 'preserve', remote_src: true });
    expect(['run', 'again'].map((name) => statSync(box.at(name)).mode & 0o777)).toEqual([0o750, 0o750]);
  });

  it('copy writes lists and mappings as Python writes JSON, and other values as Python writes text', async () => {
    await box.host.run(copy, { dest: box.at('flag'), content: true });
    expect(readFileSync(box.at('flag'), 'utf8')).toBe('True');
    await box.host.run(copy, { dest: box.at('json'), content: { a: 1, b: [true, null, 'é'] } });
    expect(readFileSync(box.at('json'), 'utf8')).toBe(String.raw`{"a": 1, "b": [true, null, "\u00e9"]}`);
  });

  it('copy compares and replaces files too large to be read', async () => {
    writeFileSync(box.at('large'), Buffer.alloc(5_000_000, 'x'));
    chmodSync(box.at('large'), 0o640);
    expect((await box.host.run(copy, { dest: box.at('large'), content: 'x'.repeat(5_000_000) })).changes).toEqual([]);
    expect((await box.host.run(copy, { dest: box.at('large'), content: 'y'.repeat(5_000_000) })).remaining).toEqual([]);
    expect([readFileSync(box.at('large'), 'utf8').slice(0, 2), statSync(box.at('large')).mode & 0o777]).toEqual([
      'yy',
      0o640,
    ]);
  });
});
