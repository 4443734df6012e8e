import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { startSshd } from '../../test/support/sshd.ts';
import type { Sshd } from '../../test/support/sshd.ts';
import { program, script } from '../contract/command.ts';
import type { Become } from '../contract/connection.ts';
import { createTransport } from './transport.ts';

const NAME = `tspd${process.pid.toString(36)}`;
const CONFIG = '/etc/doas.conf';
const isRoot = process.getuid?.() === 0;

/** Needs root: makes a user, and lines of its own in doas.conf for as long as it runs. */
describe.runIf(isRoot)('becoming another user without sudo', () => {
  const transport = createTransport();
  const before = existsSync(CONFIG) ? readFileSync(CONFIG, 'utf8') : undefined;
  let sshd: Sshd;

  beforeAll(async () => {
    // Without PAM sshd refuses an account that is locked by "!", as useradd makes it; "*" only has no password.
    execFileSync('useradd', ['-M', '-p', '*', '-d', '/', '-s', '/bin/sh', NAME]);
    const rules = `permit nopass ${NAME} as root\npermit nopass ${NAME} as nobody\n`;
    writeFileSync(CONFIG, `${before ?? ''}\n${rules}`, { mode: 0o600 });
    sshd = await startSshd();
    chmodSync(sshd.directory, 0o755);
  });
  afterAll(async () => {
    await transport.close();
    await sshd.stop();
    if (before === undefined) rmSync(CONFIG);
    else writeFileSync(CONFIG, before);
    execFileSync('userdel', ['-f', NAME], { stdio: 'ignore' });
  });

  async function namesAs(user: string, become: Become): Promise<readonly string[]> {
    const { address, port, identityFile, knownHostsFile } = sshd;
    const connection = await transport.connect({
      host: 'gpu01',
      kind: 'ssh',
      address,
      port,
      user,
      identityFiles: [identityFile],
      knownHostsFiles: [knownHostsFile],
      hostKeyPolicy: 'strict',
      connectTimeoutMs: 8000,
      sshConfigFile: '/dev/null',
    });
    const commands = [program(['id', '-un']), script('cat; printf " %s" "$1"', ["it's"], { stdin: 'to stdin' })];
    const outputs = await connection.exchange(commands, { deadlineMs: 15_000, become });
    const login = await connection.exchange([program(['id', '-un'])], { deadlineMs: 15_000 });
    await connection.close();
    return [...outputs, ...login].map(({ stdout }) => Buffer.from(stdout).toString().trim());
  }

  it.each(['root', 'nobody'])('becomes %s through doas, where it needs no password', async (user) => {
    expect(await namesAs(NAME, { method: 'doas', user })).toEqual([user, "to stdin it's", NAME]);
  });

  it('is refused by doas for whom no rule is meant, with what to do', async () => {
    await expect(namesAs(NAME, { method: 'doas', user: 'daemon' })).rejects.toThrow(/become daemon.*permit nopass/);
  });

  it.each(['nobody', NAME])('becomes %s through su, where the login is root', async (user) => {
    expect(await namesAs('root', { method: 'su', user })).toEqual([user, "to stdin it's", 'root']);
  });

  it('says what su, sudo and doas lack on a host that has none of them', async () => {
    await using bare = await startSshd({ config: ['SetEnv PATH=/nowhere'] });
    chmodSync(bare.directory, 0o755);
    const whole = sshd;
    sshd = bare;
    for (const method of ['su', 'sudo', 'doas'] as const)
      await expect(namesAs('root', { method, user: 'nobody' })).rejects.toThrow(new RegExp(`Install ${method} there`));
    sshd = whole;
  });
});
