import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type HostUnderTest, hostUnderTest } from '../../test/support/run-module.ts';
import { fileContent } from '../probes/file.ts';
import { kindOf } from './kinds.ts';
import { type ReplaceOptions, replaceContent, writeFileKind } from './write-file.ts';

const SHELLS = [
  ['dash', ['dash']],
  ['bash', ['bash']],
  ['busybox ash', ['busybox', 'ash']],
] as const;

const isRoot = process.getuid?.() === 0;

describe.each(SHELLS)('writing files through %s', (_, shell) => {
  let host: HostUnderTest;
  let root: string;
  const cleanups: (() => void)[] = [];
  const at = (name: string): string => join(root, name);
  const planned = async (path: string, text: string, options: ReplaceOptions = {}) =>
    replaceContent(await host.read(fileContent(path)), Buffer.from(text), options);
  const write = async (path: string, text: string, options: ReplaceOptions = {}) =>
    host.apply(await planned(path, text, options));
  const leftovers = (directory: string): readonly string[] =>
    readdirSync(directory).filter((name) => name.startsWith('.tsplay-'));

  beforeAll(async () => {
    host = await hostUnderTest({ shell });
  });
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'write-'));
    cleanups.push(() => rmSync(root, { recursive: true, force: true }));
  });
  afterEach(() => {
    for (const cleanup of cleanups.splice(0).reverse()) cleanup();
  });
  afterAll(() => host.close());

  const mounted = (name: string, options: readonly string[]): string => {
    mkdirSync(at(name));
    execFileSync('mount', [...options, at(name)]);
    cleanups.push(() => execFileSync('umount', [at(name)]));
    return at(name);
  };

  it('creates a file with 0644, whatever bytes it holds', async () => {
    const bytes = Buffer.from(Array.from({ length: 70_000 }, (_, index) => (index * 7) % 256));
    const current = await host.read(fileContent(at('new')));
    await host.apply(replaceContent(current, bytes));
    expect(readFileSync(at('new')).equals(bytes)).toBe(true);
    expect(statSync(at('new')).mode & 0o7777).toBe(0o644);
    expect(leftovers(root)).toEqual([]);
  });

  it('keeps mode, owner and set-user-ID bit of what it replaces', async () => {
    writeFileSync(at('kept'), 'old');
    if (isRoot) chownSync(at('kept'), 12, 34);
    chmodSync(at('kept'), 0o4750);
    await write(at('kept'), 'new');
    expect(readFileSync(at('kept'), 'utf8')).toBe('new');
    expect(statSync(at('kept')).mode & 0o7777).toBe(0o4750);
    if (isRoot) expect(statSync(at('kept'))).toMatchObject({ uid: 12, gid: 34 });
  });

  it('writes names with newlines, dashes and substitutions literally', async () => {
    for (const name of ['-rf', 'a\nb', '$(reboot)', ';x', ' ']) {
      await write(at(name), name);
      expect(readFileSync(at(name), 'utf8')).toBe(name);
    }
    expect(readdirSync(root)).toHaveLength(5);
  });

  it('writes the file a link leads to and leaves the link', async () => {
    writeFileSync(at('target'), 'old');
    symlinkSync('target', at('link'));
    symlinkSync('later', at('dangling'));
    await write(at('link'), 'new');
    await write(at('dangling'), 'made');
    expect(readFileSync(at('target'), 'utf8')).toBe('new');
    expect(readFileSync(at('later'), 'utf8')).toBe('made');
    expect(execFileSync('readlink', [at('link'), at('dangling')], { encoding: 'utf8' })).toBe('target\nlater\n');
  });

  it('refuses when a second writer came between reading and renaming', async () => {
    writeFileSync(at('shared'), 'one');
    const change = await planned(at('shared'), 'ours');
    writeFileSync(at('shared'), 'two');
    await expect(host.apply(change)).rejects.toThrow('changed underneath');
    expect(readFileSync(at('shared'), 'utf8')).toBe('two');
    const creation = await planned(at('fresh'), 'ours');
    symlinkSync('/etc/shadow', at('fresh'));
    await expect(host.apply(creation)).rejects.toThrow('changed underneath');
    expect(leftovers(root)).toEqual([]);
  });

  it('leaves the old file when the validator refuses, is missing, or prints the secret', async () => {
    writeFileSync(at('checked'), 'good');
    await expect(write(at('checked'), 'bad', { validate: ['grep', '-q', 'good', '%s'] })).rejects.toThrow(
      'grep refused',
    );
    await expect(write(at('checked'), 'x', { validate: ['/no/such/checker', '%s'] })).rejects.toThrow(
      '/no/such/checker refused',
    );
    const hidden = write(at('checked'), 'hunter2', {
      validate: ['sh', '-c', 'cat "$1" >&2; exit 1', 'sh', '%s'],
      sensitive: true,
    });
    await expect(hidden).rejects.toThrow(expect.not.stringContaining('hunter2'));
    expect(readFileSync(at('checked'), 'utf8')).toBe('good');
    await write(at('checked'), 'good two', { validate: ['grep', '-q', 'good', '%s'] });
    expect(readFileSync(at('checked'), 'utf8')).toBe('good two');
    expect(leftovers(root)).toEqual([]);
  });

  it('keeps a backup with content and mode of the original', async () => {
    writeFileSync(at('b'), 'original');
    chmodSync(at('b'), 0o600);
    const applied = await write(at('b'), 'new', { backup: true });
    const backup = String(applied.facts?.['backup_file']);
    expect(readFileSync(backup, 'utf8')).toBe('original');
    expect(statSync(backup).mode & 0o7777).toBe(0o600);
    expect(readFileSync(at('b'), 'utf8')).toBe('new');
  });

  it('is undone: to the old bytes and mode, or to nothing', async () => {
    writeFileSync(at('u'), 'old');
    chmodSync(at('u'), 0o640);
    const change = await planned(at('u'), 'new', { mode: 0o600 });
    await host.apply(change);
    const undo = writeFileKind.undo(change);
    if (undo) await host.apply(undo);
    expect([readFileSync(at('u'), 'utf8'), statSync(at('u')).mode & 0o7777]).toEqual(['old', 0o640]);
    const creation = await planned(at('c'), 'new');
    await host.apply(creation);
    const removal = writeFileKind.undo(creation);
    if (removal) await kindOf(removal).apply(removal, host.session);
    expect(existsSync(at('c'))).toBe(false);
  });

  it('does not undo over bytes that somebody else wrote since', async () => {
    writeFileSync(at('u'), 'old');
    const change = await planned(at('u'), 'new');
    await host.apply(change);
    writeFileSync(at('u'), 'theirs');
    const undo = writeFileKind.undo(change);
    if (!undo) throw new Error('no undo');
    await expect(host.apply(undo)).rejects.toThrow('changed underneath');
    expect(readFileSync(at('u'), 'utf8')).toBe('theirs');
  });

  it('removes the temporary file of a run that was killed long ago, and no younger one', async () => {
    writeFileSync(at('.tsplay-dead'), 'half');
    utimesSync(at('.tsplay-dead'), new Date(0), new Date(0));
    writeFileSync(at('.tsplay-live'), 'half');
    await write(at('any'), 'x');
    expect(leftovers(root)).toEqual(['.tsplay-live']);
  });

  it('says so when the directory is missing', async () => {
    await expect(write(at('no/such/dir/f'), 'x')).rejects.toThrow('its directory does not exist');
  });

  it.runIf(isRoot)('leaves the old file whole when the file system is full', async () => {
    const full = mounted('full', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs']);
    writeFileSync(join(full, 'f'), 'old');
    await expect(write(join(full, 'f'), 'x'.repeat(200_000))).rejects.toThrow('no space is left');
    expect([readFileSync(join(full, 'f'), 'utf8'), leftovers(full)]).toEqual(['old', []]);
  });

  it.runIf(isRoot)('names inodes when those are used up', async () => {
    const full = mounted('inodes', ['-t', 'tmpfs', '-o', 'nr_inodes=3', 'tmpfs']);
    writeFileSync(join(full, 'a'), 'old');
    writeFileSync(join(full, 'b'), '');
    await expect(write(join(full, 'a'), 'new')).rejects.toThrow('no free inodes');
    expect(readFileSync(join(full, 'a'), 'utf8')).toBe('old');
  });

  it.runIf(isRoot)('names a read-only file system', async () => {
    const fixed = mounted('fixed', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs']);
    writeFileSync(join(fixed, 'f'), 'old');
    execFileSync('mount', ['-o', 'remount,ro', fixed]);
    await expect(write(join(fixed, 'f'), 'new')).rejects.toThrow('the file system is read-only');
  });

  it.runIf(isRoot)('says that a bind-mounted file cannot be replaced', async () => {
    writeFileSync(at('inner'), 'old');
    writeFileSync(at('point'), '');
    execFileSync('mount', ['--bind', at('inner'), at('point')]);
    cleanups.push(() => execFileSync('umount', [at('point')]));
    await expect(write(at('point'), 'new')).rejects.toThrow('mount point');
    expect([readFileSync(at('inner'), 'utf8'), leftovers(root)]).toEqual(['old', []]);
  });
});

describe.runIf(isRoot)('a file with flags', () => {
  it('is not written, the flag is named and stays', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'flags-'));
    const path = join(directory, 'f');
    const host = await hostUnderTest();
    writeFileSync(path, 'old');
    try {
      execFileSync('chattr', ['+i', path]);
      const change = replaceContent(await host.read(fileContent(path)), Buffer.from('new'), { backup: true });
      await expect(host.apply(change)).rejects.toThrow('immutable (i)');
      execFileSync('chattr', ['-i', path]);
      expect(readdirSync(directory)).toEqual(['f']);
      execFileSync('chattr', ['+i', directory]);
      const second = replaceContent(await host.read(fileContent(path)), Buffer.from('new'));
      await expect(host.apply(second)).rejects.toThrow('the directory of');
      expect(execFileSync('lsattr', ['-d', directory], { encoding: 'utf8' })).toMatch(/^\S*i/);
    } finally {
      execFileSync('chattr', ['-i', directory, path]);
      await host.close();
      rmSync(directory, { recursive: true });
    }
  });
});
