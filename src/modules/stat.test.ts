import { symlinkSync, writeFileSync } from 'node:fs';
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
});
