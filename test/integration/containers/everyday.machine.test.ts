import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Container, inventoryOf, startContainer } from '../../support/containers.ts';
import { play, type PlayCall, workspace } from '../../support/play.ts';
import { complaints, tasksOf } from '../support/look.ts';

const PACKAGE = 'nova-compute-stand-in';
const site = (version: string, extra = ''): string => `
- hosts: all
  gather_facts: false
  handlers:
    - name: restart nova-compute
      systemd_service: {name: nova-compute, state: restarted}
  tasks:
    - name: The package
      apt: {name: "${PACKAGE}=${version}", update_cache: true, cache_valid_time: 86400, allow_downgrade: true}
    - name: A drop-in
      copy:
        content: "[Service]\\nEnvironment=GPU=1\\n"
        dest: /etc/systemd/system/nova-compute.service.d/gpu.conf
      notify: restart nova-compute
    - name: The service
      systemd_service: {name: nova-compute, state: started, enabled: true, daemon_reload: true}
    - name: Its configuration
      lineinfile: {path: /etc/nova/nova.conf, line: "debug = true", insertafter: EOF}
      notify: restart nova-compute
${extra}`;

describe('a Debian with real apt, dpkg and systemd', () => {
  let host: Container;
  const run = (text: string, call: PlayCall = {}) => {
    const files = { 'site.yaml': text };
    return play(join(workspace(files), 'site.yaml'), {
      inventory: [inventoryOf({ h1: host })],
      taskTimeout: 120,
      ...call,
    });
  };
  const show = async (property: string): Promise<string> =>
    (await host.look(['systemctl', 'show', '-P', property, 'nova-compute'])).trim();

  beforeAll(async () => {
    host = await startContainer('debian-services', { hasSystemd: true });
    await host.look(['mkdir', '-p', '/etc/systemd/system/nova-compute.service.d']);
    const state = await host.exec(['systemctl', 'is-system-running', '--wait']);
    expect(state.output.trim()).toBe('running');
  });
  afterAll(() => host?.stop());

  it('has had its package lists emptied a moment ago, as small images have: no refresh would find the package', async () => {
    expect(await host.look(['sh', '-c', 'ls /var/lib/apt/lists | grep -c _ || true'])).toBe('0\n');
    await host.look(['touch', '/var/lib/apt/lists']);
  });

  it('gets the package, its configuration, and the service started and enabled', async () => {
    const first = await run(site('1.0'));
    expect(complaints(first)).toEqual(new Map());
    expect(first.exitCode).toBe(0);
    expect(await host.look(['dpkg-query', '-W', '-f', '${Version} ${Status}', PACKAGE])).toBe(
      '1.0 install ok installed',
    );
    expect(await show('ActiveState')).toBe('active');
    expect(await show('UnitFileState')).toBe('enabled');
    expect(await show('Environment')).toBe('GPU=1');
  });

  it('is left alone the second time: nothing changed, nothing restarted', async () => {
    const pid = await show('MainPID');
    const again = await run(site('1.0'));
    expect(tasksOf(again, 'changed')).toEqual(new Map());
    expect(await show('MainPID')).toBe(pid);
    expect((await run(site('1.0'), { mode: 'check' })).exitCode).toBe(0);
  });

  it('takes the newer package, tells systemd of its unit, and keeps the file that was edited', async () => {
    const upgraded = await run(site('1.1'));
    expect(tasksOf(upgraded, 'changed')).toEqual(new Map([['h1', ['The package', 'The service']]]));
    expect(await host.look(['dpkg-query', '-W', '-f', '${Version}', PACKAGE])).toBe('1.1');
    expect(await host.look(['cat', '/etc/nova/nova.conf'])).toContain('debug = true');
  });

  it('restarts the service when its configuration changed, and only then', async () => {
    const pid = await show('MainPID');
    await host.look(['sed', '-i', '/debug/d', '/etc/nova/nova.conf']);
    const mended = await run(site('1.1'));
    expect(tasksOf(mended, 'changed')).toEqual(new Map([['h1', ['Its configuration', 'restart nova-compute']]]));
    expect(await show('MainPID')).not.toBe(pid);
  });

  it('says why a service does not start', async () => {
    const broken = await run(
      site(
        '1.1',
        '    - name: Break it\n      copy: {content: "[Service]\\nExecStartPre=/bin/false\\n", dest: /etc/systemd/system/nova-compute.service.d/gpu.conf}\n    - systemd_service: {name: nova-compute, state: restarted, daemon_reload: true}\n',
      ),
    );
    expect(broken.exitCode).toBe(2);
    expect(complaints(broken).get('h1')).toMatch(/nova-compute.*control process exited with error code/s);
    await host.look(['rm', '/etc/systemd/system/nova-compute.service.d/gpu.conf']);
    await host.look(['sh', '-c', 'systemctl daemon-reload && systemctl restart nova-compute']);
  });

  it('stops, masks and removes', async () => {
    const text = `
- hosts: all
  gather_facts: false
  tasks:
    - systemd_service: {name: nova-compute, state: stopped, enabled: false, masked: true}
    - apt: {name: ${PACKAGE}, state: absent, purge: true}
`;
    const gone = await run(text);
    expect(complaints(gone)).toEqual(new Map());
    expect(await show('ActiveState')).toBe('inactive');
    expect((await host.exec(['test', '-e', '/etc/nova/nova.conf'])).code).toBe(1);
    expect(tasksOf(await run(text), 'changed')).toEqual(new Map());
  });
});
