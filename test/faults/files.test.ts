import { execFileSync, spawn } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { expect, onTestFinished, test } from 'vitest';
import { fleet, playOf, until } from './fleet.ts';
import type { Fleet } from './fleet.ts';

const isRoot = process.getuid?.() === 0;

const COPY = `    - name: write
      copy: {dest: "{{ here }}/conf", content: "new\\n"}
`;

/** A small file system of its own at a host's directory, gone with the test. */
function mounted(hosts: Fleet, host: string, options: string): void {
  execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', hosts.at(host)]);
  onTestFinished(() => {
    execFileSync('umount', ['-l', hosts.at(host)]);
  });
}

async function converges(hosts: Fleet, playbook: string): Promise<void> {
  const last = await hosts.run(playbook);
  expect([...last.recap].map(([host, { changed, failed }]) => [host, changed, failed])).toEqual(
    [...last.recap.keys()].map((host) => [host, 0, 0]),
  );
  expect(last.code).toBe(0);
  expect(hosts.leftovers()).toEqual([]);
}

test('C1: the program killed at any moment of a write leaves the old file or the new one, and the next runs converge', async () => {
  const hosts = await fleet({ h1: {} });
  const playbook = playOf(`    - name: write
      copy: {dest: "{{ here }}/{{ item }}", src: big.bin, mode: '0640'}
      loop: [a, b, c]
`);
  const old = Buffer.alloc(1024, 'old\n');
  const wanted = Buffer.alloc(3 * 1024 * 1024, 'new\n');
  writeFileSync(`${hosts.directory}/big.bin`, wanted);
  for (const afterMs of [400, 550, 700]) {
    for (const name of ['a', 'b', 'c']) hosts.write('h1', name, old);
    const running = hosts.start(playbook);
    await new Promise((resolve) => setTimeout(resolve, afterMs));
    running.child.kill('SIGKILL');
    await running.ended;
    await until('nothing of ours is left', () => hosts.leftovers().length === 0);
    for (const name of ['a', 'b', 'c']) {
      const bytes = readFileSync(hosts.at('h1', name));
      expect(bytes.equals(old) || bytes.equals(wanted)).toBe(true);
    }
  }
  expect((await hosts.run(playbook)).code).toBe(0);
  for (const name of ['a', 'b', 'c']) expect(readFileSync(hosts.at('h1', name)).equals(wanted)).toBe(true);
  await converges(hosts, playbook);
});

test('C2: the shell that writes killed while the validator runs leaves the old file, and the next run removes nothing of others', async () => {
  const hosts = await fleet({ h1: {}, h2: {} });
  for (const host of ['h1', 'h2']) hosts.write(host, 'conf', 'old\n');
  const validator = hosts.write('h1', 'validator', '#!/bin/sh\n[ -e "$2" ] || { : > "$2"; kill -9 $PPID; }\n');
  chmodSync(validator, 0o755);
  const playbook = playOf(`    - name: write
      copy:
        dest: "{{ here }}/conf"
        content: "new\\n"
        validate: "{{ 'true' if inventory_hostname == 'h2' else here ~ '/validator' }} %s {{ here }}/killed"
`);
  const told = await hosts.run(playbook);
  expect(told.code).not.toBe(0);
  expect(['failed', 'unreachable']).toContain(told.result('write', 'h1').status);
  expect(hosts.read('h1', 'conf')).toBe('old\n');
  expect(told.result('write', 'h2').status).toBe('changed');
  expect((await hosts.run(playbook)).recap.get('h1')?.changed).toBe(1);
  expect(hosts.read('h1', 'conf')).toBe('new\n');
});

test.runIf(isRoot)(
  'C4: a full file system fails the task before the rename, with the old file whole and nothing left',
  async () => {
    const hosts = await fleet({ full: {}, h1: {} });
    mounted(hosts, 'full', 'size=64k');
    hosts.write('full', 'conf', 'old\n');
    const playbook = playOf(`    - name: write
      copy: {dest: "{{ here }}/conf", src: big.bin}
    - name: after
      copy: {dest: "{{ here }}/after", content: x}
`);
    writeFileSync(`${hosts.directory}/big.bin`, Buffer.alloc(256 * 1024, 'x'));
    const told = await hosts.run(playbook);
    expect(told.code).toBe(2);
    expect(told.result('write', 'full')).toMatchObject({
      status: 'failed',
      message: expect.stringMatching(/conf was not written: no space is left on the file system; nothing was written/),
    });
    expect(hosts.read('full', 'conf')).toBe('old\n');
    expect(existsSync(hosts.at('full', 'after'))).toBe(false);
    expect(hosts.leftovers()).toEqual([]);
    expect(told.recap.get('h1')).toMatchObject({ changed: 2, failed: 0 });
    writeFileSync(`${hosts.directory}/big.bin`, 'small\n');
    expect((await hosts.run(playbook)).code).toBe(0);
    await converges(hosts, playbook);
  },
);

test.runIf(isRoot)('C5: a file system without inodes is named as that, not as full', async () => {
  const hosts = await fleet({ full: {} });
  mounted(hosts, 'full', 'nr_inodes=2');
  hosts.write('full', 'conf', 'old\n');
  const told = await hosts.run(playOf(COPY));
  expect(told.result('write', 'full').message).toMatch(/no free inodes; nothing was written/);
  expect(hosts.read('full', 'conf')).toBe('old\n');
});

test.runIf(isRoot)('C6: a file system remounted read-only fails once and says so, and others go on', async () => {
  const hosts = await fleet({ frozen: {}, h1: {} });
  mounted(hosts, 'frozen', 'size=1m');
  hosts.write('frozen', 'conf', 'old\n');
  execFileSync('mount', ['-o', 'remount,ro', hosts.at('frozen')]);
  const told = await hosts.run(playOf(COPY));
  expect(told.code).toBe(2);
  expect(told.result('write', 'frozen')).toMatchObject({
    status: 'failed',
    message: expect.stringMatching(/the file system is read-only/),
  });
  expect(told.events.filter((event) => event.type === 'task.retried')).toEqual([]);
  expect(hosts.read('frozen', 'conf')).toBe('old\n');
  expect(told.result('write', 'h1').status).toBe('changed');
  execFileSync('mount', ['-o', 'remount,rw', hosts.at('frozen')]);
  expect((await hosts.run(playOf(COPY))).code).toBe(0);
  await converges(hosts, playOf(COPY));
});

test('C9: a link at the destination is followed and stays a link; a loop or a directory is refused', async () => {
  const hosts = await fleet({ file: {}, dangling: {}, loop: {}, directory: {} });
  hosts.write('file', 'real', 'old\n');
  symlinkSync('real', hosts.at('file', 'conf'));
  symlinkSync('not-yet', hosts.at('dangling', 'conf'));
  symlinkSync('conf', hosts.at('loop', 'conf'));
  mkdirSync(hosts.at('directory', 'real'));
  symlinkSync('real', hosts.at('directory', 'conf'));
  const told = await hosts.run(
    playOf(`    - name: edit
      lineinfile: {path: "{{ here }}/conf", line: new, create: true}
`),
  );
  expect(told.code).toBe(2);
  expect(hosts.read('file', 'real')).toBe('old\nnew\n');
  expect(hosts.read('dangling', 'not-yet')).toBe('new\n');
  expect(told.result('edit', 'loop').message).toMatch(/loop|too many levels/i);
  expect(told.result('edit', 'directory').message).toMatch(/directory/);
  for (const host of ['file', 'dangling', 'loop', 'directory'])
    expect(lstatSync(hosts.at(host, 'conf')).isSymbolicLink()).toBe(true);
  expect(readlinkSync(hosts.at('dangling', 'conf'))).toBe('not-yet');
  expect(hosts.leftovers()).toEqual([]);
});

test('C12: at no moment may more people read a file than in the end, whatever umask and temporary names', async () => {
  const hosts = await fleet({ h1: {} });
  hosts.write('h1', 'old', 'x');
  chmodSync(hosts.at('h1', 'old'), 0o600);
  const trace = `${hosts.directory}/trace`;
  const { pid } = hosts.sshdOf('h1');
  const strace = spawn(
    'strace',
    [
      '-f',
      '-qq',
      '-e',
      'trace=umask,openat,open,chmod,fchmod,fchmodat,rename,renameat,renameat2',
      '-o',
      trace,
      '-p',
      String(pid),
    ],
    { stdio: 'ignore' },
  );
  onTestFinished(() => void strace.kill('SIGKILL'));
  await until('strace is attached', () => /TracerPid:\s+[1-9]/.test(readFileSync(`/proc/${pid}/status`, 'utf8')));
  const told = await hosts.run(
    playOf(`    - {name: new, copy: {dest: "{{ here }}/new", content: secret, mode: '0600'}}
    - {name: old, copy: {dest: "{{ here }}/old", content: secret}}
    - {name: wide, copy: {dest: "{{ here }}/wide", content: open, mode: '0644'}}
`),
  );
  expect(told.code).toBe(0);
  strace.kill('SIGINT');
  const calls = readFileSync(trace, 'utf8').split('\n');
  const temporary = calls.filter((line) => line.includes('.tsplay-'));
  expect(temporary.some((line) => /O_CREAT/.test(line))).toBe(true);
  for (const [at, line] of calls.entries()) {
    if (!/\.tsplay-.*O_CREAT/.test(line)) continue;
    expect(line).toMatch(/O_EXCL/);
    const [pid = ''] = line.split(' ');
    const sameShell = calls.slice(0, at).filter((call) => new RegExp(`^${pid} +umask`).test(call));
    expect(sameShell.at(-1)).toMatch(/umask\(0777[ )]/);
  }
  const renames = temporary.filter((line) => /rename.* = 0$/.test(line));
  expect(renames.length).toBe(3);
  for (const name of ['new', 'old']) expect(statSync(hosts.at('h1', name)).mode & 0o777).toBe(0o600);
  expect(statSync(hosts.at('h1', 'wide')).mode & 0o777).toBe(0o644);
  const chmods = calls.filter((line) => /chmod/.test(line) && !/ENOENT/.test(line));
  expect(chmods.flatMap((line) => /, (0\d+)[,)]/.exec(line)?.[1] ?? []).sort()).toEqual(['0600', '0600', '0644']);
});

test('C16: bytes outside an edit stay as they are: CRLF, BOM, latin-1, no final newline, NUL', async () => {
  const hosts = await fleet({ h1: {} });
  const contents = {
    crlf: Buffer.from('a=1\r\nb=2\r\n'),
    bom: Buffer.from('\ufeffa=1\nb=2\n'),
    latin1: Buffer.from('# gr\u00fc\u00dfe\na=1\nb=2\n', 'latin1'),
    bare: Buffer.from('# no end\nb=2'),
    nul: Buffer.from('x\0y\nb=2\n\0\u00ff', 'latin1'),
  };
  for (const [name, bytes] of Object.entries(contents)) hosts.write('h1', name, bytes);
  const edit = playOf(`    - name: edit
      lineinfile: {path: "{{ here }}/{{ item }}", regexp: '^b=', line: b=3}
      loop: [${Object.keys(contents).join(', ')}]
      ignore_errors: true
    - name: block
      blockinfile: {path: "{{ here }}/{{ item }}", block: mine}
      loop: [${Object.keys(contents).join(', ')}]
      ignore_errors: true
`);
  await hosts.run(edit);
  for (const [name, bytes] of Object.entries(contents)) {
    const after = readFileSync(hosts.at('h1', name));
    const before = bytes.toString('latin1');
    const edited = before.replace(/b=2\r?/, (line) => (line.endsWith('\r') ? 'b=3\r' : 'b=3'));
    const rest = after
      .toString('latin1')
      .replace(/\n?\r?\n?# BEGIN ANSIBLE MANAGED BLOCK[^]*# END ANSIBLE MANAGED BLOCK\r?\n?/, '');
    expect([before, edited, edited.replace(/\r?\n$/, ''), edited.replace('b=3\r', 'b=3')]).toContain(rest);
  }
  const again = await hosts.run(edit);
  expect(again.recap.get('h1')?.changed).toBe(0);
});

test('C22: a file that somebody else edits between our look and our rename is not overwritten', async () => {
  const hosts = await fleet({ h1: {}, h2: {} });
  for (const host of ['h1', 'h2']) hosts.write(host, 'conf', 'old\n');
  const playbook = playOf(`    - name: write
      lineinfile:
        path: "{{ here }}/conf"
        line: mine
        validate: "sh -c 'test $1 = h2 || grep -q theirs $2/conf || echo theirs >> $2/conf' sh {{ inventory_hostname }} {{ here }} %s"
`);
  const told = await hosts.run(playbook);
  expect(told.code).toBe(2);
  expect(told.result('write', 'h1')).toMatchObject({
    status: 'failed',
    message: expect.stringMatching(/changed underneath since it was read; nothing was written, run again/),
  });
  expect(hosts.read('h1', 'conf')).toBe('old\ntheirs\n');
  expect(told.result('write', 'h2').status).toBe('changed');
  expect((await hosts.run(playbook)).code).toBe(0);
  expect(hosts.read('h1', 'conf')).toBe('old\ntheirs\nmine\n');
  await converges(hosts, playbook);
});

test('C23: a validator that refuses, is missing or never ends leaves the old file', async () => {
  const hosts = await fleet({
    refuses: { vars: { check: 'false' } },
    missing: { vars: { check: '/no/such' } },
    hangs: { vars: { check: 'sleep 98' } },
  });
  for (const host of ['refuses', 'missing', 'hangs']) hosts.write(host, 'conf', 'old\n');
  const told = await hosts.run(
    playOf(`    - name: write
      copy: {dest: "{{ here }}/conf", content: "new\\n", validate: "{{ check }} %s"}
      timeout: 3
`),
  );
  expect(told.code).toBe(2);
  for (const host of ['refuses', 'missing', 'hangs']) {
    expect(told.result('write', host).status).toBe('failed');
    expect(hosts.read(host, 'conf')).toBe('old\n');
  }
  expect(told.result('write', 'missing').message).toMatch(/no\/such.*refused the new content/);
  await until('nothing of ours is left', () => hosts.leftovers().length === 0);
});

test.runIf(isRoot)(
  'I5: a host whose stat is missing fails with the tool named and nothing written, and others go on',
  async () => {
    const hide = 'mount --bind /dev/null /usr/bin/stat && exec "$@"';
    const hosts = await fleet({ bare: { sshd: { through: ['unshare', '-m', 'sh', '-c', hide, 'sh'] } }, h1: {} });
    hosts.write('bare', 'conf', 'old\n');
    const told = await hosts.run(playOf(COPY));
    expect(told.code).toBe(2);
    expect(told.result('write', 'bare')).toMatchObject({
      status: 'failed',
      message: expect.stringMatching(/\bstat\b/),
    });
    expect(hosts.read('bare', 'conf')).toBe('old\n');
    expect(told.result('write', 'h1').status).toBe('changed');
    expect(hosts.leftovers()).toEqual([]);
  },
);
