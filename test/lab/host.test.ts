import { once } from 'node:events';
import { access, readFile } from 'node:fs/promises';
import ssh2 from 'ssh2';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { host, labObstacle, run, sshWords, type TestLab, testLab } from './lab-fixture.ts';

const obstacle = labObstacle();

describe.skipIf(obstacle)(`a lab host${obstacle ? ` (left out: ${obstacle})` : ''}`, () => {
  let test: TestLab;
  beforeAll(async () => {
    test = await testLab([host('alpha'), host('beta', { role: 'controller', cards: [] })]);
  });
  afterAll(() => test?.close());

  it('runs a command for plain ssh and passes on input, output, errors and the exit code', async () => {
    const said = await test.ssh('alpha', 'hostname; cat; echo oops >&2; exit 7', 'from here');
    expect(said).toEqual({ code: 7, out: 'alpha\nfrom here', err: 'oops\n' });
  });

  it('gives a terminal to a client that asks for one', async () => {
    const [file, ...words] = sshWords(test.lab, 'alpha');
    const said = await run([file, '-tt', ...words, 'test -t 0 && test -t 1 && tty']);
    expect(said.out).toMatch(/^\/dev\/pts\/\d+\r\n$/);
  });

  it('passes megabytes through unharmed', async () => {
    const text = 'x'.repeat(3_000_000);
    expect((await test.ssh('alpha', 'cat', text)).out.length).toBe(text.length);
  });

  it('allows ten sessions on a connection, as sshd does', async () => {
    const client = new ssh2.Client();
    const { address, port } = test.lab.hosts[0] ?? {};
    client.connect({ host: address, port, username: 'root', privateKey: await readFile(test.lab.privateKeyPath) });
    await once(client, 'ready');
    const open = (): Promise<string> =>
      new Promise((resolve) => client.exec('cat', (error) => resolve(error ? 'refused' : 'open')));
    const answers = await Promise.all(Array.from({ length: 12 }, open));
    client.end();
    expect(answers.filter((answer) => answer === 'open').length).toBe(10);
  });

  it('refuses any key but its own', async () => {
    const words = sshWords(test.lab, 'alpha').map((word) => (word === test.lab.privateKeyPath ? '/dev/null' : word));
    const said = await run([...words, 'true'] as unknown as [string, ...string[]]);
    expect(said.code).toBe(255);
    expect(said.err).toContain('Permission denied (publickey)');
  });

  it('keeps what it writes from the machine and from other hosts', async () => {
    await test.ssh('alpha', 'echo mine > /etc/tsplay-lab-probe');
    expect((await test.ssh('alpha', 'cat /etc/tsplay-lab-probe')).out).toBe('mine\n');
    expect((await test.ssh('beta', 'cat /etc/tsplay-lab-probe')).code).toBe(1);
    await expect(access('/etc/tsplay-lab-probe')).rejects.toThrow('ENOENT');
  });

  it('cannot change the machine, its mounts or its devices', async () => {
    expect((await test.ssh('alpha', 'echo 1 > /proc/sys/kernel/panic')).err).toContain('Read-only file system');
    const writable = 'find /proc/irq/ /proc/bus/ /proc/fs/ /proc/sys/vm/ -type f -writable 2>/dev/null | head -3';
    expect((await test.ssh('alpha', writable)).out).toBe('');
    expect((await test.ssh('alpha', 'umount /proc')).code).not.toBe(0);
    expect((await test.ssh('alpha', 'mknod /dev/sda b 8 0')).code).not.toBe(0);
    expect((await test.ssh('alpha', 'ls /dev')).out.split('\n')).not.toContain('vda');
    expect((await test.ssh('alpha', 'ls -A /root')).out).toBe('');
  });

  it('has neither Python nor Node', async () => {
    expect((await test.ssh('alpha', 'command -v python3 python node')).code).not.toBe(0);
  });

  it('shows only its own processes', async () => {
    const { out } = await test.ssh('alpha', 'for p in /proc/[0-9]*; do cat "$p/comm" 2>/dev/null; done');
    expect(out.trim().split('\n').sort()).toEqual(['cat', 'sh']);
  });

  it('runs the Nova services of its role, and a broken nova.conf keeps one down', async () => {
    expect((await test.ssh('alpha', 'systemctl is-active nova-compute')).out).toBe('active\n');
    expect((await test.ssh('beta', 'systemctl is-active nova-api nova-scheduler nova-conductor')).out).toBe(
      'active\nactive\nactive\n',
    );
    await test.ssh('beta', 'cp /etc/nova/nova.conf /tmp/good; echo "no assignment" >> /etc/nova/nova.conf');
    const said = await test.ssh('beta', 'systemctl restart nova-scheduler; systemctl is-active nova-scheduler');
    expect(said.out).toBe('failed\n');
    expect(said.err).toContain('Job for nova-scheduler.service failed');
    expect((await test.ssh('beta', 'cp /tmp/good /etc/nova/nova.conf; systemctl restart nova-scheduler')).code).toBe(0);
  });

  it('tells when a unit became active, and enables and disables it', async () => {
    const show = 'systemctl show nova-compute -p ActiveEnterTimestamp --timestamp=us+utc --value';
    const before = (await test.ssh('alpha', show)).out;
    const after = (await test.ssh('alpha', `systemctl restart nova-compute; ${show}`)).out;
    expect(after).toMatch(/^\w{3} \d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6} UTC\n$/);
    expect(after).not.toBe(before);
    const toggled = await test.ssh(
      'alpha',
      'for v in disable enable; do systemctl -q $v nova-compute; systemctl is-enabled nova-compute; done',
    );
    expect(toggled.out).toBe('disabled\nenabled\n');
  });
});
