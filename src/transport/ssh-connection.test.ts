import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo, Server } from 'node:net';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { freePort, makeKey, publicKey, startSshd } from '../../test/support/sshd.ts';
import type { Sshd } from '../../test/support/sshd.ts';
import { program, script } from '../contract/command.ts';
import type { Output } from '../contract/command.ts';
import { ConnectionLost, DeadlinePassed, Unreachable } from '../contract/connection.ts';
import type { Connection, ConnectionTarget } from '../contract/connection.ts';
import { Secret } from '../contract/secret.ts';
import { fingerprint, parseKnownHosts } from './known-hosts.ts';
import { createTransport } from './transport.ts';

const transport = createTransport({ keepaliveMs: 200, keepaliveCount: 3 });
const LIMIT = { deadlineMs: 15_000 };
let sshd: Sshd;

beforeAll(async () => {
  sshd = await startSshd();
});
afterAll(async () => {
  await transport.close();
  await sshd.stop();
});

function target(server: Sshd, changes: Partial<ConnectionTarget> = {}): ConnectionTarget {
  return {
    host: 'gpu01',
    kind: 'ssh',
    address: '127.0.0.1',
    port: server.port,
    user: server.user,
    identityFiles: [server.identityFile],
    knownHostsFiles: [server.knownHostsFile],
    hostKeyPolicy: 'strict',
    connectTimeoutMs: 8000,
    sshConfigFile: '/dev/null',
    ...changes,
  };
}

const text = (output: Output | undefined): string => Buffer.from(output?.stdout ?? []).toString();

async function echo(connection: Connection): Promise<string> {
  const [output] = await connection.exchange([program(['echo', 'hello'])], LIMIT);
  await connection.close();
  return text(output);
}

/** An ssh agent of its own. */
async function startAgent(directory: string) {
  const socket = join(mkdtempSync(join(directory, 'agent-')), 'socket');
  const agent = spawn('ssh-agent', ['-D', '-a', socket], { stdio: 'ignore' });
  await expect.poll(() => existsSync(socket)).toBe(true);
  const askpass = `${socket}.askpass`;
  const env = { ...process.env, SSH_AUTH_SOCK: socket, SSH_ASKPASS: askpass, SSH_ASKPASS_REQUIRE: 'force' };
  return {
    socket,
    add(key: string, passphrase = '') {
      writeFileSync(askpass, `#!/bin/sh\necho '${passphrase}'\n`, { mode: 0o700 });
      execFileSync('ssh-add', ['-q', key], { env, stdio: 'ignore' });
    },
    async [Symbol.asyncDispose]() {
      agent.kill();
    },
  };
}

async function refusal(wanted: ConnectionTarget): Promise<Unreachable> {
  const failure = await transport.connect(wanted).catch((error: unknown) => error);
  if (failure instanceof Unreachable) return failure;
  throw new Error(`expected Unreachable, got ${String(failure)}`);
}

describe('logging in', () => {
  it('runs commands over one connection', async () => {
    const connection = await transport.connect(target(sshd));
    const outputs = await connection.exchange([script('exit 255'), program(['cat'], { stdin: 'in\0put' })], LIMIT);
    expect(outputs.map((output) => output.code)).toEqual([255, 0]);
    expect(text(outputs[1])).toBe('in\0put');
    await connection.close();
    expect(connection.isOpen).toBe(false);
    await expect(connection.exchange([program(['true'])], LIMIT)).rejects.toThrow(ConnectionLost);
  });

  it.each(['ecdsa', 'rsa'] as const)('accepts a key of type %s, and one behind a passphrase', async (type) => {
    const plain = makeKey(sshd.directory, `plain_${type}`, type);
    const locked = makeKey(sshd.directory, `locked_${type}`, type, 'open sesame');
    writeFileSync(
      join(sshd.directory, 'authorized_keys'),
      `${publicKey(plain)}\n${publicKey(locked)}\n${publicKey(sshd.identityFile)}\n`,
    );
    expect(await echo(await transport.connect(target(sshd, { identityFiles: [plain] })))).toBe('hello\n');
    const unlocked = { identityFiles: [locked], passphrase: new Secret('open sesame') };
    expect(await echo(await transport.connect(target(sshd, unlocked)))).toBe('hello\n');
  });

  it('goes on to the next key when one is refused, whether it signed at once or asked first', async () => {
    const strangers = (['ed25519', 'rsa', 'ecdsa'] as const).map((type) =>
      makeKey(sshd.directory, `refused_${type}`, type),
    );
    const identityFiles = [...strangers, sshd.identityFile];
    expect(await echo(await transport.connect(target(sshd, { identityFiles })))).toBe('hello\n');
  });

  it('uses the keys of an agent', async () => {
    await using agent = await startAgent(sshd.directory);
    agent.add(sshd.identityFile);
    const sshArgs = [`-o IdentityAgent=${agent.socket}`];
    expect(await echo(await transport.connect(target(sshd, { identityFiles: [], sshArgs })))).toBe('hello\n');
  });

  it('asks an agent for the key that is locked in its file, and with IdentitiesOnly for no other', async () => {
    const locked = makeKey(sshd.directory, 'agents', 'ed25519', 'secret words');
    await using server = await startSshd({ authorizedKeys: [publicKey(locked)], config: ['MaxAuthTries 2'] });
    await using agent = await startAgent(sshd.directory);
    for (const name of ['other1', 'other2']) agent.add(makeKey(sshd.directory, name, 'ed25519'));
    agent.add(locked, 'secret words');
    const login = (identityFile: string, only: string) => {
      const sshArgs = [`-o IdentityAgent=${agent.socket} -o IdentitiesOnly=${only}`];
      return transport.connect(target(server, { identityFiles: [identityFile], sshArgs })).then(echo);
    };
    expect(await login(locked, 'yes')).toBe('hello\n');
    expect(await login(locked, 'no')).toBe('hello\n');
    rmSync(locked);
    expect(await login(`${locked}.pub`, 'yes')).toBe('hello\n');
    const stranger = makeKey(sshd.directory, 'not-in-agent', 'ed25519');
    await expect(login(stranger, 'yes')).rejects.toThrow(/refused the login/);
    expect(server.log().match(/Failed publickey|maximum authentication attempts/g) ?? []).toHaveLength(0);
  });

  it('names the keys it offered when the server refuses them', async () => {
    const stranger = makeKey(sshd.directory, 'stranger', 'ed25519');
    const failure = await refusal(target(sshd, { identityFiles: [stranger] }));
    expect(failure.reason).toBe('auth');
    expect(failure.message).toMatch(
      /gpu01: \S+@127\.0\.0\.1:\d+ refused the login: offered .*stranger; the server accepts publickey/,
    );
  });

  it('says auth for a user who may not log in', async () => {
    expect((await refusal(target(sshd, { user: 'no-such-user' }))).reason).toBe('auth');
  });

  it('says that a key is encrypted when no passphrase was given, and that one is readable by others', async () => {
    const locked = makeKey(sshd.directory, 'locked', 'ed25519', 'secret words');
    const open = makeKey(sshd.directory, 'open', 'ed25519');
    chmodSync(open, 0o644);
    const saved = process.env.SSH_AUTH_SOCK;
    delete process.env.SSH_AUTH_SOCK;
    const failure = await refusal(target(sshd, { identityFiles: [locked, open] }));
    if (saved !== undefined) process.env.SSH_AUTH_SOCK = saved;
    expect(failure.reason).toBe('auth');
    expect(failure.message).toMatch(/locked is encrypted and no passphrase was given/);
    expect(failure.message).toMatch(/open may be read by others \(mode 0644; run chmod 600\)/);
  });

  it('is not disturbed by what start-up files print (F6)', async () => {
    const noise =
      'ForceCommand sh -c \'echo motd; echo warn >&2; printf "\\033]3008;start"; exec sh -c "$SSH_ORIGINAL_COMMAND"\'';
    await using noisy = await startSshd({ config: [noise] });
    expect(await echo(await transport.connect(target(noisy)))).toBe('hello\n');
  });

  it('says so when the login shell is no shell', async () => {
    await using closed = await startSshd({ config: ['ForceCommand /usr/sbin/nologin'] });
    const failure = await refusal(target(closed));
    expect(failure.reason).toBe('no-shell');
    expect(failure.message).toMatch(/not available/);
  });
});

describe('reaching the server', () => {
  const listen = async (greet: (socket: import('node:net').Socket) => void): Promise<Server> => {
    const server = createServer((socket) => greet(socket.on('error', () => {}))).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    return server;
  };
  const portOf = (server: Server): number => (server.address() as AddressInfo).port;

  it('gives up when the ssh arguments say so', async () => {
    const silent = await listen(() => {});
    const failure = await refusal(target(sshd, { port: portOf(silent), sshArgs: ['-o ConnectTimeout=1'] }));
    silent.close();
    expect([failure.reason, failure.message]).toEqual(['timeout', expect.stringMatching(/within 1 s/)]);
  });

  it('gives up at the connect deadline when nothing answers (A1)', async () => {
    const silent = await listen(() => {});
    const started = performance.now();
    const failure = await refusal(target(sshd, { port: portOf(silent), connectTimeoutMs: 300 }));
    expect(failure.reason).toBe('timeout');
    expect(performance.now() - started).toBeLessThan(2000);
    silent.close();
  });

  it('says refused at once when the port is closed (A2)', async () => {
    const failure = await refusal(target(sshd, { port: await freePort() }));
    expect([failure.reason, failure.message]).toEqual([
      'refused',
      expect.stringMatching(/is sshd running on that port/),
    ]);
  });

  it('says that a name has no address', async () => {
    expect((await refusal(target(sshd, { address: 'no-such-host.invalid' }))).reason).toBe('unresolved');
  });

  it('does not read an endless greeting (A15)', async () => {
    const endless = await listen((socket) => {
      const more = (): void => {
        while (!socket.destroyed && socket.write('x'.repeat(70) + '\r\n'));
      };
      socket.on('drain', more);
      more();
    });
    expect((await refusal(target(sshd, { port: portOf(endless), connectTimeoutMs: 3000 }))).reason).toMatch(
      /closed|timeout/,
    );
    endless.close();
  }, 40_000);

  it('stops trying when aborted', async () => {
    const silent = await listen(() => {});
    const abort = new AbortController();
    const connecting = transport.connect(target(sshd, { port: portOf(silent), connectTimeoutMs: 2000 }), abort.signal);
    abort.abort(new Error('enough'));
    await expect(connecting).rejects.toThrow('enough');
    silent.close();
  });

  it('connects all of many hosts through a server that takes two handshakes at a time (A9)', async () => {
    await using narrow = await startSshd({ config: ['MaxStartups 2:100:3'] });
    const connections = await Promise.all(
      Array.from({ length: 16 }, () => transport.connect(target(narrow, { connectTimeoutMs: 15_000 }))),
    );
    expect(connections.every((connection) => connection.isOpen)).toBe(true);
    await Promise.all(connections.map((connection) => connection.close()));
  });
});

describe('host keys', () => {
  const fileWith = (name: string, content: string): string => {
    const path = join(sshd.directory, name);
    writeFileSync(path, content);
    return path;
  };
  const known = (): string => readFileSync(sshd.knownHostsFile, 'utf8').trim();

  it('refuses an unknown key before anything is sent (B1)', async () => {
    const before = sshd.log().length;
    const failure = await refusal(target(sshd, { knownHostsFiles: [fileWith('empty', '')] }));
    expect(failure.reason).toBe('host-key-unknown');
    const [entry] = parseKnownHosts(known(), 'x');
    expect(failure.message).toContain(fingerprint(entry?.key ?? Buffer.alloc(0)));
    expect(sshd.log().slice(before)).not.toMatch(/user|publickey|Accepted/);
  });

  it('refuses a changed key, naming the line, both fingerprints and the way out (B2)', async () => {
    const other = makeKey(sshd.directory, 'other_host', 'ed25519');
    const file = fileWith('changed', `# comment\n[127.0.0.1]:${sshd.port} ${publicKey(other)}\n`);
    for (const hostKeyPolicy of ['strict', 'accept-new'] as const) {
      const failure = await refusal(target(sshd, { knownHostsFiles: [file], hostKeyPolicy }));
      expect(failure.reason).toBe('host-key-changed');
      expect(failure.message).toContain(`${file}:2 holds ed25519 SHA256:`);
      expect(failure.message.match(/SHA256:/g)).toHaveLength(2);
      expect(failure.message).toContain(`ssh-keygen -f ${file} -R '[127.0.0.1]:${sshd.port}'`);
    }
  });

  it('refuses a revoked key even where it is also listed', async () => {
    const file = fileWith('revoked', `${known()}\n@revoked * ${known().split(' ').slice(1).join(' ')}\n`);
    expect((await refusal(target(sshd, { knownHostsFiles: [file] }))).reason).toBe('host-key-revoked');
  });

  it('takes what is known of the host without a port for all its ports, as ssh does', async () => {
    const key = known().split(' ').slice(1).join(' ');
    const plain = fileWith('without_port', `127.0.0.1 ${key}\n`);
    expect(await echo(await transport.connect(target(sshd, { knownHostsFiles: [plain] })))).toBe('hello\n');
    const stranger = publicKey(makeKey(sshd.directory, 'stranger_host', 'ed25519'));
    const other = fileWith('other_without_port', `127.0.0.1 ${stranger}\n`);
    expect((await refusal(target(sshd, { knownHostsFiles: [other] }))).reason).toBe('host-key-unknown');
    const withPort = fileWith('both', `127.0.0.1 ${key}\n[127.0.0.1]:${sshd.port} ${stranger}\n`);
    expect((await refusal(target(sshd, { knownHostsFiles: [withPort] }))).reason).toBe('host-key-changed');
    const aliased = target(sshd, { knownHostsFiles: [plain], sshArgs: ['-o HostKeyAlias=other'] });
    expect((await refusal(aliased)).reason).toBe('host-key-unknown');
  });

  it('refuses keys that RevokedHostKeys lists, and all keys where it cannot be read', async () => {
    const revoking = (file: string) => target(sshd, { sshArgs: [`-o RevokedHostKeys=${file}`] });
    const other = fileWith('revoked_other', `${publicKey(makeKey(sshd.directory, 'revoked_key', 'ed25519'))} other\n`);
    expect(await echo(await transport.connect(revoking(other)))).toBe('hello\n');
    expect(await echo(await transport.connect(revoking('none')))).toBe('hello\n');
    const own = fileWith('revoked_own', `# gone\n${known().split(' ').slice(1).join(' ')} old key\n`);
    const krl = join(sshd.directory, 'krl');
    execFileSync('ssh-keygen', ['-k', '-q', '-f', krl, `${join(sshd.directory, 'host_ed25519')}.pub`]);
    for (const file of [own, krl, '/nosuch/revoked']) {
      const failure = await refusal(revoking(file));
      expect([failure.reason, failure.message]).toEqual(['host-key-revoked', expect.stringContaining(file)]);
    }
  });

  it('explains that certificate authorities cannot vouch here', async () => {
    const file = fileWith('authority', `@cert-authority * ${known().split(' ').slice(1).join(' ')}\n`);
    const failure = await refusal(target(sshd, { knownHostsFiles: [file] }));
    expect([failure.reason, failure.message]).toEqual([
      'host-key-unknown',
      expect.stringMatching(/certificate authority/),
    ]);
  });

  it('records a new key once with accept-new, and then knows it', async () => {
    const file = join(sshd.directory, 'made', 'known_hosts');
    expect(
      await echo(await transport.connect(target(sshd, { knownHostsFiles: [file], hostKeyPolicy: 'accept-new' }))),
    ).toBe('hello\n');
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readFileSync(file, 'utf8').trim()).toBe(known());
    expect(await echo(await transport.connect(target(sshd, { knownHostsFiles: [file] })))).toBe('hello\n');
  });

  it('records a host once when several connections meet it at the same time', async () => {
    const file = join(sshd.directory, 'met_at_once');
    const wanted = target(sshd, { knownHostsFiles: [file], hostKeyPolicy: 'accept-new' });
    await Promise.all(
      (await Promise.all([1, 2, 3, 4].map(() => transport.connect(wanted)))).map((connection) => connection.close()),
    );
    expect(readFileSync(file, 'utf8').trim()).toBe(known());
  });

  it('refuses a new key that cannot be recorded (B14)', async () => {
    mkdirSync(join(sshd.directory, 'directory'));
    for (const file of [join(sshd.directory, 'directory'), '/dev/null', '/dev/full']) {
      const failure = await refusal(target(sshd, { knownHostsFiles: [file], hostKeyPolicy: 'accept-new' }));
      expect([failure.reason, failure.message]).toEqual([
        'host-key-unknown',
        expect.stringMatching(/could not be recorded/),
      ]);
    }
  });

  it('asks for the type of key it knows', async () => {
    await using both = await startSshd({ hostKeys: ['ed25519', 'rsa'] });
    const rsaOnly = join(both.directory, 'rsa_only');
    writeFileSync(
      rsaOnly,
      readFileSync(both.knownHostsFile, 'utf8')
        .split('\n')
        .filter((line) => line.includes('ssh-rsa'))
        .join('\n'),
    );
    expect(await echo(await transport.connect(target(both, { knownHostsFiles: [rsaOnly] })))).toBe('hello\n');
  });

  it('does not switch checking off', async () => {
    const failure = await refusal(target(sshd, { sshArgs: ['-o StrictHostKeyChecking=no'] }));
    expect([failure.reason, failure.message]).toEqual(['configuration', expect.stringMatching(/accept-new/)]);
  });
});

describe('a broken connection', () => {
  it('is noticed by keepalives when the server hangs (A5)', async () => {
    await using own = await startSshd();
    const connection = await transport.connect(target(own));
    const running = connection.exchange([program(['sleep', '8'])], { deadlineMs: 30_000 });
    running.catch(() => {});
    const started = performance.now();
    for (const pid of own.sessionPids()) process.kill(pid, 'SIGSTOP');
    await expect(running).rejects.toThrow(ConnectionLost);
    expect(performance.now() - started).toBeLessThan(3000);
    expect(connection.isOpen).toBe(false);
    await connection.close();
  });

  it('never gives a status when the server dies during a command (A17)', async () => {
    await using own = await startSshd();
    const connection = await transport.connect(target(own));
    const running = connection.exchange([program(['sleep', '8'])], { deadlineMs: 30_000 });
    running.catch(() => {});
    for (const pid of own.sessionPids()) process.kill(pid, 'SIGKILL');
    await expect(running).rejects.toThrow(
      /gpu01: lost the session during `sleep 8`.*whether it took effect is unknown/,
    );
    await connection.close();
  });

  it('kills the remote command at the deadline and goes on (A6)', async () => {
    const connection = await transport.connect(target(sshd));
    const unique = `30${Math.floor(Math.random() * 1e6)}`;
    await expect(connection.exchange([program(['sleep', unique])], { deadlineMs: 300 })).rejects.toThrow(
      DeadlinePassed,
    );
    const [left] = await connection.exchange(
      [script('for f in /proc/[0-9]*/cmdline; do tr "\\000" " " <$f; echo; done 2>/dev/null')],
      LIMIT,
    );
    expect(text(left)).not.toContain(`sleep ${unique}`);
    await connection.close();
  });

  it('leaves no shell behind when closed', async () => {
    await using own = await startSshd();
    const connection = await transport.connect(target(own));
    expect(own.sessionPids().length).toBe(1);
    await connection.close();
    await expect.poll(() => own.sessionPids().length, { timeout: 3000 }).toBe(0);
  });
});

it('keeps memory bounded under a flood of output (F1)', async () => {
  const connection = await transport.connect(target(sshd));
  const before = process.memoryUsage().rss;
  const [output] = await connection.exchange([script('head -c 150000000 /dev/zero; exit 9')], {
    deadlineMs: 25_000,
    maxOutputBytes: 100_000,
  });
  expect(output).toMatchObject({ code: 9, truncated: true });
  expect(output?.stdout.length).toBe(100_000);
  expect(process.memoryUsage().rss - before).toBeLessThan(150_000_000);
  await connection.close();
});

describe('the way to a host', () => {
  it('leads through one shared connection to a jump host', async () => {
    await using bastion = await startSshd();
    const both = join(bastion.directory, 'both');
    writeFileSync(both, readFileSync(bastion.knownHostsFile, 'utf8') + readFileSync(sshd.knownHostsFile, 'utf8'));
    const identityFiles = [bastion.identityFile, sshd.identityFile];
    const behind = target(sshd, {
      proxyJump: `${bastion.user}@127.0.0.1:${bastion.port}`,
      knownHostsFiles: [both],
      identityFiles,
    });
    const connections = await Promise.all([1, 2, 3].map(() => transport.connect(behind)));
    expect(bastion.sessionPids().length).toBe(1);
    expect(await Promise.all(connections.map(echo))).toEqual(['hello\n', 'hello\n', 'hello\n']);
  });

  it('loses what is behind a jump host that dies, and says so (A20)', async () => {
    await using bastion = await startSshd();
    const both = join(bastion.directory, 'both');
    writeFileSync(both, readFileSync(bastion.knownHostsFile, 'utf8') + readFileSync(sshd.knownHostsFile, 'utf8'));
    const identityFiles = [bastion.identityFile, sshd.identityFile];
    const behind = target(sshd, { proxyJump: `127.0.0.1:${bastion.port}`, knownHostsFiles: [both], identityFiles });
    const connection = await transport.connect(behind);
    const running = connection.exchange([program(['sleep', '8'])], LIMIT);
    running.catch(() => {});
    for (const pid of bastion.sessionPids()) process.kill(pid, 'SIGKILL');
    await expect(running).rejects.toThrow(/the connection through jump host 127.0.0.1:\d+ was closed/);
    await connection.close();
  });

  it('blames the jump host for its own failure', async () => {
    const failure = await refusal(target(sshd, { proxyJump: `127.0.0.1:${await freePort()}` }));
    expect([failure.reason, failure.message]).toEqual([
      'proxy',
      expect.stringMatching(/jump host 127.0.0.1:\d+: .*refused the connection/),
    ]);
  });

  it('leads through a proxy command', async () => {
    const viaNc = { proxyCommand: 'busybox nc %h %p' };
    expect(await echo(await transport.connect(target(sshd, viaNc)))).toBe('hello\n');
  });

  it('says what a proxy command complained about', async () => {
    const failure = await refusal(target(sshd, { proxyCommand: 'no-such-proxy %h' }));
    expect([failure.reason, failure.message]).toEqual(['proxy', expect.stringMatching(/no-such-proxy.*not found/)]);
  });

  it.each(['exec 1>&-', 'exec 0<&-', 'exec 0<&- 1>&-'])(
    'is lost in a proxy command that does `%s` first',
    async (close) => {
      const proxyCommand = `sh -c '${close}; echo "the tunnel is down" >&2; exit 1'`;
      const failure = await refusal(target(sshd, { proxyCommand }));
      expect([failure.reason, failure.message]).toEqual(['proxy', expect.stringMatching(/the tunnel is down/)]);
    },
  );

  it('is not guessed when the configuration cannot be read', async () => {
    const failure = await refusal(target(sshd, { sshConfigFile: sshd.directory }));
    expect([failure.reason, failure.message]).toEqual([
      'configuration',
      expect.stringMatching(/gpu01: the ssh configuration cannot be read/),
    ]);
  });

  it('comes from the ssh configuration and from ssh arguments', async () => {
    const file = join(sshd.directory, 'config');
    writeFileSync(
      file,
      `Host fake*\n  HostName 127.0.0.1\n  Port ${sshd.port}\n  User ${sshd.user}\n  IdentityFile ${sshd.identityFile}\nHost *\n  Port 1\n`,
    );
    const { host, kind, hostKeyPolicy, connectTimeoutMs } = target(sshd);
    const bare: ConnectionTarget = { host, kind, hostKeyPolicy, connectTimeoutMs, address: 'fake7' };
    const sshArgs = [`-F ${file} -o UserKnownHostsFile=${sshd.knownHostsFile} -o ControlMaster=auto`];
    expect(await echo(await transport.connect({ ...bare, sshArgs }))).toBe('hello\n');
  });

  describe('with several hops', () => {
    it('takes each hop by its own user, port and key, as the ssh configuration has them', async () => {
      await using first = await startSshd();
      await using second = await startSshd();
      const sshConfigFile = configured('hops', [
        `Host one\n${own(first)}`,
        `Host two\n${own(second)}  ProxyJump one`,
        `Host gpu\n  HostName 127.0.0.1\n  Port ${sshd.port}\n  ProxyJump two`,
      ]);
      const knownHostsFiles = [first, second, sshd].map((server) => server.knownHostsFile);
      const { port: _, ...behind } = target(sshd, { address: 'gpu', sshConfigFile, knownHostsFiles });
      expect(await echo(await transport.connect(behind))).toBe('hello\n');
      expect([first.log(), second.log()]).toEqual([accepted, accepted]);
    });

    it('goes to one of two jump hosts first when both are named', async () => {
      await using first = await startSshd();
      await using second = await startSshd();
      const sshConfigFile = configured('path', [`Host one\n${own(first)}`, `Host two\n${own(second)}`]);
      const knownHostsFiles = [first, second, sshd].map((server) => server.knownHostsFile);
      const behind = target(sshd, { proxyJump: 'one, two', sshConfigFile, knownHostsFiles });
      expect(await echo(await transport.connect(behind))).toBe('hello\n');
      expect([first.log(), second.log()]).toEqual([accepted, accepted]);
    });

    it('is open for hosts with the right key while others with a wrong one are refused', async () => {
      await using bastion = await startSshd();
      const knownHostsFiles = [bastion.knownHostsFile, sshd.knownHostsFile];
      const wrong = makeKey(bastion.directory, 'wrong', 'ed25519');
      const behind = (key: string): ConnectionTarget =>
        target(sshd, {
          proxyJump: `127.0.0.1:${bastion.port}`,
          knownHostsFiles,
          identityFiles: [key, sshd.identityFile],
        });
      const outcomes = await Promise.allSettled(
        [wrong, bastion.identityFile].map((key) => transport.connect(behind(key)).then(echo)),
      );
      expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'fulfilled']);
    });

    it('is refused when it leads in a circle', async () => {
      const sshConfigFile = configured('circle', [`Host one\n${own(sshd)}`, 'Host *\n  ProxyJump one']);
      const failure = await refusal(target(sshd, { sshConfigFile }));
      expect(failure.message).toMatch(/jump host one: .*in a circle.*Host \* !one/);
    });
  });

  it('is the one named first, by ProxyJump or ProxyCommand', async () => {
    const through = (...lines: readonly string[]): ConnectionTarget =>
      target(sshd, {
        sshConfigFile: configured(lines.join().replaceAll(/\W/g, ''), [`Host *\n  ${lines.join('\n  ')}`]),
      });
    const closed = `ProxyJump 127.0.0.1:${await freePort()}`;
    const open = 'ProxyCommand busybox nc %h %p';
    expect(await echo(await transport.connect(through(open, closed)))).toBe('hello\n');
    expect(await echo(await transport.connect(through('ProxyJump none', 'ProxyCommand false')))).toBe('hello\n');
    expect((await refusal(through(closed, open))).message).toMatch(/jump host/);
    const argued = { ...through('ProxyCommand false'), sshArgs: [`-o "${open}"`] };
    expect(await echo(await transport.connect(argued))).toBe('hello\n');
  });

  const accepted = expect.stringMatching(/Accepted publickey/);
  const own = (server: Sshd): string =>
    `  HostName 127.0.0.1\n  Port ${server.port}\n  User ${server.user}\n  IdentityFile ${server.identityFile}\n`;
  const configured = (name: string, blocks: readonly string[]): string => {
    const file = join(sshd.directory, `config-${name}`);
    writeFileSync(file, blocks.join('\n'));
    return file;
  };
});
