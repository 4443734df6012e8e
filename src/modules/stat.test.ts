import { chmodSync, lstatSync, mkdirSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { throughShells } from '../../test/support/through-shells.ts';
import stat from './stat.ts';

throughShells('stat', (box) => {
  it('tells files, links and absence apart', async () => {
    writeFileSync(box.at('f'), 'abc', { mode: 0o640 });
    symlinkSync('f', box.at('l'));
    expect((await box.host.run(stat, { path: box.at('f') })).values).toMatchObject({
      stat: {
        exists: true,
        isreg: true,
        mode: '0640',
        size: 3,
        checksum: 'a9993e364706816aba3e25717850c26c9cd0d89d',
        rusr: true,
        woth: false,
      },
    });
    expect((await box.host.run(stat, { path: box.at('l') })).values).toMatchObject({
      stat: { islnk: true, lnk_target: 'f', lnk_source: box.at('f') },
    });
    expect((await box.host.run(stat, { path: box.at('none') })).values).toEqual({ stat: { exists: false } });
  });

  it('gives times with their fractions, and the size of directories and links, as Python does', async () => {
    writeFileSync(box.at('f'), 'abc');
    utimesSync(box.at('f'), 1, 1_700_000_000.25);
    mkdirSync(box.at('d'), { mode: 0o755 });
    chmodSync(box.at('d'), 0o6755);
    symlinkSync('f', box.at('l'));
    for (const [name, size] of [
      ['f', 3],
      ['l', 1],
      ['d', lstatSync(box.at('d')).size],
    ] as const) {
      const { mtimeMs, ctimeMs, ino, dev } = lstatSync(box.at(name));
      const { values } = await box.host.run(stat, { path: box.at(name) });
      const found = values.stat as Record<string, unknown>;
      expect(found).toMatchObject({ size, inode: ino, dev, isuid: name === 'd', isgid: name === 'd' });
      expect(found.mtime).toBeCloseTo(mtimeMs / 1000, 3);
      expect(found.ctime).toBeCloseTo(ctimeMs / 1000, 3);
    }
    expect((await box.host.run(stat, { path: box.at('f') })).values).toMatchObject({
      stat: { mtime: 1_700_000_000.25 },
    });
  });

  it('takes get_mime and get_attributes where they ask for nothing', () => {
    expect(stat.args.safeParse({ path: '/x', get_mime: false, get_attributes: false }).success).toBe(true);
    expect(stat.args.safeParse({ path: '/x', get_mime: true }).error?.issues[0]?.message).toMatch(/not looked up here/);
  });
});
