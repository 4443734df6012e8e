import { describe, expect, it } from 'vitest';
import { hostUnderTest } from '../../test/support/run-module.ts';
import type { Change } from '../contract/change.ts';
import { packageManager, packageState } from '../probes/package.ts';
import packageModule from './package.ts';

function commands(changes: readonly Change[]): readonly string[] {
  return changes.map((change) =>
    change.kind === 'run-command' ? change.argv.filter((word) => !/^-[yqo]$|::/.test(word)).join(' ') : change.kind,
  );
}

describe('package', () => {
  it.each([
    ['apt-get', ['apt-get install -- a=2']],
    ['dnf', ['dnf install -- a-2']],
  ] as const)('speaks the words of %s', (manager, expected) => {
    const current = { manager, packages: [{ name: 'a', installed: '1' }], upgradable: new Set<string>() };
    expect(commands(packageModule.plan(packageModule.args.parse({ name: ['a=2'] }), current))).toEqual(expected);
  });
});

describe('reading packages', () => {
  it('finds installed packages of this machine, and no others', async () => {
    const host = await hostUnderTest();
    try {
      const manager = await host.read(packageManager());
      if (manager !== 'apt-get') return;
      const [dpkg, absent] = await Promise.all([
        host.read(packageState('dpkg')),
        host.read(packageState('no-such-package')),
      ]);
      expect(dpkg).toEqual({ name: 'dpkg', installed: expect.stringMatching(/^\d/) });
      expect(absent).toEqual({ name: 'no-such-package', installed: null });
      expect(() => packageState('a; reboot')).toThrow('no package name');
    } finally {
      await host.close();
    }
  });
});
