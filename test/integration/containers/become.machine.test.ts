import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Container, inventoryOf, startContainer } from '../../support/containers.ts';
import { type Played, play, workspace } from '../../support/play.ts';
import { complaints } from '../support/look.ts';

const PASSWORD = 'correct horse';
const SITE = `
- hosts: all
  gather_facts: false
  become: true
  tasks:
    - name: Ask who
      command: id -un
      register: who
    - name: Leave a file
      copy: {content: "{{ who.stdout }}\\n", dest: /etc/made-by, mode: "0600"}
`;

async function playAs(container: Container, password?: string): Promise<Played> {
  const vars = { ...(password === undefined ? {} : { ansible_become_password: password }) };
  const ops: Container = { ...container, vars: { ...container.vars, ansible_user: 'ops' } };
  const directory = workspace({ 'site.yaml': SITE });
  return play(`${directory}/site.yaml`, { inventory: [inventoryOf({ h1: ops }, vars)] });
}

async function expectMadeByRoot(container: Container): Promise<void> {
  expect(await container.look(['stat', '-c', '%U %a', '/etc/made-by'])).toBe('root 600\n');
  expect(await container.look(['cat', '/etc/made-by'])).toBe('root\n');
}

it('a host without sudo says so, and what to do', async () => {
  await using host = await startContainer('base');
  const said = complaints(await playAs(host)).get('h1');
  expect(said).toMatch(/ops could not become root with sudo: .*not found/);
  expect(said).toContain('Install sudo there, or log in as root');
});

describe.each(['sudo-password', 'sudo-rs'])('%s', (image) => {
  let host: Container;
  beforeAll(async () => {
    host = await startContainer(image);
  });
  afterAll(() => host?.stop());

  it('without a password is told apart from a wrong one', async () => {
    const run = await playAs(host);
    expect(run.exitCode).not.toBe(0);
    expect(complaints(run).get('h1')).toMatch(/Give a password \(ansible_become_password, --ask-become-pass\)/);
  });

  it('a wrong password is tried once', async () => {
    const run = await playAs(host, 'battery staple');
    expect(run.exitCode).not.toBe(0);
    expect(complaints(run).get('h1')).toMatch(/wrong password \(tried once\)/);
    expect((await host.exec(['test', '-e', '/etc/made-by'])).code).toBe(1);
  });

  it('the right one makes a root of the user', async () => {
    const run = await playAs(host, PASSWORD);
    expect(complaints(run)).toEqual(new Map());
    expect(run.exitCode).toBe(0);
    await expectMadeByRoot(host);
  });

  it('and is nowhere on the host afterwards', async () => {
    const where = "grep -rlF 'correct horse' /etc /home /tmp /run /var/tmp /var/log 2>/dev/null; true";
    expect(await host.look(['sh', '-c', where])).toBe('');
    expect(
      await host.look(['sh', '-c', 'cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ | tr "\\0" "\\n"']),
    ).not.toContain(`${PASSWORD}\n`);
  });
});
