import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runCommand, runCommandKind } from '../changes/run-command.ts';
import type { HostSession } from '../contract/host-session.ts';
import { TaskError } from '../contract/task-error.ts';
import { type HostUnderTest, hostUnderTest } from '../../test/support/run-module.ts';
import novaConf from './nova-conf.ts';

// A systemctl with the real one's output, over files: `state`, `started` (epoch seconds) and `restarts` of one unit.
const SYSTEMCTL = `#!/bin/sh
d=DIR
case $1 in
show)
  for unit do :; done
  [ "$unit" = nova-compute ] || { echo LoadState=not-found; echo ActiveState=inactive; exit 0; }
  echo LoadState=loaded
  echo "ActiveState=$(cat $d/state)"
  echo MainPID=0
  echo "ExecMainStartTimestamp=$(date -u -d "@$(cat $d/started)" '+%a %Y-%m-%d %H:%M:%S UTC')"
  echo "ExecStart={ path=/usr/bin/nova-compute ; argv[]=/usr/bin/nova-compute --config-file=$d/nova.conf ; ignore_errors=no ; pid=0 }";;
restart)
  echo x >>$d/restarts
  date +%s >$d/started
  if [ -e $d/breaks-with ] && grep -q -f $d/breaks-with $d/nova.conf; then
    echo failed >$d/state
    echo 'CRITICAL nova: Unhandled error' >>/var/log/nova/nova-compute.log
  else echo active >$d/state; fi;;
is-active) cat $d/state;;
esac
exit 0
`;
const JOURNALCTL = '#!/bin/sh\ncat DIR/said\n';

const GPU = { vendor_id: '10de', product_id: '11b4', address: '0000:88:00.0' };
const LINE = 'device_spec = {"vendor_id": "10de", "product_id": "11b4", "address": "0000:88:00.0"}';
const PASSWORD = 'mysql+pymysql://nova:correct-horse@db/nova';

let folder: string;
let conf: string;
let host: HostUnderTest;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'nova-conf-'));
  conf = join(folder, 'nova.conf');
  mkdirSync(join(folder, 'bin'));
  for (const [name, text] of [
    ['systemctl', SYSTEMCTL.replace('DIR', folder)],
    ['journalctl', JOURNALCTL.replace('DIR', folder)],
  ] as const) {
    writeFileSync(join(folder, 'bin', name), text);
    chmodSync(join(folder, 'bin', name), 0o755);
  }
  put('nova.conf', `[DEFAULT]\ndebug = false\n[database]\nconnection = ${PASSWORD}\n`, 1000);
  put('state', 'active\n');
  put('said', 'PciConfigInvalidSpec: Invalid [pci]device_spec\n');
  put('started', `${Math.floor(Date.now() / 1000) - 100}\n`);
  // /usr/local/sbin comes first in the PATH of every command; the mount is seen by this shell only.
  const log = 'mount -t tmpfs tmpfs /var/log && mkdir /var/log/nova && echo old >/var/log/nova/nova-compute.log';
  const overlay = `mount -t tmpfs tmpfs /usr/local/sbin && cp ${folder}/bin/* /usr/local/sbin/ && ${log} && exec sh`;
  host = await hostUnderTest({ shell: ['unshare', '--map-root-user', '--mount', 'sh', '-c', overlay] });
});

afterEach(async () => {
  await host.close();
  rmSync(folder, { recursive: true });
});

function put(name: string, text: string, secondsAgo = 0): void {
  writeFileSync(join(folder, name), text);
  const time = Date.now() / 1000 - secondsAgo;
  utimesSync(join(folder, name), time, time);
}

const text = () => readFileSync(conf, 'utf8');
const state = () => readFileSync(join(folder, 'state'), 'utf8').trim();
const restarts = () => {
  try {
    return readFileSync(join(folder, 'restarts'), 'utf8').trim().split('\n').length;
  } catch {
    return 0;
  }
};
const args = (more: object = {}) => ({
  path: conf,
  release: '2025.1',
  settle: 0,
  cross_check: false,
  restart: ['nova-compute'],
  pci: { device_spec: { exactly: [GPU] } },
  ...more,
});

describe('nova-conf on a host', () => {
  it('writes, restarts once, and has nothing left to do', async () => {
    const first = await host.run(novaConf, args());
    expect(first.changes.map((change) => change.kind)).toEqual(['write-file', 'run-command']);
    expect(first.remaining).toEqual([]);
    expect(text()).toContain(`\n[pci]\n${LINE}\n`);
    const second = await host.run(novaConf, args());
    expect(second.changes).toEqual([]);
    expect(restarts()).toBe(1);
  });

  it('finishes a run that died between the write and the restart', async () => {
    put('nova.conf', `[pci]\n${LINE}\n`, 50);
    const { changes, remaining } = await host.run(novaConf, args());
    expect(changes.map((change) => change.kind)).toEqual(['run-command']);
    expect(remaining).toEqual([]);
  });

  it('counts an equal second as older', async () => {
    put('nova.conf', `[pci]\n${LINE}\n`, 50);
    put('started', `${Math.floor(statSync(conf).mtimeMs / 1000)}\n`);
    expect((await host.run(novaConf, args())).changes).toHaveLength(1);
    put('started', `${Math.floor(statSync(conf).mtimeMs / 1000) + 1}\n`);
    expect((await host.run(novaConf, args())).changes).toHaveLength(0);
  });

  it('does not restart for ever when a file comes from the future', async () => {
    put('nova.conf', `[pci]\n${LINE}\n`, -3600);
    expect((await host.run(novaConf, args())).changes).toEqual([]);
  });

  it('leaves a stopped unit stopped', async () => {
    put('state', 'inactive\n');
    expect((await host.run(novaConf, args())).changes.map((change) => change.kind)).toEqual(['write-file']);
  });

  it('restarts a failed unit, whose files may have been mended since', async () => {
    put('nova.conf', `[pci]\n${LINE}\n`, 1000);
    put('state', 'failed\n');
    expect((await host.run(novaConf, args())).changes.map((change) => change.kind)).toEqual(['run-command']);
  });

  it('fails with the journal, and what its own log got since, when the unit does not stay up', async () => {
    put('breaks-with', '.\n');
    await expect(host.run(novaConf, args())).rejects.toThrow(
      /PciConfigInvalidSpec[^]*\nCRITICAL nova: Unhandled error\nnova-compute is failed 0 s after its restart/,
    );
  });

  it('tells no password that the logs quote: of its files, in any form, nor of a URL from elsewhere', async () => {
    put(
      'nova.conf',
      '[DEFAULT]\ntransport_url = rabbit://nova:mq-%C3%A4pfel@a,nova:mq-second@b/\n[database]\n' +
        `connection = "${PASSWORD}"\n[keystone_authtoken]\npassword: short\nmemcache_secret_key = cache$$key99\n`,
    );
    const lines = [
      `Could not parse rfc1738 URL from string '${PASSWORD}'`,
      "Access denied for nova using 'correct-horse'; login mq-äpfel, mq-second; cache$key99; {'password': 'short'}",
      'from the environment: postgres://nova:else/wh@ere@db',
    ];
    put('said', lines.join('\n'));
    put('breaks-with', '.\n');
    const restart = (await host.check(novaConf, args())).changes.find((change) => change.kind === 'run-command');
    if (!restart) throw new Error('no restart was planned');
    const live: string[] = [];
    const onOutput = (chunk: Uint8Array) => live.push(Buffer.from(chunk).toString());
    const run: HostSession['run'] = (command, options) => host.session.run(command, { onOutput, ...options });
    const failure: unknown = await runCommandKind.apply(restart, { ...host.session, run }).catch((error) => error);
    expect(failure).toBeInstanceOf(TaskError);
    const said = JSON.stringify(failure instanceof TaskError && [failure.message, failure.detail]);
    expect(said).toMatch(
      /rfc1738 URL from string 'mysql\+pymysql:\/\/nova:\*+@db\/nova'.*Access denied for nova using '\*+'.*nova-compute is failed/,
    );
    expect(said + live.join('')).not.toMatch(/correct-horse|pfel|second|key99|'short'|else|ere@/);
    expect(live).toEqual([]);
  });

  it('brings the old file and the service back when the unit does not come up with the new one', async () => {
    const before = text();
    chmodSync(conf, 0o640);
    put('breaks-with', 'device_spec\n');
    const failure: unknown = await host.run(novaConf, args()).catch((error: unknown) => error);
    expect(String(failure)).toMatch(/PciConfigInvalidSpec[^]*Taken back: write .*nova\.conf.*; restart nova-compute/);
    expect([text(), statSync(conf).mode & 0o777, state(), restarts()]).toEqual([before, 0o640, 'active', 2]);
    expect((await host.check(novaConf, args())).changes, 'the next run tries again').toHaveLength(2);
  });

  it('says when the service does not come up with the old file either', async () => {
    put('breaks-with', '.\n');
    await expect(host.run(novaConf, args())).rejects.toThrow(/Taking it back failed too: restart nova-compute/);
    expect(text()).not.toContain('device_spec');
  });

  it('keeps what was written for a unit that had failed before: the old file was no better', async () => {
    put('state', 'failed\n');
    put('breaks-with', 'device_spec\n');
    await expect(host.run(novaConf, args())).rejects.toThrow('nova-compute is failed');
    expect(text()).toContain(LINE);
  });

  it('is one change in check mode, and writes nothing', async () => {
    const before = text();
    const { changes } = await host.check(novaConf, args());
    expect(changes.map((change) => change.kind)).toEqual(['write-file', 'run-command']);
    expect([text(), restarts()]).toEqual([before, 0]);
    expect((await host.check(novaConf, args())).changes, 'a later task sees what was planned').toEqual([]);
  });

  it('masks passwords in its diff and writes them unchanged', async () => {
    const { diffs, actions } = await host.run(novaConf, args());
    expect(JSON.stringify([diffs, actions])).not.toContain('correct-horse');
    expect(JSON.stringify(diffs)).toContain('connection = ********');
    expect(text()).toContain(PASSWORD);
  });

  it('keeps mode and owner of the file', async () => {
    chmodSync(conf, 0o640);
    await host.run(novaConf, args());
    expect(statSync(conf).mode & 0o7777).toBe(0o640);
  });

  it('repairs drift, and says what it migrated', async () => {
    put('nova.conf', '[DEFAULT]\npci_passthrough_whitelist = {"vendor_id":"10de"}\n', 1000);
    const { values } = await host.run(novaConf, args());
    expect(text()).toBe(`[DEFAULT]\n\n[pci]\n${LINE}\n`);
    expect(values).toMatchObject({ release: 31, source: 'ExecStart of nova-compute', files: [conf] });
    expect(String(values.notes)).toContain('[DEFAULT] pci_passthrough_whitelist becomes [pci] device_spec');
  });

  it('says what the services see, and the file and line each value comes from', async () => {
    mkdirSync(join(folder, 'd'));
    put(
      'd/20.conf',
      '[filter_scheduler]\nenabled_filters = ComputeFilter\n[pci]\nalias = {"name":"a","vendor_id":"10de",\n  "product_id":"11b4"}\n',
    );
    const options = { options: { DEFAULT: { debug: true }, keystone_authtoken: { password: 'correct-horse' } } };
    const { values } = await host.run(novaConf, args({ files: [conf], config_dirs: [join(folder, 'd')], ...options }));
    const other = join(folder, 'd/20.conf');
    expect(values.effective).toMatchObject({
      'pci/device_spec': [{ file: conf, value: expect.stringContaining('0000:88:00.0') }],
      'pci/alias': [{ file: other, line: 4 }],
      'filter_scheduler/enabled_filters': [{ file: other, line: 2, value: 'ComputeFilter' }],
      'pci/report_in_placement': [],
      'DEFAULT/debug': [{ file: conf, line: 2, value: 'true' }],
      'keystone_authtoken/password': [{ value: '********' }],
    });
  });

  it('refuses before writing anything', async () => {
    const before = text();
    await expect(host.run(novaConf, args({ restart: ['nova-compute', 'nova-scheduller'] }))).rejects.toThrow(
      'no unit nova-scheduller',
    );
    await expect(host.run(novaConf, args({ path: join(folder, 'other.conf') }))).rejects.toThrow(
      'is not read by the service',
    );
    await expect(host.run(novaConf, args({ also_edit: ['/etc/x.conf'] }))).rejects.toThrow(
      '/etc/x.conf is not among the files',
    );
    await expect(
      host.run(
        novaConf,
        args({ cross_check: true, pci: { device_spec: { exactly: [{ ...GPU, address: '0000:fe:1f.7' }] } } }),
      ),
    ).rejects.toThrow('matches no PCI function');
    expect([text(), restarts()]).toEqual([before, 0]);
  });

  it('reads the files of a directory after the given ones, and names the one that interferes', async () => {
    mkdirSync(join(folder, 'd'));
    put('d/20.conf', `[pci]\n${LINE}\n`);
    await expect(host.run(novaConf, args({ files: [conf], config_dirs: [join(folder, 'd')] }))).rejects.toThrow(
      `${folder}/d/20.conf:2`,
    );
  });

  it.each([
    ['a link to nothing', 'ln -s nowhere'],
    ['a directory', 'mkdir'],
  ])('refuses a configuration directory that holds %s, at which Nova stops', async (_what, command) => {
    mkdirSync(join(folder, 'd'));
    execFileSync('sh', [
      '-c',
      `cd "$1" && ln -s /dev/null 10-off.conf && touch .hidden.conf && ${command} 20-odd.conf`,
      'sh',
      join(folder, 'd'),
    ]);
    const asked = args({ files: [conf], config_dirs: [join(folder, 'd')] });
    await expect(host.run(novaConf, asked)).rejects.toThrow(`${folder}/d/20-odd.conf is neither a file nor`);
    await host.apply(runCommand(['rm', '-r', join(folder, 'd/20-odd.conf')], { touches: ['*'] }));
    expect((await host.run(novaConf, asked)).remaining).toEqual([]);
  });

  it('refuses to edit one file under two names, where one edit would undo the other', async () => {
    symlinkSync('nova.conf', join(folder, 'nova-compute.conf'));
    const twin = join(folder, 'nova-compute.conf');
    const asked = args({ files: [conf, twin], also_edit: [twin] });
    await expect(host.run(novaConf, asked)).rejects.toThrow(`${conf} and ${twin} are one file`);
    expect(text()).not.toContain('device_spec');
  });

  it('creates a file of its own only when told to', async () => {
    const own = {
      path: join(folder, 'd', '50-gpu.conf'),
      files: [conf],
      config_dirs: [join(folder, 'd')],
      restart: [],
    };
    mkdirSync(join(folder, 'd'));
    await expect(host.run(novaConf, args(own))).rejects.toThrow('create: true');
    await expect(host.check(novaConf, args({ ...own, create: true }))).resolves.toMatchObject({
      changes: [{ path: own.path, mode: 0o640, group: 'nova' }],
    });
  });

  it('refuses bytes that are not UTF-8', async () => {
    writeFileSync(conf, Buffer.from('[DEFAULT]\nx = caf\xe9\n', 'latin1'));
    await expect(host.run(novaConf, args())).rejects.toThrow('is not UTF-8');
  });
});

describe('the arguments', () => {
  it.each([
    [{ pci: { device_spec: { exactly: [{ vendor_id: 302 }] } } }],
    [{ pci: { device_spec: { exactly: [], contains: [] } } }],
    [{ pci: { device_spec: {} } }],
    [{ pci: { alias: { contains: [{ name: 'a', device_typ: 'type-PF' }] } } }],
    [{ pci: { alias: { contains: [{ name: 'a', vendor_id: '10d' }] } } }],
    [{ path: 'nova.conf' }],
  ])('refuse %j', (wrong) => {
    expect(novaConf.args.safeParse(wrong).success).toBe(false);
  });
  it('take ids and yes as people write them', () => {
    const parsed = novaConf.args.parse({
      pci: { device_spec: { contains: [{ vendor_id: '0x10DE', managed: false }] } },
    });
    expect(parsed.pci.device_spec?.contains).toEqual([{ vendor_id: '10de', managed: 'no' }]);
  });
});
