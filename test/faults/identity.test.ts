import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { makeKey, publicKey } from '../support/sshd.ts';
import { fleet, playOf } from './fleet.ts';

const isRoot = process.getuid?.() === 0;
const WRITE = playOf(`    - name: write
      copy: {dest: "{{ here }}/conf", content: "new\\n"}
`);

/** A user of this machine for one test, with its sudo rules; both are gone afterwards. */
function throwawayUser(name: string, password: string, sudoers: string): void {
  execFileSync('useradd', ['--no-create-home', '--shell', '/bin/sh', name]);
  const rules = `/etc/sudoers.d/${name}`;
  onTestFinished(() => {
    rmSync(rules, { force: true });
    execFileSync('userdel', [name], { stdio: 'ignore' });
  });
  execFileSync('chpasswd', [], { input: `${name}:${password}\n` });
  if (sudoers !== '') {
    writeFileSync(rules, sudoers, { mode: 0o440 });
    execFileSync('visudo', ['-cf', rules], { stdio: 'ignore' });
  }
}

/** sshd reads authorized_keys, and commands their files, as the user who logs in. */
function openToAll(...paths: readonly string[]): void {
  for (const path of paths) chmodSync(path, 0o777);
}

/** Passes bytes on and remembers what the client said. */
async function recordingProxy(port: number): Promise<{ readonly port: number; heard(): string }> {
  const heard: Buffer[] = [];
  const server = createServer((client) => {
    const upstream = connect({ port, host: '127.0.0.1' }).on('error', () => {});
    client.on('data', (chunk) => heard.push(chunk)).on('error', () => {});
    client.pipe(upstream).pipe(client);
    client.on('close', () => upstream.destroy());
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  onTestFinished(() => void server.close());
  return { port: (server.address() as AddressInfo).port, heard: () => Buffer.concat(heard).toString('latin1') };
}

test('B1: a host whose key nobody knows is refused before anything of ours is sent, and others go on', async () => {
  const hosts = await fleet({ stranger: { sshd: {} }, h1: {} });
  const { port, knownHostsFile } = hosts.sshdOf('stranger');
  writeFileSync(knownHostsFile, '');
  const told = await hosts.run(WRITE, { args: ['-e', 'ansible_password=canary-hunter2'] });
  expect(told.code).toBe(4);
  expect(told.result('write', 'stranger')).toMatchObject({
    status: 'unreachable',
    message: expect.stringMatching(/known_hosts.*accept-new|accept-new.*known_hosts/s),
    values: { reason: 'host-key-unknown' },
  });
  expect(hosts.sshdOf('stranger').log()).not.toMatch(/Accepted|Failed|userauth/);
  expect(existsSync(hosts.at('stranger', 'conf'))).toBe(false);
  expect(told.result('write', 'h1').status).toBe('changed');
  const accepted = await hosts.run(WRITE, { args: ['--accept-new-host-keys'] });
  expect(accepted.code).toBe(0);
  expect(readFileSync(knownHostsFile, 'utf8')).toContain(`[127.0.0.1]:${port} `);
});

test('B2: a host whose key changed is refused, also with --accept-new-host-keys, and known_hosts stays as it was', async () => {
  const hosts = await fleet({ changed: { sshd: {} }, h1: {} });
  const { port, knownHostsFile, directory } = hosts.sshdOf('changed');
  const known = `[127.0.0.1]:${port} ${publicKey(makeKey(directory, 'another', 'ed25519'))}\n`;
  writeFileSync(knownHostsFile, known);
  for (const args of [[], ['--accept-new-host-keys']]) {
    const told = await hosts.run(WRITE, { args });
    expect(told.code).toBe(4);
    expect(told.result('write', 'changed').values.reason).toBe('host-key-changed');
    expect(told.result('write', 'changed').message).toMatch(/known_hosts:1/);
    expect(told.recap.get('h1')).toMatchObject({ failed: 0, unreachable: 0 });
  }
  expect(readFileSync(knownHostsFile, 'utf8')).toBe(known);
  expect(existsSync(hosts.at('changed', 'conf'))).toBe(false);
});

test('B1b: a host that StrictHostKeyChecking=no is written for is refused instead of trusted', async () => {
  const hosts = await fleet({ lax: { vars: { ansible_ssh_extra_args: '-o StrictHostKeyChecking=no' } }, h1: {} });
  const told = await hosts.run(WRITE);
  expect(told.code).toBe(4);
  expect(told.result('write', 'lax').message).toMatch(/not honoured; use StrictHostKeyChecking=accept-new/);
  expect(told.result('write', 'h1').status).toBe('changed');
});

test('B13: a wrong key and a locked key are named, one attempt each; a missing key file before any host is contacted', async () => {
  const hosts = await fleet({ wrong: { sshd: {} }, locked: {}, h1: {} });
  const { directory } = hosts.sshdOf('wrong');
  const keys = {
    wrong: makeKey(directory, 'stranger', 'ed25519'),
    locked: makeKey(directory, 'locked', 'ed25519', 'a passphrase'),
  };
  const withKeys = (files: Readonly<Record<string, string>>) => {
    const entries = Object.entries(files).map(([host, file]) => [host, { ansible_ssh_private_key_file: file }]);
    writeFileSync(`${hosts.directory}/extra.yaml`, JSON.stringify({ all: { hosts: Object.fromEntries(entries) } }));
    return hosts.run(WRITE, { args: ['-i', 'extra.yaml'] });
  };
  const refused = await withKeys({ ...keys, wrong: `${directory}/none` });
  expect([refused.code, refused.stderr]).toEqual([1, expect.stringMatching(/there is no key file .*\/none/)]);
  expect(hosts.sshdOf('wrong').log()).not.toMatch(/Connection from/);
  const told = await withKeys(keys);
  expect(told.code).toBe(4);
  const why = (host: string) => told.result('write', host);
  for (const host of ['wrong', 'locked']) expect(why(host).status).toBe('unreachable');
  expect(why('wrong').message).toMatch(/refused the login: offered .*stranger.*authorized_keys/);
  expect(why('locked').message).toMatch(/locked.*passphrase/);
  expect(
    hosts
      .sshdOf('wrong')
      .log()
      .match(/Connection from|Failed publickey/g)?.length ?? 0,
  ).toBeLessThanOrEqual(2);
  expect(told.result('write', 'h1').status).toBe('changed');
});

test.runIf(isRoot)('B9: a wrong sudo password is tried once, not again by the tasks and hosts after it', async () => {
  const name = `tsf${process.pid}a`;
  throwawayUser(name, 'the-right-one', `${name} ALL=(ALL) ALL\n`);
  const hosts = await fleet({ h1: { vars: { ansible_user: name } }, h2: { vars: { ansible_user: name } }, fine: {} });
  openToAll(hosts.sshdOf('h1').directory);
  const told = await hosts.run(
    playOf(`    - {name: first, command: id -un, become: true, ignore_errors: true}
    - {name: second, command: id -un, become: true}
`),
    { args: ['-e', '{"ansible_become_password": "canary-wrong-pass"}'] },
  );
  expect(told.code).toBe(2);
  for (const host of ['h1', 'h2']) {
    expect(told.result('second', host).status).toBe('failed');
    expect(told.result('second', host).message).toMatch(/password/);
  }
  const tried = told.events.filter(
    (event) => event.type === 'task.finished' && /tried once/.test(event.result.message ?? ''),
  );
  expect(tried.length).toBeGreaterThan(0);
  expect(told.result('second', 'fine').values.stdout).toBe('root');
  expect(told.stdout + told.stderr).not.toContain('canary-wrong-pass');
});

test.runIf(isRoot)(
  'B10: a user who is not in sudoers, or whose password nobody gave, gets one clear error; the right password works',
  async () => {
    const [outsider, asked] = [`tsf${process.pid}b`, `tsf${process.pid}c`];
    throwawayUser(outsider, 'outsider-pass', '');
    throwawayUser(
      asked,
      'asked-pass',
      `Defaults:${asked} passprompt="Kennwort für %p: "\nDefaults:${asked} lecture=always\n${asked} ALL=(ALL) ALL\n`,
    );
    const hosts = await fleet({
      outsider: { vars: { ansible_user: outsider, ansible_become_password: 'outsider-pass' } },
      silent: { vars: { ansible_user: asked } },
      right: { vars: { ansible_user: asked, ansible_become_password: 'asked-pass' } },
    });
    openToAll(hosts.sshdOf('right').directory);
    const told = await hosts.run(playOf('    - {name: who, command: id -un, become: true}\n'));
    expect(told.code).toBe(2);
    expect(told.result('who', 'outsider').message).toMatch(
      /could not become root with sudo: .*(not in the sudoers|not allowed)/s,
    );
    expect(told.result('who', 'silent').message).toMatch(/Give a password .*--ask-become-pass.*NOPASSWD/);
    expect(told.result('who', 'right').values.stdout).toBe('root');
  },
);

test.runIf(isRoot)('B11: a start-up file that prints a sudo prompt gets no password', async () => {
  const name = `tsf${process.pid}d`;
  throwawayUser(name, 'the-real-pass', `${name} ALL=(ALL) ALL\n`);
  const hosts = await fleet({
    phishing: { sshd: {}, vars: { ansible_user: name, ansible_become_password: 'the-real-pass' } },
  });
  const { directory } = hosts.sshdOf('phishing');
  openToAll(directory, `${directory}/home`);
  writeFileSync(
    `${directory}/home/.profile`,
    `echo "[sudo] password for ${name}:" >&2\nread -t 1 x; echo "$x" > ${hosts.at('phishing', 'caught')}\n`,
  );
  writeFileSync(`${directory}/home/.bashrc`, `echo "[sudo] password for ${name}:" >&2\n`);
  openToAll(hosts.at('phishing'));
  const told = await hosts.run(playOf('    - {name: who, command: id -un, become: true}\n'));
  expect(told.result('who', 'phishing').values.stdout).toBe('root');
  expect(existsSync(hosts.at('phishing', 'caught'))).toBe(false);
});

test('B1c: what goes over the wire before the host key is trusted holds no name of a user, file or host of ours', async () => {
  const hosts = await fleet({ stranger: { sshd: {} } });
  const proxy = await recordingProxy(hosts.sshdOf('stranger').port);
  const told = await hosts.run(WRITE, {
    args: ['-e', `ansible_port=${proxy.port}`, '-e', 'ansible_password=canary-hunter2'],
  });
  expect(told.result('write', 'stranger').values.reason).toBe('host-key-unknown');
  expect(proxy.heard()).toMatch(/^SSH-2\.0-/);
  expect(proxy.heard()).not.toMatch(/canary-hunter2|stranger|root|conf/);
});
