import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { expect, it, onTestFinished, test } from 'vitest';
import { hostUnderTest } from '../../test/support/run-module.ts';
import { throughShells } from '../../test/support/through-shells.ts';
import { pathAccess } from './path-access.ts';

const isRoot = process.getuid?.() === 0;
const free = { isWritable: true, isReadOnly: false, isMountPoint: false };

throughShells('path access', (box) => {
  it('tells directories, other things and nothing apart, whatever their names', async () => {
    mkdirSync(box.at('d\n:é'));
    writeFileSync(box.at('f'), '');
    symlinkSync('d\n:é', box.at('to a directory'));
    const { read } = box.host;
    expect(
      await Promise.all(
        ['d\n:é', 'f', 'to a directory', 'f/below', 'none/x'].map((name) => read(pathAccess(box.at(name)))),
      ),
    ).toEqual([
      { ...free, kind: 'directory' },
      { ...free, kind: 'other' },
      { ...free, kind: 'directory' },
      { ...free, kind: 'absent', isWritable: false },
      { ...free, kind: 'absent', isWritable: false },
    ]);
  });

  it.runIf(isRoot)('sees that a mount is read-only, and that a link to it is none', async () => {
    const mounted = box.at('with blank');
    mkdirSync(mounted);
    symlinkSync('with blank', box.at('link'));
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'ro', 'tmpfs', mounted]);
    const found = { kind: 'directory', isReadOnly: true };
    const [own, linked] = await Promise.all(
      [pathAccess(mounted), pathAccess(box.at('link'))].map((one) => box.host.read(one)),
    );
    execFileSync('umount', [mounted]);
    expect(own).toMatchObject({ ...found, isMountPoint: true });
    expect(linked).toMatchObject({ ...found, isMountPoint: false });
  });
});

test.runIf(isRoot)('a directory of another user may not be written to', async () => {
  const directory = '/tmp/path-access-of-root';
  mkdirSync(directory);
  onTestFinished(() => void execFileSync('rm', ['-r', directory]));
  chmodSync(directory, 0o755);
  const shell = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', 'sh'] as const;
  const host = await hostUnderTest({ shell });
  onTestFinished(() => host.close());
  expect(await host.read(pathAccess(directory))).toMatchObject({
    kind: 'directory',
    isWritable: false,
    isReadOnly: false,
  });
});
