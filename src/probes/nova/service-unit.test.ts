import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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
  it('reads which options the environment sets, and of those only the names', async () => {
    const environment = {
      OS_NOVA_CONFIG_DIR: '/srv/nova',
      OS_PCI__ALIAS: '',
      OS_DATABASE__CONNECTION: '',
    };
    const process = spawn('sleep', ['60'], {
      env: {
        OS_NOVA_CONFIG_DIR: '/srv/nova',
        OS_PCI__ALIAS: 'x',
        OS_DATABASE__CONNECTION: 'mysql://a:hunter22@b',
        OS_REGION: 'y',
      },
    });
    const bin = mkdtempSync(join(tmpdir(), 'systemctl-'));
    writeFileSync(join(bin, 'systemctl'), `#!/bin/sh\necho LoadState=loaded\necho MainPID=${process.pid}\n`, {
      mode: 0o755,
    });
    const [command] = serviceUnit('nova-api').kind.commands(['nova-api']);
    if (command?.kind !== 'script') throw new Error('unreachable');
    const stdout = execFileSync('sh', ['-c', command.script, 'sh', ...command.args], {
      env: { PATH: `${bin}:/usr/bin:/bin` },
      encoding: 'utf8',
    });
    process.kill();
    rmSync(bin, { recursive: true });
    expect(stdout).not.toContain('hunter22');
    expect(parsed(stdout.replace('@@ nova-api', '@@ nova-compute'))).toMatchObject({ value: { environment } });
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
