import { describe, expect, it } from 'vitest';
import { readHere } from '../../../test/support/read-here.ts';
import { serviceUnit, secondsOf } from './service-unit.ts';

const outputs = (stdout: string) => [
  { code: 0, stdout: Buffer.from(stdout), stderr: Buffer.from(''), truncated: false },
];
const parsed = (stdout: string) => serviceUnit('nova-compute').kind.parse(['nova-compute'], outputs(stdout))[0];

// systemctl show of systemd 252 (Debian 12), then what its process was started with.
const SHOWN = `@@ nova-compute
Now=1704164700
ExecStart={ path=/etc/init.d/nova-compute ; argv[]=/etc/init.d/nova-compute systemd-start ; ignore_errors=no ; start_time=[n/a] ; stop_time=[n/a] ; pid=0 ; code=(null) ; status=0/0 }
LoadState=loaded
ActiveState=active
UnitFileState=enabled
ActiveEnterTimestamp=Tue 2024-01-02 03:04:09.500000 UTC
ExecMainStartTimestamp=Tue 2024-01-02 03:04:05.123456 UTC
MainPID=812
Word=/usr/bin/python3
Word=/usr/bin/nova-compute
Word=--config-file=/etc/nova/nova.conf
`;

describe('serviceUnit', () => {
  it('reads state, start and command line', () => {
    expect(parsed(SHOWN)).toEqual({
      ok: true,
      value: {
        name: 'nova-compute',
        isLoaded: true,
        activeState: 'active',
        startedAt: 1704164645.123456,
        commandLine: ['/usr/bin/python3', '/usr/bin/nova-compute', '--config-file=/etc/nova/nova.conf'],
        execStart: ['/etc/init.d/nova-compute', 'systemd-start'],
        unitFile: 'enabled',
        now: 1704164700,
      },
    });
  });
  it('reads where a web server was told to find the files', () => {
    const environment = { OS_NOVA_CONFIG_DIR: '/srv/nova', OS_NOVA_CONFIG_FILES: 'a=b;nova.conf' };
    const more = 'Env=OS_NOVA_CONFIG_DIR=/srv/nova\nEnv=OS_NOVA_CONFIG_FILES=a=b;nova.conf\n';
    expect(parsed(SHOWN + more)).toMatchObject({ value: { environment } });
  });
  it('falls back to the activation of the unit', () => {
    const without = SHOWN.replace(/ExecMainStart.*\n/, 'ExecMainStartTimestamp=\n');
    expect(parsed(without)).toMatchObject({ value: { startedAt: 1704164649.5 } });
  });
  it('is not loaded where there is no such unit, or no systemd', () => {
    expect(readHere(serviceUnit('no-such-unit-here'))).toMatchObject({ isLoaded: false, startedAt: null });
  });
});

describe('secondsOf', () => {
  it.each([
    ['Tue 2024-01-02 03:04:05 UTC', 1704164645],
    ['2024-01-02 03:04:05.5 UTC', 1704164645.5],
    ['@1704164645.123456', 1704164645.123456],
    ['Tue 2024-01-02 03:04:05 CET', null],
    ['n/a', null],
    ['', null],
    [undefined, null],
  ])('%s', (text, seconds) => {
    expect(secondsOf(text)).toBe(seconds);
  });
});
