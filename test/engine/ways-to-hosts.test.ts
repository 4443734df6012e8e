import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { play, workspace } from '../support/play.ts';
import { startSshd } from '../support/sshd.ts';
import type { Sshd } from '../support/sshd.ts';

const PLAYBOOK = `
- hosts: all
  gather_facts: false
  tasks:
    - name: where
      shell: echo "$SSH_CONNECTION"
`;

let bastion: Sshd;
let sshd: Sshd;

beforeAll(async () => {
  [bastion, sshd] = await Promise.all([startSshd(), startSshd()]);
});
afterAll(async () => {
  await Promise.all([bastion.stop(), sshd.stop()]);
});

function hosts(lines: string): string {
  return workspace({
    'site.yaml': PLAYBOOK,
    known_hosts: readFileSync(bastion.knownHostsFile, 'utf8') + readFileSync(sshd.knownHostsFile, 'utf8'),
    'hosts.ini': lines,
    ssh_config: [
      `Host bastion\n  HostName 127.0.0.1\n  Port ${bastion.port}\n  IdentityFile ${bastion.identityFile}`,
      `Host *\n  UserKnownHostsFile ${bastion.knownHostsFile}\n`,
    ].join('\n'),
  });
}

/** By host: the port it was reached at, empty without ssh, or why it was not. */
async function where(directory: string): Promise<Readonly<Record<string, unknown>>> {
  const played = await play(join(directory, 'site.yaml'), { inventory: [join(directory, 'hosts.ini')] });
  return Object.fromEntries(
    [...played.results('where')].map(([host, { status, message, values }]) => [
      host,
      status === 'changed' ? String(values.stdout).split(' ').at(-1) : message,
    ]),
  );
}

test('the way through a bastion is written as everybody writes it for Ansible', async () => {
  const directory = hosts('');
  const config = join(directory, 'ssh_config');
  const known = `-o UserKnownHostsFile=${join(directory, 'known_hosts')}`;
  const ways = [
    `'${known} -o ProxyCommand="ssh -F ${config} -W %h:%p -q bastion"'`,
    `"${known} -o 'ProxyCommand=ssh -F ${config} -W %h:%p -q bastion'"`,
    `'${known} -F ${config} -o ProxyJump=bastion'`,
    `'${known} -F ${config} -J bastion'`,
  ];
  const names = ['common', 'extra', 'common', ''].map((name) => `ansible_ssh_${name}_args`.replace('__', '_'));
  const lines = ways.map((way, index) => `gpu${index} ${names[index]}=${way}`);
  const all = `[all:vars]\nansible_host=127.0.0.1\nansible_port=${sshd.port}\nansible_ssh_private_key_file=${sshd.identityFile}\n`;
  const inventory = workspace({ 'site.yaml': PLAYBOOK, 'hosts.ini': `${lines.join('\n')}\n${all}` });
  expect(await where(inventory)).toEqual(
    Object.fromEntries(ways.map((_, index) => [`gpu${index}`, String(sshd.port)])),
  );
});

test('a localhost that the inventory gives a port is reached there, not run on this machine', async () => {
  const args = `ansible_ssh_common_args='-o UserKnownHostsFile=${sshd.knownHostsFile} -F none'`;
  const inventory = hosts(
    `localhost ansible_port=${sshd.port} ansible_host=127.0.0.1 ansible_ssh_private_key_file=${sshd.identityFile} ${args}\n127.0.0.1\n`,
  );
  expect(await where(inventory)).toEqual({ localhost: String(sshd.port), '127.0.0.1': '' });
});
