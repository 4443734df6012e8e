import { describe, expect, it } from 'vitest';
import type { Change } from '../contract/change.ts';
import { parsePolicy } from '../probes/package-upgrades.ts';
import apt, { type AptCurrent } from './apt.ts';

function commands(changes: readonly Change[]): readonly string[] {
  return changes.map((change) =>
    change.kind === 'run-command' ? change.argv.filter((word) => !/^-[yqo]$|::/.test(word)).join(' ') : change.kind,
  );
}

const none: AptCurrent = { packages: [], candidates: new Map(), isCacheStale: false };

describe('apt', () => {
  it.each([
    ['installs what is missing, and only that', { name: ['a', 'b'] }, { a: '1', b: null }, ['apt-get install -- b']],
    ['is content with what is installed', { name: ['a'] }, { a: '1' }, []],
    ['installs a version', { name: ['a=2.*'] }, { a: '1.9' }, ['apt-get install -- a=2.*']],
    ['is content with a version that fits', { name: ['a=2.*'] }, { a: '2.4' }, []],
    ['takes no dot for any character', { name: ['a=2.4'] }, { a: '2x4' }, ['apt-get install -- a=2.4']],
    [
      'leaves recommended packages out',
      { name: ['a'], install_recommends: false },
      { a: null },
      ['apt-get install --no-install-recommends -- a'],
    ],
    [
      'removes what is there',
      { name: ['a', 'b'], state: 'absent', purge: true },
      { a: '1', b: null },
      ['apt-get purge -- a'],
    ],
    [
      'upgrades only what is there',
      { name: ['a=2', 'b'], only_upgrade: true },
      { a: '1', b: null },
      ['apt-get install -- a=2'],
    ],
    [
      'hands over what was allowed',
      { name: ['a'], allow_unauthenticated: true, allow_change_held_packages: true },
      { a: null },
      ['apt-get install --allow-unauthenticated --allow-change-held-packages -- a'],
    ],
    ['splits names at commas', { name: ['a, b'] }, { a: null, b: null }, ['apt-get install -- a b']],
  ])('%s', (_, args, installed, expected) => {
    const packages = Object.entries(installed).map(([name, version]) => ({ name, installed: version }));
    expect(commands(apt.plan(apt.args.parse(args), { ...none, packages }))).toEqual(expected);
  });

  it('upgrades to the candidate, and not without one', () => {
    const wanted = apt.args.parse({ name: ['a'], state: 'latest' });
    const packages = [{ name: 'a', installed: '1' }];
    const plan = (candidate: string | null) =>
      commands(apt.plan(wanted, { ...none, packages, candidates: new Map([['a', candidate]]) }));
    expect([plan('2'), plan('1'), plan(null)]).toEqual([['apt-get install -- a'], [], []]);
  });

  it('refreshes stale lists before it installs, asks nothing, and waits for the lock', () => {
    const changes = apt.plan(apt.args.parse({ name: ['a'], update_cache: true, lock_timeout: 7 }), {
      packages: [{ name: 'a', installed: null }],
      candidates: new Map(),
      isCacheStale: true,
    });
    expect(changes).toMatchObject([
      { argv: ['/bin/sh', '-c', expect.stringContaining('update')] },
      { argv: expect.arrayContaining(['DPkg::Lock::Timeout=7', '-y']), env: { DEBIAN_FRONTEND: 'noninteractive' } },
    ]);
  });

  it('gives dpkg the options that were asked for, and keeps edited files otherwise', () => {
    const dpkgOptions = (args: object) =>
      apt
        .plan(apt.args.parse({ name: ['a'], ...args }), { ...none, packages: [{ name: 'a', installed: null }] })
        .flatMap((change) => (change.kind === 'run-command' ? change.argv : []))
        .filter((word) => word.startsWith('Dpkg::Options'));
    expect(dpkgOptions({})).toEqual(['Dpkg::Options::=--force-confdef', 'Dpkg::Options::=--force-confold']);
    expect(dpkgOptions({ dpkg_options: 'force-confnew' })).toEqual(['Dpkg::Options::=--force-confnew']);
  });

  it('refuses arguments without any package', () => {
    expect(apt.args.safeParse({}).success).toBe(false);
    expect(apt.args.safeParse({ update_cache: true }).success).toBe(true);
  });
});

describe('reading what apt offers', () => {
  it('understands apt-cache policy of apt 2.6', () => {
    const stdout = Buffer.from(
      'bash:\n  Installed: 5.2.15-2+b2\n  Candidate: 5.2.15-2+b7\n  Version table:\n     5.2.15-2+b7 500\n        500 http://deb.example.org bookworm/main amd64 Packages\nnova-compute:\n  Installed: (none)\n  Candidate: 2:26.2.2-1\n  Version table:\n',
    );
    expect(
      parsePolicy(['bash', 'nova-compute', 'unknown'], { code: 0, stdout, stderr: Buffer.of(), truncated: false }),
    ).toEqual([
      { ok: true, value: { installed: '5.2.15-2+b2', candidate: '5.2.15-2+b7' } },
      { ok: true, value: { installed: null, candidate: '2:26.2.2-1' } },
      { ok: true, value: { installed: null, candidate: null } },
    ]);
  });
});
