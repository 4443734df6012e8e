import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { workspace } from '../../test/support/play.ts';
import { readConfigFile } from './config-file.ts';

test('takes the settings that have a meaning here, paths from the file’s own directory', () => {
  const directory = workspace({
    'site/ansible.cfg': `[defaults]
inventory = hosts.ini, more/
roles_path = roles:/srv/roles
forks=12 ; at home
remote_user = ops
private_key_file = keys/id
timeout = 5
vault_password_file = .vault
force_handlers = yes
stdout_callback = yaml
[privilege_escalation]
become = True
become_method = doas
become_user = deploy
become_ask_pass = False
[ssh_connection]
timeout = 99
pipelining = True
ssh_extra_args = -o ServerAliveInterval=5
ssh_args = -F ssh.cfg -o ControlPersist=60s
`,
  });
  const site = join(directory, 'site');
  const { problems, ...settings } = readConfigFile({ ANSIBLE_CONFIG: 'site/ansible.cfg' }, directory);
  expect(problems.list).toEqual([]);
  expect(settings).toEqual({
    inventory: [join(site, 'hosts.ini'), join(site, 'more')],
    rolesPath: [join(site, 'roles'), '/srv/roles'],
    forks: 12,
    remoteUser: 'ops',
    privateKeyFile: join(site, 'keys/id'),
    timeout: 5,
    vaultPasswordFile: join(site, '.vault'),
    forceHandlers: true,
    become: true,
    becomeMethod: 'doas',
    becomeUser: 'deploy',
    askBecomePass: false,
    sshArgs: '-F ssh.cfg -o ControlPersist=60s -o ServerAliveInterval=5',
  });
});

test('turning host key checking off is refused, with the line', () => {
  const directory = workspace({ 'ansible.cfg': '[defaults]\nhost_key_checking = False\n' });
  const [problem] = readConfigFile({}, directory).problems.list;
  expect(problem).toMatchObject({ severity: 'error', message: expect.stringMatching(/always checked/) });
  expect(problem?.position).toMatchObject({ line: 2 });
});

test('a value that is no number, and a named file that is not there, are mistakes', () => {
  for (const text of ['[defaults]\nforks = many\n', '[privilege_escalation]\nbecome_method = runas\n'])
    expect(readConfigFile({}, workspace({ 'ansible.cfg': text })).problems.hasErrors).toBe(true);
  const directory = workspace();
  expect(readConfigFile({ ANSIBLE_CONFIG: 'none.cfg' }, directory).problems.hasErrors).toBe(true);
});

test('a file that anybody could have put here is not read', () => {
  const directory = workspace({ 'ansible.cfg': '[defaults]\nforks = 3\n' });
  chmodSync(directory, 0o777);
  const config = readConfigFile({}, directory);
  expect(config.forks).toBeUndefined();
  expect(config.problems.list).toMatchObject([{ severity: 'warning' }]);
});

test('without a file there are no settings', () => {
  expect(Object.keys(readConfigFile({}, workspace()))).toEqual(['problems']);
});
