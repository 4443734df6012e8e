import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { playText } from '../../../test/support/play.ts';

const OLD = `[DEFAULT]
transport_url = rabbit://nova:oldpass99@mq
[database]
connection = mysql://nova:oldpass88@db/nova
[cache]
backend_argument = password:oldpass77
`;

it('no event holds a secret of the file or of the task: not the diff, the result, what is registered, or what is debugged', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'nova-secrets-'));
  const conf = join(directory, 'nova.conf');
  writeFileSync(conf, OLD);
  const playbook = `- hosts: all
  gather_facts: false
  tasks:
    - name: configuration
      nova-conf:
        path: ${conf}
        files: [${conf}]
        release: '2025.1'
        options:
          keystone_authtoken: {password: newpass66}
          database: {connection: "mysql://nova:newpass55@db/nova"}
          cache: {backend_argument: ["password:newpass44"]}
      register: registered
    - debug: {var: registered}
`;
  for (const mode of ['check', 'run'] as const) {
    const played = await playText(playbook, { mode, diff: true });
    expect(played.exitCode).toBe(mode === 'check' ? 3 : 0);
    const said = JSON.stringify(played.events) + played.log.join('\n');
    expect(said).toContain('********');
    expect(said).not.toMatch(/(old|new)pass\d\d/);
  }
  expect(readFileSync(conf, 'utf8')).toContain('newpass44');
  rmSync(directory, { recursive: true });
});
