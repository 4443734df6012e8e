import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type HostUnderTest, hostUnderTest } from '../../test/support/run-module.ts';
import { Registry } from '../engine/registry.ts';
import modules from './index.ts';
import assertModule from './assert.ts';
import blockinfile from './blockinfile.ts';
import command from './command.ts';
import copy from './copy.ts';
import debug from './debug.ts';
import fail from './fail.ts';
import file from './file.ts';
import lineinfile from './lineinfile.ts';
import ping from './ping.ts';
import setFact from './set_fact.ts';
import setup from './setup.ts';
import shell from './shell.ts';
import slurp from './slurp.ts';
import stat from './stat.ts';
import template from './template.ts';
import waitFor from './wait_for.ts';

const SHELLS = [
  ['dash', ['dash']],
  ['busybox ash', ['busybox', 'ash']],
] as const;

const controller = {
  read: (src: string) => Promise.resolve(Buffer.from(`content of ${src}`)),
  render: (src: string) => Promise.resolve(`rendered ${src}\n`),
  list: (src: string) => Promise.resolve(src.startsWith('tree') ? ['a', 'sub/b'] : null),
};

describe.each(SHELLS)('core modules through %s', (_, shellArgv) => {
  let host: HostUnderTest;
  let root: string;
  const at = (name: string): string => join(root, name);

  beforeAll(async () => {
    host = await hostUnderTest({
      shell: shellArgv,
      controller,
      environment: { FROM_TASK: 'yes' },
      evaluate: (text) => text === 'yes',
    });
  });
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'core-'));
  });
  afterEach(() => rmSync(root, { recursive: true }));
  afterAll(() => host.close());

  it('lineinfile edits through a link and converges', async () => {
    writeFileSync(at('real'), 'a=1\n');
    symlinkSync('real', at('link'));
    const run = await host.run(lineinfile, { path: at('link'), regexp: '^a=', line: 'a=2', mode: '0600' });
    expect(run.remaining).toEqual([]);
    expect([
      readFileSync(at('real'), 'utf8'),
      lstatSync(at('link')).isSymbolicLink(),
      statSync(at('real')).mode & 0o777,
    ]).toEqual(['a=2\n', true, 0o600]);
    expect((await host.run(lineinfile, { path: at('link'), regexp: '^a=', line: 'a=2' })).changes).toEqual([]);
  });

  it('check mode shows later edits on top of earlier ones and writes nothing', async () => {
    const first = await host.check(copy, { dest: at('new'), content: 'a=1\n' });
    const second = await host.check(lineinfile, { path: at('new'), regexp: '^a=', line: 'a=2' });
    const third = await host.check(blockinfile, { path: at('new'), block: 'x' });
    expect(first.diffs).toEqual([{ kind: 'text', path: at('new'), before: null, after: 'a=1\n' }]);
    expect(second.diffs).toMatchObject([{ before: 'a=1\n', after: 'a=2\n' }]);
    expect(third.diffs).toMatchObject([{ before: 'a=2\n' }]);
    expect(readdirSync(root)).toEqual([]);
  });

  it('file makes directories with their parents, all with the mode', async () => {
    const run = await host.run(file, { path: at('a/b/c'), state: 'directory', mode: '0750' });
    expect(run.remaining).toEqual([]);
    expect(['a', 'a/b', 'a/b/c'].map((name) => statSync(at(name)).mode & 0o777)).toEqual([0o750, 0o750, 0o750]);
  });

  it('file sets modes recursively, files unlike directories', async () => {
    mkdirSync(at('t/sub'), { recursive: true });
    for (const name of ['t/plain', 't/sub/new\nline']) writeFileSync(at(name), '', { mode: 0o600 });
    writeFileSync(at('t/run'), '', { mode: 0o700 });
    symlinkSync('/etc/passwd', at('t/link'));
    const run = await host.run(file, { path: at('t'), state: 'directory', recurse: true, mode: 'u=rwX,go=rX' });
    expect(run.remaining).toEqual([]);
    expect(['t/plain', 't/sub/new\nline', 't/run', 't/sub'].map((name) => statSync(at(name)).mode & 0o777)).toEqual([
      0o644, 0o644, 0o755, 0o755,
    ]);
  });

  it('file links, relinks, and replaces other things only when forced', async () => {
    writeFileSync(at('target'), '');
    mkdirSync(at('dir'));
    symlinkSync('dir', at('l'));
    expect((await host.run(file, { path: at('l'), src: 'target', state: 'link' })).remaining).toEqual([]);
    expect([readlinkSync(at('l')), readdirSync(at('dir'))]).toEqual(['target', []]);
    await expect(host.run(file, { path: at('new'), src: 'none', state: 'link' })).rejects.toThrow('does not exist');
    await expect(host.run(file, { path: at('dir'), src: 'target', state: 'link' })).rejects.toThrow(
      'a directory is there',
    );
    expect((await host.run(file, { path: at('dir'), src: 'target', state: 'link', force: true })).remaining).toEqual(
      [],
    );
    expect((await host.run(file, { path: at('hard'), src: at('target'), state: 'hard' })).remaining).toEqual([]);
    expect(statSync(at('hard')).ino).toBe(statSync(at('target')).ino);
  });

  it('file removes files and trees, and refuses what the host cannot live without', async () => {
    mkdirSync(at('d/e'), { recursive: true });
    writeFileSync(at('d/e/f'), '');
    expect((await host.run(file, { path: at('d'), state: 'absent' })).remaining).toEqual([]);
    expect(existsSync(at('d'))).toBe(false);
    expect((await host.run(file, { path: at('d'), state: 'absent' })).changes).toEqual([]);
    await expect(host.check(file, { path: '/etc/', state: 'absent' })).rejects.toThrow('cannot live without');
    await expect(host.run(file, { path: at('none') })).rejects.toThrow('does not exist');
  });

  it('touch creates once and then leaves the file alone', async () => {
    expect((await host.run(file, { path: at('t'), state: 'touch', mode: '0600' })).remaining).toEqual([]);
    expect((await host.run(file, { path: at('t'), state: 'touch' })).changes).toEqual([]);
    expect(statSync(at('t')).mode & 0o777).toBe(0o600);
  });

  it('copy puts a file into a directory, and a tree with its directories', async () => {
    expect((await host.run(copy, { src: 'conf/x.conf', dest: `${root}/` })).remaining).toEqual([]);
    expect(readFileSync(at('x.conf'), 'utf8')).toBe('content of conf/x.conf');
    expect((await host.run(copy, { src: 'tree', dest: at('new'), directory_mode: '0700' })).remaining).toEqual([]);
    expect(readFileSync(at('new/tree/sub/b'), 'utf8')).toBe('content of tree/sub/b');
    expect(statSync(at('new/tree/sub')).mode & 0o777).toBe(0o700);
    expect((await host.run(copy, { src: 'tree', dest: at('new') })).changes).toEqual([]);
  });

  it('copy does not replace when force is false, and copies on the host', async () => {
    writeFileSync(at('mine'), 'mine');
    expect((await host.run(copy, { dest: at('mine'), content: 'x', force: false })).changes).toEqual([]);
    expect((await host.run(copy, { src: at('mine'), dest: at('copy'), remote_src: true })).remaining).toEqual([]);
    expect(readFileSync(at('copy'), 'utf8')).toBe('mine');
  });

  it('copy compares and replaces files too large to be read', async () => {
    writeFileSync(at('large'), Buffer.alloc(5_000_000, 'x'));
    chmodSync(at('large'), 0o640);
    expect((await host.run(copy, { dest: at('large'), content: 'x'.repeat(5_000_000) })).changes).toEqual([]);
    expect((await host.run(copy, { dest: at('large'), content: 'y'.repeat(5_000_000) })).remaining).toEqual([]);
    expect([readFileSync(at('large'), 'utf8').slice(0, 2), statSync(at('large')).mode & 0o777]).toEqual(['yy', 0o640]);
  });

  it('template writes what the controller rendered', async () => {
    expect((await host.run(template, { src: 'nova.conf.j2', dest: at('nova.conf') })).remaining).toEqual([]);
    expect(readFileSync(at('nova.conf'), 'utf8')).toBe('rendered nova.conf.j2\n');
  });

  it('command runs words, expands the host’s variables, and registers what Ansible registers', async () => {
    const { values } = await host.run(command, {
      cmd: `printf '%s\\n' $FROM_TASK "two  words" '*' $NONE`,
      chdir: root,
    });
    expect(values).toMatchObject({ rc: 0, stdout_lines: ['yes', 'two  words', '*', '$NONE'], stderr: '' });
    const failing = await host.run(command, { argv: ['sh', '-c', 'cat; echo e >&2; exit 3'], stdin: 'in' });
    expect(failing.values).toMatchObject({ rc: 3, stdout: 'in', stderr: 'e' });
    expect((await host.run(command, { cmd: '/no/such/program' })).values).toMatchObject({ rc: 127 });
  });

  it('command does nothing when creates is there or removes is not', async () => {
    writeFileSync(at('initrd.img-6.1'), '');
    const created = await host.run(command, { cmd: 'false', creates: 'initrd.*', chdir: root });
    expect([created.changes, created.values['stdout']]).toEqual([[], 'skipped, since initrd.* exists']);
    expect((await host.run(command, { cmd: 'false', removes: at('none') })).changes).toEqual([]);
    expect((await host.run(command, { cmd: 'true', creates: at('none') })).changes).toHaveLength(1);
  });

  it('shell runs pipes', async () => {
    const { values } = await host.run(shell, { cmd: 'printf "b\\na\\n" | sort; exit 2' });
    expect(values).toMatchObject({ rc: 2, stdout: 'a\nb' });
  });

  it('stat and slurp look without touching', async () => {
    writeFileSync(at('f'), 'abc', { mode: 0o640 });
    symlinkSync('f', at('l'));
    expect((await host.run(stat, { path: at('f') })).values).toMatchObject({
      stat: {
        exists: true,
        isreg: true,
        mode: '0640',
        size: 3,
        checksum: 'a9993e364706816aba3e25717850c26c9cd0d89d',
        rusr: true,
        woth: false,
      },
    });
    expect((await host.run(stat, { path: at('l') })).values).toMatchObject({
      stat: { islnk: true, lnk_target: 'f', lnk_source: at('f') },
    });
    expect((await host.run(stat, { path: at('none') })).values).toEqual({ stat: { exists: false } });
    expect((await host.run(slurp, { src: at('f') })).values).toMatchObject({ content: 'YWJj', encoding: 'base64' });
    expect((await host.run(slurp, { src: '/proc/sys/kernel/ostype' })).values).toMatchObject({
      content: Buffer.from('Linux\n').toString('base64'),
    });
  });

  it('setup tells the facts playbooks ask for', async () => {
    const facts = (await host.run(setup, {})).values['ansible_facts'] as Readonly<Record<string, unknown>>;
    expect(facts).toMatchObject({
      ansible_system: 'Linux',
      ansible_hostname: hostname().split('.')[0],
      ansible_architecture: expect.stringMatching(/^\w+$/),
      ansible_distribution: expect.stringMatching(/^[A-Z]/),
      ansible_os_family: expect.any(String),
      ansible_memtotal_mb: expect.any(Number),
      ansible_user_id: expect.any(String),
      ansible_date_time: { epoch: expect.stringMatching(/^\d+$/), year: expect.stringMatching(/^\d{4}$/) },
    });
    expect(Number(facts['ansible_processor_vcpus'])).toBeGreaterThan(0);
    expect((await host.run(setup, { filter: ['mem*'] })).values['ansible_facts']).not.toHaveProperty('ansible_system');
  });

  it('wait_for finds a file and gives up on one that never comes', async () => {
    writeFileSync(at('log'), 'starting\nready to serve\n');
    expect((await host.run(waitFor, { path: at('log'), search_regex: '^ready' })).values).toMatchObject({
      state: 'started',
    });
    await expect(host.run(waitFor, { path: at('none'), timeout: 0.2, sleep: 0.1 })).rejects.toThrow(
      'was not started after 0.2 s',
    );
    await expect(host.run(waitFor, { port: 1, timeout: 0.2, sleep: 0.1 })).rejects.toThrow('port 1 of 127.0.0.1');
  });

  it('assert, fail, debug, set_fact and ping answer as in Ansible', async () => {
    expect((await host.run(assertModule, { that: ['yes', true] })).values).toEqual({ msg: 'All assertions passed' });
    await expect(host.run(assertModule, { that: ['yes', 'no'], fail_msg: 'too small' })).rejects.toThrow(
      'too small: no',
    );
    await expect(host.run(fail, { msg: 'because' })).rejects.toThrow('because');
    expect((await host.run(debug, { var: 'yes' })).values).toEqual({ yes: true });
    expect((await host.run(debug, { msg: ['a'] })).values).toEqual({ msg: ['a'] });
    expect((await host.run(setFact, { a: [1], cacheable: true })).values).toEqual({ ansible_facts: { a: [1] } });
    expect((await host.run(ping, {})).values).toEqual({ ping: 'pong' });
  });
});

it('no two modules answer to one key', () => {
  expect(new Registry(modules).find('systemd')?.name).toBe('systemd_service');
});
