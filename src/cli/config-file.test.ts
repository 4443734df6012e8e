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
[ssh_connection]
timeout = 99
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
  });
});

test('turning host key checking off is refused, with the line', () => {
  const directory = workspace({ 'ansible.cfg': '[defaults]\nhost_key_checking = False\n' });
  const [problem] = readConfigFile({}, directory).problems.list;
  expect(problem).toMatchObject({ severity: 'error', message: expect.stringMatching(/always checked/) });
  expect(problem?.position).toMatchObject({ line: 2 });
});

test('a value that is no number, and a named file that is not there, are mistakes', () => {
  const directory = workspace({ 'ansible.cfg': '[defaults]\nforks = many\n' });
  expect(readConfigFile({}, directory).problems.hasErrors).toBe(true);
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
