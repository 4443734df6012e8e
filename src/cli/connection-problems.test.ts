import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { DEFAULTS, play, type PlayCall, workspace } from '../../test/support/play.ts';
import { formatProblem } from '../contract/problem.ts';

const PING = '- hosts: all\n  gather_facts: false\n  tasks: [{ping: }]\n';
const NO_KEY = 'ansible_ssh_private_key_file: there is no key file /nosuch/key';

interface Given extends PlayCall {
  readonly site?: string;
  readonly files?: Readonly<Record<string, string>>;
  readonly agent?: string;
}

/** What is said before a run; paths without the directory. The hosts' names lead nowhere. */
async function problemsOf(hosts: string, { site = PING, files = {}, agent = '', ...call }: Given = {}) {
  const directory = workspace({ 'site.yaml': site, 'hosts.ini': hosts, ...files });
  vi.stubEnv('SSH_AUTH_SOCK', agent);
  const { problems } = await play(join(directory, 'site.yaml'), {
    ...DEFAULTS,
    inventory: [join(directory, 'hosts.ini')],
    ...call,
  }).finally(() => vi.unstubAllEnvs());
  return problems.map((one) => `${one.severity}: ${formatProblem(one)}`.replaceAll(`${directory}/`, ''));
}

describe('what an inventory says of the way to a host is found wrong before the host is contacted', () => {
  test.each([
    ['ansible_port=abc', 'ansible_port: a port must be 1 to 65535, not abc'],
    ['ansible_port=99999', 'ansible_port: a port must be 1 to 65535, not 99999'],
    ['ansible_connection=winrm', 'ansible_connection: connection winrm is not supported; use ssh or local'],
    ['ansible_become=maybe', 'ansible_become: it must be true or false, not "maybe"'],
    ['ansible_become_method=sodu', 'ansible_become_method: become method sodu is not supported; use sudo, doas or su'],
    [
      'ansible_ssh_common_args="-o Foo=1"',
      'ansible_ssh_common_args: the ssh argument `-o Foo=1` is not supported; take it out of ansible_ssh_args, ansible_ssh_common_args or ansible_ssh_extra_args, or put what it means into ~/.ssh/config',
    ],
    ['ansible_ssh_extra_args="-F /nosuch"', 'ansible_ssh_extra_args: there is no ssh configuration /nosuch'],
    ['ansible_ssh_private_key_file=/nosuch/key', NO_KEY],
    ['ansible_private_key_file=/', 'ansible_private_key_file: / is a directory, not a private key'],
  ])('%s', async (word, message) => {
    expect(await problemsOf(`h.invalid ${word}\n`)).toEqual([`error: hosts.ini:1:11  ${message}`]);
  });

  test('a key that others may read, with what to do', async () => {
    const directory = workspace({ key: '' });
    chmodSync(join(directory, 'key'), 0o644);
    expect(await problemsOf(`h.invalid ansible_ssh_private_key_file=${directory}/key\n`)).toEqual([
      expect.stringMatching(/key may be read by others \(mode 0644\); run chmod 600 .*key$/),
    ]);
  });

  test('all of it together, what a group says only once', async () => {
    const hosts = '[g]\na.invalid ansible_port=0\nb.invalid ansible_port=x\n[g:vars]\nansible_connection=telnet\n';
    expect(await problemsOf(hosts, { site: `${PING}${PING}` })).toHaveLength(3);
  });

  test('on the command line too', async () => {
    const call = { privateKey: '/nosuch/key', sshCommonArgs: '-o Foo=1' };
    expect(await problemsOf('h.invalid\n', call)).toEqual([
      'error: --private-key: there is no key file /nosuch/key',
      expect.stringMatching(/^error: --ssh-common-args: the ssh argument `-o Foo=1`/),
    ]);
  });
});

test('keys are not looked for where nothing will be run', async () => {
  const hosts = 'h.invalid ansible_ssh_private_key_file=/nosuch/key ansible_port=0\n';
  expect(await problemsOf(hosts, { syntaxCheck: true, listTasks: true })).toEqual([
    'error: hosts.ini:1:52  ansible_port: a port must be 1 to 65535, not 0',
  ]);
});

describe('a missing key file is only a warning', () => {
  const hosts = 'h.invalid ansible_ssh_private_key_file=/nosuch/key\n';

  test('where an agent may have the key', async () => {
    expect(await problemsOf(hosts, { agent: '/nosuch/agent' })).toEqual([`warning: hosts.ini:1:11  ${NO_KEY}`]);
  });

  test('where a play on the controller may make it', async () => {
    const site = `- hosts: localhost\n  gather_facts: false\n  tasks: [{fail: }]\n${PING}`;
    expect(await problemsOf(hosts, { site })).toEqual([`warning: hosts.ini:1:11  ${NO_KEY}`]);
  });
});

describe('nothing is said of what the run may not use', () => {
  const wrong = 'h.invalid ansible_port=0 ansible_connection=winrm ansible_ssh_private_key_file=/nosuch\n';

  test.each([
    ['templates', 'h.invalid ansible_port="{{ p }}"\n', PING],
    ['a host that is in no play', wrong, PING.replace('all', 'others')],
    ['tasks that are all delegated', wrong, PING.replace('ping: ', 'ping: , delegate_to: localhost')],
    ['tasks that say themselves how to connect', wrong, PING.replace('ping: ', 'ping: , vars: {ansible_port: 1}')],
    ['keys and ports of a host that is this machine', 'h ansible_connection=local ansible_port=0\n', PING],
  ])('%s', async (_, hosts, site) => {
    const problems = await problemsOf(hosts, { site, extraVars: ['p=0'] });
    expect(problems.filter((problem) => problem.includes('ansible_'))).toEqual([]);
  });
});
