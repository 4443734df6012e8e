import { describe, expect, it } from 'vitest';
import type { Change } from '../contract/change.ts';
import { parseUnits, type UnitState } from '../probes/service.ts';
import service from './systemd_service.ts';

const unit: UnitState = {
  unit: 'nova-compute.service',
  load: 'loaded',
  active: 'active',
  sub: 'running',
  unitFile: 'enabled',
  needsDaemonReload: false,
  mainPid: 7,
  result: 'success',
  type: 'simple',
};

function orders(
  args: Readonly<Record<string, unknown>>,
  state: Partial<UnitState> = {},
  isDone = false,
): readonly string[] {
  const changes: readonly Change[] = service.plan(service.args.parse({ name: 'nova-compute', ...args }), {
    unit: { ...unit, ...state },
    isDone,
  });
  return changes.map((change) => (change.kind === 'run-command' ? change.argv.slice(1).join(' ') : change.kind));
}

describe('systemd_service', () => {
  it.each([
    ['leaves a running unit alone', { state: 'started', enabled: true }, {}, []],
    [
      'starts and enables',
      { state: 'started', enabled: true },
      { active: 'inactive', unitFile: 'disabled' },
      ['enable nova-compute.service', 'start nova-compute.service'],
    ],
    ['starts a failed unit', { state: 'started' }, { active: 'failed' }, ['start nova-compute.service']],
    ['stops', { state: 'stopped' }, {}, ['stop nova-compute.service']],
    ['counts failed as stopped', { state: 'stopped' }, { active: 'failed' }, []],
    ['disables', { enabled: false }, {}, ['disable nova-compute.service']],
    ['does not enable what is static', { enabled: true }, { unitFile: 'static' }, []],
    ['restarts once', { state: 'restarted' }, {}, ['restart nova-compute.service']],
    ['reloads what runs', { state: 'reloaded' }, {}, ['reload nova-compute.service']],
    [
      'starts what should be reloaded and does not run',
      { state: 'reloaded' },
      { active: 'inactive' },
      ['restart nova-compute.service'],
    ],
    [
      'unmasks before it starts',
      { masked: false, state: 'started' },
      { load: 'masked', unitFile: 'masked', active: 'inactive' },
      ['unmask nova-compute.service', 'start nova-compute.service'],
    ],
    ['masks', { masked: true }, {}, ['mask nova-compute.service']],
    [
      'reloads systemd when a unit file is newer',
      { daemon_reload: true, state: 'started' },
      { needsDaemonReload: true },
      ['daemon-reload'],
    ],
    ['does not reload systemd for nothing', { daemon_reload: true, state: 'started' }, {}, []],
    [
      'has nothing to stop where there is no unit',
      { state: 'stopped', enabled: false },
      { load: 'not-found', active: 'inactive', unitFile: '' },
      [],
    ],
    ['does not wait when told so', { state: 'stopped', no_block: true }, {}, ['--no-block stop nova-compute.service']],
  ])('%s', (_, args, state, expected) => {
    expect(orders(args, state)).toEqual(expected);
  });

  it('has restarted when it looks again, unless the unit failed', () => {
    expect(orders({ state: 'restarted' }, {}, true)).toEqual([]);
    expect(() => orders({ state: 'restarted' }, { active: 'failed', result: 'exit-code' }, true)).toThrow(
      'has failed (exit-code)',
    );
    expect(() => orders({ state: 'started' }, { active: 'failed', result: 'exit-code' }, true)).toThrow(
      'journalctl -u nova-compute.service',
    );
    expect(orders({ state: 'started' }, { active: 'inactive', type: 'oneshot' }, true)).toEqual([]);
  });

  it('names a unit that does not exist, and one that is masked', () => {
    expect(() => orders({ state: 'started' }, { load: 'not-found', active: 'inactive' })).toThrow(
      'nova-compute.service does not exist',
    );
    expect(() => orders({ state: 'started' }, { load: 'masked', active: 'inactive' })).toThrow('is masked');
  });

  it('understands systemctl show of systemd 252', () => {
    const stdout = Buffer.from(
      'Type=notify\nMainPID=612\nResult=success\nId=ssh.service\nLoadState=loaded\nActiveState=active\nSubState=running\nUnitFileState=enabled\nNeedDaemonReload=no\n\nId=none.service\nLoadState=not-found\nActiveState=inactive\nSubState=dead\nNeedDaemonReload=no\nMainPID=0\nResult=success\n',
    );
    const readings = parseUnits(['ssh.service', 'none.service'], {
      code: 0,
      stdout,
      stderr: Buffer.of(),
      truncated: false,
    });
    expect(readings).toMatchObject([
      { ok: true, value: { unit: 'ssh.service', active: 'active', unitFile: 'enabled', mainPid: 612, type: 'notify' } },
      { ok: true, value: { unit: 'none.service', load: 'not-found', unitFile: '' } },
    ]);
  });
});
