import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { startSshd } from '../../test/support/sshd.ts';
import type { Sshd } from '../../test/support/sshd.ts';
import { program } from '../contract/command.ts';
import { BecomeFailed } from '../contract/connection.ts';
import type { Become, Connection } from '../contract/connection.ts';
import { Secret } from '../contract/secret.ts';
import { createTransport } from './transport.ts';

const NAME = `tsp${process.pid.toString(36)}${Math.floor(Math.random() * 1e4).toString(36)}`;
const PASSWORD = `pa'ss "w$\\ rd é{{7*7}}%`;
const isRoot = process.getuid?.() === 0;

/** Needs root: makes a user and a sudoers file of its own, and takes both away again. */
describe.runIf(isRoot)('becoming another user', () => {
  let sshd: Sshd;
  let home: string;
  const transport = createTransport();
  const sudoers = `/etc/sudoers.d/${NAME}`;

  beforeAll(async () => {
    home = mkdtempSync('/tmp/become-');
    chmodSync(home, 0o755);
    for (const user of [`${NAME}p`, `${NAME}n`, `${NAME}x`])
      execFileSync('useradd', ['-M', '-d', home, '-s', '/bin/bash', user]);
    execFileSync('chpasswd', { input: `${NAME}p:${PASSWORD}\n${NAME}x:${PASSWORD}\n${NAME}n:x${PASSWORD}\n` });
    writeFileSync(
      sudoers,
      `${NAME}p ALL=(ALL) ALL\n${NAME}n ALL=(ALL) NOPASSWD: ALL\nDefaults:${NAME}p passwd_tries=3,timestamp_timeout=0\n`,
      { mode: 0o440 },
    );
    sshd = await startSshd({ home });
    chmodSync(sshd.directory, 0o755);
  });
  afterAll(async () => {
    await transport.close();
    await sshd.stop();
    rmSync(sudoers, { force: true });
    for (const user of [`${NAME}p`, `${NAME}n`, `${NAME}x`]) execFileSync('userdel', ['-f', user], { stdio: 'ignore' });
    rmSync(home, { recursive: true, force: true });
  });

  const connect = (user: string, host = 'gpu01', server = sshd): Promise<Connection> =>
    transport.connect({
      host,
      kind: 'ssh',
      address: '127.0.0.1',
      port: server.port,
      user,
      identityFiles: [server.identityFile],
      knownHostsFiles: [server.knownHostsFile],
      hostKeyPolicy: 'strict',
      connectTimeoutMs: 8000,
      sshConfigFile: '/dev/null',
    });

  async function whoIs(user: string, become: Become, host?: string, server?: Sshd): Promise<string> {
    const connection = await connect(user, host, server);
    try {
      const [output] = await connection.exchange([program(['id', '-un'])], { deadlineMs: 15_000, become });
      return Buffer.from(output?.stdout ?? [])
        .toString()
        .trim();
    } finally {
      await connection.close();
    }
  }

  const failureOf = (attempt: Promise<unknown>): Promise<unknown> =>
    attempt.then(
      () => 'no failure',
      (error: unknown) => error,
    );
  const sudo = (user: string, password?: string): Become => ({
    method: 'sudo',
    user,
    ...(password !== undefined && { password: new Secret(password) }),
  });

  it('needs no sudo for the user who logged in', async () => {
    expect(await whoIs('root', { method: 'doas', user: 'root' })).toBe('root');
  });

  it('uses sudo without a password where it is allowed, also when one is given', async () => {
    expect(await whoIs(`${NAME}n`, sudo('root'))).toBe('root');
    expect(await whoIs(`${NAME}n`, sudo('nobody', 'never asked for'))).toBe('nobody');
  });

  it('answers the prompt of sudo with the password, verbatim (B12)', async () => {
    expect(await whoIs(`${NAME}p`, sudo('root', PASSWORD))).toBe('root');
  });

  it('works on this machine too', async () => {
    const connection = await transport.connect({
      host: 'here',
      kind: 'local',
      address: 'localhost',
      hostKeyPolicy: 'strict',
      connectTimeoutMs: 5000,
    });
    const [output] = await connection.exchange([program(['id', '-un'])], { deadlineMs: 5000, become: sudo('nobody') });
    expect(String(output?.stdout)).toBe('nobody\n');
    await connection.close();
  });

  it('runs both users on one connection, each in a shell of its own', async () => {
    const connection = await connect(`${NAME}n`);
    const run = async (become?: Become) =>
      connection.exchange([program(['id', '-un'])], { deadlineMs: 15_000, ...(become && { become }) });
    const names = (await Promise.all([run(), run(sudo('root')), run(), run(sudo('root'))])).map(([output]) =>
      String(output?.stdout).trim(),
    );
    expect(names).toEqual([`${NAME}n`, 'root', `${NAME}n`, 'root']);
    await connection.close();
  });

  it('takes turns where the server allows one session (A8)', async () => {
    await using narrow = await startSshd({ config: ['MaxSessions 1'] });
    chmodSync(narrow.directory, 0o755);
    const connection = await connect('root', 'gpu01', narrow);
    const run = async (become?: Become) =>
      connection.exchange([program(['id', '-un'])], { deadlineMs: 15_000, ...(become && { become }) });
    const names = (await Promise.all([run(), run(sudo('nobody')), run(), run(sudo('nobody'))])).map(([output]) =>
      String(output?.stdout).trim(),
    );
    expect(names).toEqual(['root', 'nobody', 'root', 'nobody']);
    await connection.close();
  });

  it('kills what runs as the other user at the deadline', async () => {
    const connection = await connect(`${NAME}n`);
    const unique = `40${Math.floor(Math.random() * 1e6)}`;
    const hanging = connection.exchange([program(['sleep', unique])], { deadlineMs: 1500, become: sudo('root') });
    await expect(hanging).rejects.toThrow(/it was stopped/);
    const [left] = await connection.exchange([program(['ps', 'ax', '-o', 'args'])], { deadlineMs: 15_000 });
    expect(String(left?.stdout)).not.toContain(`sleep ${unique}`);
    await connection.close();
  });

  it('says that a password is needed', async () => {
    const failure = await failureOf(whoIs(`${NAME}p`, sudo('root')));
    expect(failure).toBeInstanceOf(BecomeFailed);
    expect(String(failure)).toMatch(
      /gpu01: .* could not become root with sudo: .*password is required.*ansible_become_password/,
    );
  });

  it('tries a wrong password once a host, and on no more than three hosts (B9)', async () => {
    const wrong = sudo('root', 'wrong one');
    const hosts = ['h1', 'h2', 'h3', 'h4', 'h5', 'h6'];
    const failures = await Promise.all(hosts.map((host) => failureOf(whoIs(`${NAME}p`, wrong, host))));
    expect(failures.every((failure) => failure instanceof BecomeFailed)).toBe(true);
    expect(failures.filter((failure) => /wrong password \(tried once\)/.test(String(failure)))).toHaveLength(3);
    expect(failures.filter((failure) => /was not tried here, because/.test(String(failure)))).toHaveLength(3);
    expect(String(await failureOf(whoIs(`${NAME}p`, wrong, 'h1')))).toMatch(/not tried/);
  });

  it('does not hand the password to a start-up file that fakes a prompt (B11)', async () => {
    const stolen = join(home, 'stolen');
    const bait = `printf '[sudo] password for ${NAME}p: Password:' >&2; echo "$BASH_EXECUTION_STRING" >>${stolen}`;
    writeFileSync(join(home, '.bashrc'), `${bait}\n`, { mode: 0o644 });
    writeFileSync(stolen, '');
    chmodSync(stolen, 0o666);
    const outcome = await whoIs(`${NAME}p`, sudo('root', PASSWORD)).catch(String);
    const seen = readFileSync(stolen, 'utf8');
    rmSync(join(home, '.bashrc'));
    expect(outcome).toBe('root');
    expect(seen).toContain('exec /bin/sh');
    expect(seen).not.toContain('sudo');
    expect(seen).not.toContain("pa'ss");
  });

  it('says that the user may not, that the tool is missing, and that doas cannot ask', async () => {
    expect(String(await failureOf(whoIs(`${NAME}x`, sudo('root', PASSWORD))))).toMatch(/not in the sudoers file/);
    expect(String(await failureOf(whoIs(`${NAME}x`, { method: 'su', user: 'root' })))).toMatch(
      /su asks for a password on a terminal/,
    );
    expect(String(await failureOf(whoIs(`${NAME}x`, { method: 'doas', user: 'root' })))).toMatch(/doas.*permit nopass/);
    await using bare = await startSshd({ config: ['SetEnv PATH=/nowhere'] });
    chmodSync(bare.directory, 0o755);
    expect(String(await failureOf(whoIs(`${NAME}x`, sudo('root'), 'gpu01', bare)))).toMatch(
      /sudo: not found.*Install sudo there/,
    );
  });

  it('recognises the prompt of sudo-rs', async () => {
    const fake = join(home, 'sudo');
    const answer = 'IFS= read -r answer; [ "$answer" = "open sesame" ] || exit 1';
    writeFileSync(
      fake,
      `#!/bin/sh\nprintf '[sudo: %s] Password: ' "$3" >&2\n${answer}\nwhile [ "$1" != -- ]; do shift; done; shift; exec "$@"\n`,
      { mode: 0o755 },
    );
    await using other = await startSshd({ config: [`SetEnv PATH=${home}:/usr/bin:/bin`] });
    chmodSync(other.directory, 0o755);
    expect(await whoIs(`${NAME}x`, sudo('root', 'open sesame'), 'rs', other)).toBe(`${NAME}x`);
    rmSync(fake);
  });

  it('says that a password is needed where sudo-rs says it in other words', async () => {
    writeFileSync(join(home, 'sudo'), "#!/bin/sh\necho 'sudo: interactive authentication is required' >&2; exit 1\n", {
      mode: 0o755,
    });
    await using other = await startSshd({ config: [`SetEnv PATH=${home}:/usr/bin:/bin`] });
    chmodSync(other.directory, 0o755);
    expect(String(await failureOf(whoIs(`${NAME}x`, sudo('root'), 'rs', other)))).toMatch(/ansible_become_password/);
    rmSync(join(home, 'sudo'));
  });

  it('logs in by password only when one is given, and tries it once', async () => {
    await using open = await startSshd({ config: ['PasswordAuthentication yes', 'KbdInteractiveAuthentication yes'] });
    const login = (password?: string) =>
      transport.connect({
        host: 'gpu01',
        kind: 'ssh',
        address: '127.0.0.1',
        port: open.port,
        user: `${NAME}x`,
        identityFiles: [sshd.identityFile],
        knownHostsFiles: [open.knownHostsFile],
        hostKeyPolicy: 'strict',
        connectTimeoutMs: 8000,
        sshConfigFile: 'none',
        ...(password !== undefined && { password: new Secret(password) }),
      });
    expect(await failureOf(login())).toMatchObject({ reason: 'auth' });
    expect(open.log()).not.toContain('password');
    expect(String(await failureOf(login('wrong')))).toMatch(
      /offered .*user_key, password; the server accepts publickey, password/,
    );
    expect(open.log().match(/Failed password/g)).toHaveLength(1);
    await (await login(PASSWORD)).close();
  });

  it('refuses a password that cannot be typed on one line', async () => {
    expect(String(await failureOf(whoIs(`${NAME}p`, sudo('root', 'two\nlines'))))).toMatch(/line break or NUL/);
  });
});
