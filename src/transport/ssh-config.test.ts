import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, describe, expect, it } from 'vitest';

import { Unreachable } from '../contract/connection.ts';
import { parseSshArgs } from './ssh-args.ts';
import { readSshConfig } from './ssh-config.ts';

const directory = mkdtempSync(join(tmpdir(), 'config-'));
afterAll(() => rmSync(directory, { recursive: true }));

function write(name: string, text: string): string {
  const path = join(directory, name);
  writeFileSync(path, text);
  return path;
}

const included = write('included.conf', 'Host gpu*\n  ServerAliveInterval 7\n');
const config = write(
  'config',
  `# first match wins
User = early
Host gpu0? !gpu09
  HostName 10.0.0.1
  Port=2222
  IdentityFile "/keys/with space"
  IdentityFile /keys/second
  ProxyCommand nc -X "5 a" %h %p
Include ${included}
Host gpu09
  Port 9
Match originalhost "gpu0*,x"
  HostKeyAlias alias
Match final all
  ConnectTimeout 3
Host *
  Port 1
  User late
`,
);

describe('ssh_config', () => {
  const KEYWORDS = [
    'user',
    'hostname',
    'port',
    'identityfile',
    'proxycommand',
    'serveraliveinterval',
    'hostkeyalias',
    'connecttimeout',
  ];

  it.each(['gpu01', 'gpu09', 'other'])('is read for %s as ssh itself reads it', async (host) => {
    const ours = await readSshConfig({ host }, config);
    const lines = execFileSync('ssh', ['-G', '-F', config, host]).toString().split('\n');
    for (const keyword of KEYWORDS.filter((name) => ours.has(name))) {
      const theirs = lines
        .filter((line) => line.startsWith(`${keyword} `))
        .map((line) => line.slice(keyword.length + 1));
      expect([keyword, ours.get(keyword)?.join('\n')]).toEqual([keyword, theirs.join('\n')]);
    }
    expect(ours.has('port')).toBe(true);
  });

  it('asks ssh where a Match condition needs it', async () => {
    const file = write('exec', 'Match host gpu01 exec "true"\n  Port 77\nHost *\n  Port 78\n');
    expect((await readSshConfig({ host: 'gpu01' }, file)).get('port')).toEqual(['77']);
    expect((await readSshConfig({ host: 'gpu02' }, file)).get('port')).toEqual(['78']);
  });
});

it('a configuration that is named must be there, the usual ones need not', async () => {
  await expect(readSshConfig({ host: 'h' }, join(directory, 'none'))).rejects.toThrow('ENOENT');
  expect(await readSshConfig({ host: 'h' }, 'none')).toEqual(new Map());
});

describe('ssh arguments', () => {
  it.each([
    [
      '-o ProxyJump=bastion -o StrictHostKeyChecking=accept-new',
      { proxyjump: ['bastion'], stricthostkeychecking: ['accept-new'] },
    ],
    [
      '-J a,b -p 22 -i "/my key" -i k2 -l me -6 -q',
      { proxyjump: ['a,b'], port: ['22'], identityfile: ['/my key', 'k2'], user: ['me'], addressfamily: ['inet6'] },
    ],
    [`-oPort=5 -o 'ProxyCommand ssh -W %h:%p "j 1"' -C`, { port: ['5'], proxycommand: ['ssh -W %h:%p "j 1"'] }],
    ['-o ControlMaster=auto -o ControlPersist=60s', {}],
  ])('understands %s', (args, expected) => {
    expect(Object.fromEntries(parseSshArgs('gpu01', [args]).settings)).toEqual(expected);
  });

  it.each(['-D 8080', '-o Tunnel=yes', '-o', 'extra'])('refuses %s, whose meaning would be lost', (args) => {
    expect(() => parseSshArgs('gpu01', [args])).toThrow(Unreachable);
  });

  it('takes another configuration file', () => {
    expect(parseSshArgs('gpu01', ['-F', '/etc/other']).configFile).toBe('/etc/other');
  });
});
