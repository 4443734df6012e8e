import { spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';
import type { Reboot } from '../contract/change.ts';
import type { Command, Output } from '../contract/command.ts';
import { ConnectionLost, Unreachable } from '../contract/connection.ts';
import type { HostSession } from '../contract/host-session.ts';
import { rebootKind } from './reboot.ts';

const OLD = '11111111-1111-4111-8111-111111111111';
const NEW = '22222222-2222-4222-8222-222222222222';
const places: string[] = [];
afterAll(() => places.splice(0).forEach((place) => rmSync(place, { recursive: true, force: true })));

/**
 * A machine as far as a reboot needs one: files in place of /proc, /etc and /run, a `reboot` program of its own, and no
 * answer while it is down. Every script runs in a real sh.
 */
function machine(rebootScript: string, more: { readonly comesBackAs?: Unreachable } = {}) {
  const root = mkdtempSync(join(tmpdir(), 'machine-'));
  places.push(root);
  for (const name of ['bin', 'run', 'etc', 'lib/modules/6.1.0-18']) mkdirSync(join(root, name), { recursive: true });
  writeFileSync(join(root, 'boot_id'), `${OLD}\n`);
  writeFileSync(join(root, 'osrelease'), '6.1.0-18\n');
  writeFileSync(join(root, 'etc/machine-id'), 'abc\n');
  writeFileSync(join(root, 'bin/reboot'), `#!/bin/sh\ncd ${root}\necho x >>reboots\n${rebootScript}\n`);
  writeFileSync(join(root, 'bin/healthy'), `#!/bin/sh\n[ ! -e ${root}/sick ]\n`);
  for (const name of ['reboot', 'healthy']) chmodSync(join(root, 'bin', name), 0o755);
  const isDown = () => existsSync(join(root, 'down'));
  const local = (text: string) =>
    text
      .replaceAll('/proc/sys/kernel/random/boot_id', join(root, 'boot_id'))
      .replaceAll('/proc/sys/kernel/osrelease', join(root, 'osrelease'))
      .replaceAll('/lib/modules/', `${root}/lib/modules/`)
      .replaceAll(/\/(run|etc)\//g, `${root}/$1/`);
  const run = async (command: Command): Promise<Output> => {
    if (isDown()) throw new ConnectionLost('the connection broke');
    const words =
      command.kind === 'script'
        ? ['-c', local(command.script), 'sh', ...command.args]
        : ['-c', '"$@"', 'sh', ...command.argv];
    return runShell(
      words,
      `${root}/bin:${process.env['PATH']}`,
      typeof command.stdin === 'string' ? command.stdin : '',
    );
  };
  const session: HostSession = {
    host: 'gpu1',
    run,
    exchange: (commands) => Promise.all(commands.map(run)),
    async reconnect({ deadlineMs }) {
      const until = performance.now() + deadlineMs;
      while (isDown()) {
        if (performance.now() > until) throw new Unreachable('timeout', 'no answer from gpu1');
        await sleep(20);
      }
      if (more.comesBackAs) throw more.comesBackAs;
    },
    progress: () => {},
    signal: new AbortController().signal,
  };
  return {
    session,
    reboots: () => (existsSync(join(root, 'reboots')) ? readFileSync(join(root, 'reboots'), 'utf8').length / 2 : 0),
    root,
  };
}

function runShell(words: readonly string[], path: string, stdin: string): Promise<Output> {
  const { promise, resolve } = Promise.withResolvers<Output>();
  const child = spawn('sh', words, { env: { PATH: path } });
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => err.push(chunk));
  child.on('close', (code) =>
    resolve({ code: code ?? 255, stdout: Buffer.concat(out), stderr: Buffer.concat(err), truncated: false }),
  );
  child.stdin.on('error', () => {});
  child.stdin.end(stdin);
  return promise;
}

const boots = `touch down; sleep 0.2; echo ${NEW} >boot_id; rm -rf run/*; rm down`;
const change: Reboot = {
  kind: 'reboot',
  reasons: [{ kind: 'cmdline', detail: 'iommu=pt is missing' }],
  bootId: OLD,
  machineId: 'abc',
  deadlineMs: 6_000,
  stableMs: 0,
  testCommand: ['healthy'],
  message: '',
};
const apply = (on: { readonly session: HostSession }, more: Partial<Reboot> = {}) =>
  rebootKind.apply({ ...change, ...more }, on.session);

describe.concurrent('reboot', () => {
  it('ends with another boot of the same machine, ordered once, and leaves word why', async () => {
    const host = machine(boots);
    const { facts } = await apply(host);
    expect(facts).toMatchObject({ rebooted: true, boot_id_before: OLD, boot_id: NEW });
    expect(host.reboots()).toBe(1);
    expect(readFileSync(join(host.root, 'run/tsplay/rebooted-for'), 'utf8')).toBe('cmdline: iommu=pt is missing\n');
  });

  it('waits until the test command succeeds', async () => {
    const host = machine(`touch sick; ${boots}; sleep 1; rm sick`);
    await apply(host);
    expect(existsSync(join(host.root, 'sick'))).toBe(false);
  });

  it('tells a host that never went down, and may be asked again', async () => {
    const host = machine('true');
    await expect(apply(host, { deadlineMs: 3_000 })).rejects.toThrow(/never went down/);
    expect(existsSync(join(host.root, 'run/tsplay/reboot-ordered'))).toBe(false);
  });

  it('orders nothing when the boot was ordered to end before', async () => {
    const host = machine('true');
    mkdirSync(join(host.root, 'run/tsplay'));
    writeFileSync(join(host.root, 'run/tsplay/reboot-ordered'), `${OLD}\n`);
    await expect(apply(host, { deadlineMs: 3_000 })).rejects.toThrow(/never went down/);
    expect(host.reboots()).toBe(0);
  });

  it('tells a host that never came back', async () => {
    await expect(apply(machine('touch down'), { deadlineMs: 4_500 })).rejects.toThrow(/never came back within/);
  });

  it('tells another machine by its machine-id', async () => {
    await expect(apply(machine(`echo def >etc/machine-id; ${boots}`))).rejects.toThrow(
      /another machine .*machine-id is def/,
    );
  });

  it('tells that an older kernel was booted, whatever its command line', async () => {
    const older = machine(boots.replace('rm down', 'echo 6.1.0-17 >osrelease; rm down'));
    await expect(apply(older, { kernelRelease: '6.1.0-18' })).rejects.toThrow(
      /another kernel: 6\.1\.0-17 runs, and the default boot entry has 6\.1\.0-18\b/,
    );
  });

  it('takes the kernel of the entry, and no name of a file that is no release', async () => {
    await apply(machine(boots), { kernelRelease: '6.1.0-18' });
    await apply(machine(boots), { kernelRelease: 'custom' });
  });

  it('tells another machine by its host key', async () => {
    const host = machine(boots.replace('0.2', '1.5'), {
      comesBackAs: new Unreachable('host-key-changed', 'the host key changed'),
    });
    await expect(apply(host)).rejects.toThrow(/another machine .*host key/);
  });

  it('tells a host that is back but sick', async () => {
    await expect(apply(machine(`touch sick; ${boots}`), { deadlineMs: 3_500 })).rejects.toThrow(
      /not healthy: healthy exited with 1/,
    );
  });

  it('tells a host that boots again within the stability window', async () => {
    const again = `${boots}; sleep 2.5; echo 33333333-3333-4333-8333-333333333333 >boot_id`;
    await expect(apply(machine(again), { stableMs: 4_000 })).rejects.toThrow(/boot loop/);
  });

  it('refuses when someone else has rebooted the host meanwhile', async () => {
    const host = machine(boots);
    await expect(apply(host, { bootId: NEW })).rejects.toThrow(/by someone else/);
    expect(host.reboots()).toBe(0);
  });

  it('says what is missing on a host without reboot', async () => {
    const host = machine(boots);
    rmSync(join(host.root, 'bin/reboot'));
    const bare = {
      session: {
        ...host.session,
        run: (command: Command) =>
          host.session.run({
            ...command,
            script: `PATH=${host.root}/bin\n${command.kind === 'script' ? command.script.replace('mkdir', '/bin/mkdir').replace('rm -f', '/bin/rm -f') : ''}`,
            kind: 'script',
            args: command.kind === 'script' ? command.args : [],
          }),
      },
    };
    await expect(apply(bare)).rejects.toThrow(/neither systemd-run nor reboot/);
  });
});
