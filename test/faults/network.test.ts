import { createServer } from 'node:net';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { expect, onTestFinished, test } from 'vitest';
import { freePort } from '../support/sshd.ts';
import { fleet, playOf, until } from './fleet.ts';
import { canMakeNamespaces, startNamespace } from './namespace.ts';

const WRITE = `    - name: write
      copy: {dest: "{{ here }}/conf", content: "new\\n"}
`;
const KEEPALIVE = { ansible_ssh_extra_args: '-o ServerAliveInterval=1 -o ServerAliveCountMax=2' };
/** On the host with `slow`: counts its runs and then takes longer than any test waits. */
const SLOW = `    - name: slow
      shell: echo run >> {{ here }}/runs; sleep 97; echo late >> {{ here }}/runs
      when: slow | default(false)
`;

/** proc_pid_io(5) */
function bytesRead(pid: number): number {
  return Number(/rchar: (\d+)/.exec(readFileSync(`/proc/${pid}/io`, 'utf8'))?.[1] ?? 0);
}

test.runIf(canMakeNamespaces)(
  'A1: a firewall that drops everything (blackhole route in a network namespace) is unreachable at the connect deadline, and others go on',
  async () => {
    const namespace = startNamespace();
    const hosts = await fleet({ dark: { sshd: namespace.sshd, vars: { ansible_ssh_timeout: 2 } }, h1: {}, h2: {} });
    namespace.silence();
    const told = await hosts.run(playOf(WRITE));
    expect(told.code).toBe(4);
    expect(told.result('write', 'dark')).toMatchObject({
      status: 'unreachable',
      message: expect.stringMatching(/did not answer within 2 s.*firewall/),
    });
    expect(told.recap.get('dark')).toMatchObject({ unreachable: 1, changed: 0, stoppedAt: expect.any(String) });
    for (const host of ['h1', 'h2']) expect(told.recap.get(host)).toMatchObject({ changed: 1, failed: 0 });
    expect(existsSync(hosts.at('dark', 'conf'))).toBe(false);
    namespace.speak();
    await hosts.run(playOf(WRITE));
    const again = await hosts.run(playOf(WRITE));
    expect([...again.recap.values()].map(({ changed }) => changed)).toEqual([0, 0, 0]);
    expect(again.code).toBe(0);
  },
);

test('A1b: a listener that accepts and never greets is unreachable at the connect deadline', async () => {
  const silent = createServer(() => {}).listen(0, '127.0.0.1');
  await new Promise((resolve) => silent.once('listening', resolve));
  onTestFinished(() => void silent.close());
  const address = silent.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  const hosts = await fleet({ mute: { vars: { ansible_port: port, ansible_ssh_timeout: 1 } }, h1: {} });
  const told = await hosts.run(playOf(WRITE));
  expect(told.code).toBe(4);
  expect(told.result('write', 'mute').message).toMatch(/did not greet within 1 s/);
  expect(told.result('write', 'h1').status).toBe('changed');
});

test('A2: a port that refuses is unreachable at once, after one attempt', async () => {
  const hosts = await fleet({ shut: { vars: { ansible_port: await freePort() } }, h1: {} });
  const told = await hosts.run(playOf(WRITE));
  expect(told.code).toBe(4);
  expect(told.result('write', 'shut').message).toMatch(/refused the connection; is sshd running/);
  const failed = told.events.find((event) => event.type === 'task.finished' && event.host === 'shut');
  const started = told.events.find((event) => event.type === 'task.started' && event.host === 'shut');
  expect((failed?.at ?? 99_999) - (started?.at ?? 0)).toBeLessThan(2000);
  expect(told.result('write', 'h1').status).toBe('changed');
});

test.runIf(canMakeNamespaces)(
  'A4: a network that goes silent under a running task leaves the host unreachable with an unknown outcome within the keepalive bound',
  async () => {
    const namespace = startNamespace();
    const hosts = await fleet({ far: { sshd: namespace.sshd, vars: { slow: true, ...KEEPALIVE } }, h1: {} });
    const running = hosts.start(playOf(SLOW + WRITE));
    await until('the task runs', () => existsSync(hosts.at('far', 'runs')));
    namespace.silence();
    const silentAt = performance.now();
    const told = await running.ended;
    expect(performance.now() - silentAt).toBeLessThan(10_000);
    expect(told.code).toBe(4);
    expect(told.result('slow', 'far')).toMatchObject({
      status: 'unreachable',
      message: expect.stringMatching(/lost .* unknown/),
    });
    expect(told.result('write', 'h1').status).toBe('changed');
    expect(existsSync(hosts.at('far', 'conf'))).toBe(false);
    expect(hosts.read('far', 'runs')).toBe('run\n');
  },
);

test('A5: a session whose sshd child is stopped counts as unreachable within the keepalive bound, and others go on', async () => {
  const hosts = await fleet({ frozen: { sshd: {}, vars: { slow: true, ...KEEPALIVE } }, h1: {} });
  const running = hosts.start(playOf(SLOW + WRITE));
  await until('the task runs', () => existsSync(hosts.at('frozen', 'runs')));
  for (const pid of hosts.sshdOf('frozen').sessionPids()) process.kill(pid, 'SIGSTOP');
  const stoppedAt = performance.now();
  const told = await running.ended;
  expect(performance.now() - stoppedAt).toBeLessThan(10_000);
  expect(told.code).toBe(4);
  expect(told.result('slow', 'frozen').message).toMatch(/frozen: lost the session .* is unknown.*run again/);
  expect(told.result('write', 'h1').status).toBe('changed');
  expect(hosts.read('frozen', 'runs')).toBe('run\n');
});

test('A6: a task past its own time limit is killed with all its children, and the host goes on with what follows a rescue', async () => {
  const hosts = await fleet({ h1: { vars: { slow: true } }, h2: {} });
  const tasks = `    - block:
        - name: slow
          shell: (echo run > {{ here }}/runs; sleep 97; echo late > {{ here }}/late) & sleep 98
          timeout: 2
          when: slow | default(false)
      rescue:
        - {name: mend, copy: {dest: "{{ here }}/mended", content: x}}
`;
  const told = await hosts.run(playOf(tasks + WRITE));
  expect(told.code).toBe(0);
  expect(told.result('slow', 'h1')).toMatchObject({
    status: 'failed',
    message: expect.stringMatching(/did not finish within 2 s; it was stopped/),
  });
  expect(told.result('write', 'h1').status).toBe('changed');
  expect(hosts.leftovers()).toEqual([]);
  expect(existsSync(hosts.at('h1', 'late'))).toBe(false);
});

test('A7: a session killed in the middle of an upload leaves the old file whole, and the next runs converge', async () => {
  const hosts = await fleet({ cut: { sshd: {} } });
  hosts.write('cut', 'big', 'old\n');
  const tasks = `    - name: upload
      copy: {dest: "{{ here }}/big", src: big.bin}
`;
  const bytes = Buffer.alloc(12 * 1024 * 1024, 'new content\n');
  writeFileSync(`${hosts.directory}/big.bin`, bytes);
  const running = hosts.start(playOf(tasks));
  await until('the upload is on its way', () =>
    hosts
      .sshdOf('cut')
      .sessionPids()
      .some((pid) => bytesRead(pid) > 1e6),
  );
  for (const pid of hosts.sshdOf('cut').sessionPids()) process.kill(pid, 'SIGKILL');
  const told = await running.ended;
  expect(told.code).toBe(4);
  expect(told.result('upload', 'cut').message).toMatch(/lost the session/);
  expect(hosts.read('cut', 'big')).toBe('old\n');
  await until('nothing of ours is left', () => hosts.leftovers().length === 0);
  expect((await hosts.run(playOf(tasks))).recap.get('cut')).toMatchObject({ changed: 1 });
  const last = await hosts.run(playOf(tasks));
  expect([last.code, last.recap.get('cut')?.changed]).toEqual([0, 0]);
});

test('A8: MaxSessions 1 makes users take turns and fails nobody', async () => {
  const hosts = await fleet({ narrow: { sshd: { config: ['MaxSessions 1'] } } });
  const tasks = `${WRITE}    - {name: other, command: id -un, become: true, become_user: nobody}
    - {name: again, command: id -un}
`;
  const told = await hosts.run(playOf(tasks));
  expect(told.code).toBe(0);
  expect(told.result('other', 'narrow').values.stdout).toBe('nobody');
  expect(told.result('again', 'narrow').values.stdout).toBe('root');
});

test('A17: a shell that is killed under its task, or whose channel closes without a status, is never taken for success', async () => {
  const hosts = await fleet({ gone: { sshd: {}, vars: { slow: true } }, h1: {} });
  const tasks = `    - name: slow
      shell: echo run >> {{ here }}/runs; kill -9 $PPID
      when: slow | default(false)
`;
  const told = await hosts.run(playOf(tasks + WRITE));
  expect(told.code).toBe(4);
  expect(told.result('slow', 'gone')).toMatchObject({
    status: 'unreachable',
    message: expect.stringMatching(/lost the session .* unknown/),
  });
  expect(told.result('write', 'h1').status).toBe('changed');
  expect(hosts.read('gone', 'runs')).toBe('run\n');
});

test('A18: a remote command that exits 255 is a failed task that ran once, not a lost connection', async () => {
  const hosts = await fleet({ h1: {}, h2: {} });
  const tasks = `    - name: quits
      shell: echo run >> {{ here }}/runs; exit 255
      when: inventory_hostname == 'h1'
`;
  const told = await hosts.run(playOf(tasks + WRITE));
  expect(told.code).toBe(2);
  expect(told.result('quits', 'h1')).toMatchObject({
    status: 'failed',
    message: expect.stringContaining('exit code 255'),
  });
  expect(hosts.read('h1', 'runs')).toBe('run\n');
  expect(told.result('write', 'h2').status).toBe('changed');
});
