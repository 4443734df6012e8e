import { existsSync, writeFileSync } from 'node:fs';
import { expect, onTestFinished, test } from 'vitest';
import { connectionVars, fleet, playOf, until } from './fleet.ts';
import type { HostPlan } from './fleet.ts';
import { emptyDirectory, startProgram } from './program.ts';
import { startSshd } from '../support/sshd.ts';
import { join } from 'node:path';

const WRITE = `    - name: write
      copy: {dest: "{{ here }}/conf", content: "new\\n"}
`;
const WAIT = `    - name: wait
      shell: echo run >> {{ here }}/runs; for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do [ -e {{ here }}/go ] && exit 0; sleep 0.5; done
`;

test('E1: one interrupt lets each host finish the task it is in and begins no other', async () => {
  const hosts = await fleet({ h1: {}, h2: {} });
  const running = hosts.start(playOf(WAIT + WRITE));
  await until('both hosts are in the task', () => ['h1', 'h2'].every((host) => existsSync(hosts.at(host, 'runs'))));
  running.child.kill('SIGINT');
  await until('the wish was heard', () => running.said().includes('stop.requested'));
  for (const host of ['h1', 'h2']) hosts.write(host, 'go', '');
  const told = await running.ended;
  expect(told.code).toBe(130);
  for (const host of ['h1', 'h2']) {
    expect(told.result('wait', host).status).toBe('changed');
    expect(told.recap.get(host)?.stoppedAt).toMatch(/before "write"/);
    expect(existsSync(hosts.at(host, 'conf'))).toBe(false);
  }
  expect(hosts.leftovers()).toEqual([]);
});

test('E1b: a second interrupt stops at once, kills what runs on the hosts, and says that the outcome is unknown', async () => {
  const hosts = await fleet({ h1: {} });
  const running = hosts.start(
    playOf(`    - {name: wait, shell: "echo run >> {{ here }}/runs; sleep 97; echo late >> {{ here }}/late"}\n`),
  );
  await until('the task runs', () => existsSync(hosts.at('h1', 'runs')));
  running.child.kill('SIGINT');
  await until('the wish was heard', () => running.said().includes('stop.requested'));
  running.child.kill('SIGINT');
  const asked = performance.now();
  const told = await running.ended;
  expect(performance.now() - asked).toBeLessThan(15_000);
  expect(told.code).toBe(130);
  expect(told.result('wait', 'h1').message).toMatch(/unknown/);
  await until('nothing is left', () => hosts.leftovers().length === 0);
});

test('E3: a lost terminal and a reader that had enough do not end the run half way', async () => {
  const hosts = await fleet({ h1: {}, h2: {} });
  const many = Array.from(
    { length: 40 },
    (_, index) => `    - {name: t${index}, command: echo ${'x'.repeat(200)}}\n`,
  ).join('');
  writeFileSync(join(hosts.directory, 'site.yaml'), playOf(many + WRITE));
  const words = ['run', 'site.yaml', '-i', 'hosts.yaml', '-o', 'plain', '-v'];
  const cut = await startProgram(words, { cwd: hosts.directory, through: '{ "$@"; echo $? > code; } | head -n 3' })
    .ended;
  expect(cut.stdout.split('\n').length).toBe(4);
  for (const host of ['h1', 'h2']) expect(hosts.read(host, 'conf')).toBe('new\n');
  await until('the program ended', () => existsSync(join(hosts.directory, 'code')));
  const running = hosts.start(playOf(WAIT + WRITE.replace('conf', 'second')));
  await until('both hosts are in the task', () => ['h1', 'h2'].every((host) => existsSync(hosts.at(host, 'runs'))));
  running.child.kill('SIGHUP');
  for (const host of ['h1', 'h2']) hosts.write(host, 'go', '');
  expect((await running.ended).code).toBe(0);
  for (const host of ['h1', 'h2']) expect(existsSync(hosts.at(host, 'second'))).toBe(true);
});

test('E5: with 64 open files 100 hosts are queued or told why, and none is called unreachable for it', async () => {
  const sshd = await startSshd({ config: ['MaxStartups 200'] });
  onTestFinished(() => sshd.stop());
  const directory = emptyDirectory();
  const names = Array.from({ length: 100 }, (_, index) => `h${index}`);
  const hosts = Object.fromEntries(names.map((name) => [name, connectionVars(sshd)]));
  writeFileSync(join(directory, 'hosts.yaml'), JSON.stringify({ all: { hosts } }));
  writeFileSync(
    join(directory, 'site.yaml'),
    playOf('    - {name: says, command: echo hi}\n    - {name: more, command: echo ho}\n'),
  );
  const words = ['run', 'site.yaml', '-i', 'hosts.yaml', '-o', 'json', '-T', '30'];
  const told = await startProgram(words, { cwd: directory, through: 'ulimit -n 64; exec "$@"' }).ended;
  const statuses = told.events.flatMap((event) => (event.type === 'task.finished' ? [event.result.status] : []));
  expect(statuses.filter((status) => status === 'unreachable')).toEqual([]);
  if (told.code === 1) expect(told.stderr).toMatch(/open files|ulimit/);
  else {
    expect(told.code).toBe(0);
    expect(told.recap.size).toBe(100);
  }
});

test('E13: a limit that matches nothing, and a play whose group is empty or unknown, are said', async () => {
  const hosts = await fleet({ h1: {} } satisfies Record<string, HostPlan>);
  const none = await hosts.run(playOf(WRITE), { args: ['--limit', 'h9'] });
  expect([none.code, none.stdout]).toEqual([1, '']);
  expect(none.stderr).toMatch(/--limit h9 matches no host/);
  const unknown = await hosts.run(playOf(WRITE).replace('hosts: all', 'hosts: gpus'), { output: 'plain' });
  expect(unknown.stdout + unknown.stderr).toMatch(/gpus|no hosts/);
  expect(existsSync(hosts.at('h1', 'conf'))).toBe(false);
});

test('E14: a misspelt or repeated safety keyword is an error before the start, with the right one named', async () => {
  const hosts = await fleet({ h1: {} });
  for (const [keywords, said] of [
    ['  serail: 1\n', /serail.*did you mean.*serial/s],
    ['  max_fail_pct: 0\n', /max_fail_pct/],
    ['  serial: 1\n  serial: 2\n', /serial.*(twice|duplicate|already)/],
  ] as const) {
    const told = await hosts.run(playOf(WRITE, keywords));
    expect([told.code, told.stdout]).toEqual([1, '']);
    expect(told.stderr).toMatch(said);
  }
  expect(existsSync(hosts.at('h1', 'conf'))).toBe(false);
});

test('J7: with one dead host in the first batch and no failure allowed, no later batch begins', async () => {
  const dead = { vars: { ansible_port: 1 } };
  const hosts = await fleet({ h1: {}, d1: dead, h2: {}, d2: dead });
  const told = await hosts.run(playOf(WRITE, '  serial: 2\n  max_fail_percentage: 0\n'));
  expect(told.code).toBe(4);
  expect(told.events.filter((event) => event.type === 'batch.started').length).toBe(1);
  expect(existsSync(hosts.at('h2', 'conf'))).toBe(false);
});
