import { existsSync, mkdirSync, readdirSync, readlinkSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { throughShells } from '../../test/support/through-shells.ts';
import { type Read, UnknownReading } from '../contract/probe.ts';
import file from './file.ts';

throughShells('file', (box) => {
  it('file makes directories with their parents, all with the mode', async () => {
    const run = await box.host.run(file, { path: box.at('a/b/c'), state: 'directory', mode: '0750' });
    expect(run.remaining).toEqual([]);
    expect(['a', 'a/b', 'a/b/c'].map((name) => statSync(box.at(name)).mode & 0o777)).toEqual([0o750, 0o750, 0o750]);
  });

  it('file sets modes recursively, files unlike directories', async () => {
    mkdirSync(box.at('t/sub'), { recursive: true });
    for (const name of ['t/plain', 't/sub/new\nline']) writeFileSync(box.at(name), '', { mode: 0o600 });
    writeFileSync(box.at('t/run'), '', { mode: 0o700 });
    symlinkSync('/etc/passwd', box.at('t/link'));
    const run = await box.host.run(file, { path: box.at('t'), state: 'directory', recurse: true, mode: 'u=rwX,go=rX' });
    expect(run.remaining).toEqual([]);
    expect(['t/plain', 't/sub/new\nline', 't/run', 't/sub'].map((name) => statSync(box.at(name)).mode & 0o777)).toEqual(
      [0o644, 0o644, 0o755, 0o755],
    );
  });

  it('file links, relinks, and replaces other things only when forced', async () => {
    writeFileSync(box.at('target'), '');
    mkdirSync(box.at('dir'));
    symlinkSync('dir', box.at('l'));
    expect((await box.host.run(file, { path: box.at('l'), src: 'target', state: 'link' })).remaining).toEqual([]);
    expect([readlinkSync(box.at('l')), readdirSync(box.at('dir'))]).toEqual(['target', []]);
    await expect(box.host.run(file, { path: box.at('new'), src: 'none', state: 'link' })).rejects.toThrow(
      'does not exist',
    );
    await expect(box.host.run(file, { path: box.at('dir'), src: 'target', state: 'link' })).rejects.toThrow(
      'a directory is there',
    );
    expect(
      (await box.host.run(file, { path: box.at('dir'), src: 'target', state: 'link', force: true })).remaining,
    ).toEqual([]);
    expect(
      (await box.host.run(file, { path: box.at('hard'), src: box.at('target'), state: 'hard' })).remaining,
    ).toEqual([]);
    expect(statSync(box.at('hard')).ino).toBe(statSync(box.at('target')).ino);
  });

  it('file removes files and trees, and refuses what the host cannot live without', async () => {
    mkdirSync(box.at('d/e'), { recursive: true });
    writeFileSync(box.at('d/e/f'), '');
    expect((await box.host.run(file, { path: box.at('d'), state: 'absent' })).remaining).toEqual([]);
    expect(existsSync(box.at('d'))).toBe(false);
    expect((await box.host.run(file, { path: box.at('d'), state: 'absent' })).changes).toEqual([]);
    await expect(box.host.check(file, { path: '/etc/', state: 'absent' })).rejects.toThrow('cannot live without');
    await expect(box.host.run(file, { path: box.at('none') })).rejects.toThrow('does not exist');
    await expect(box.host.run(file, { path: box.root, state: 'file' })).rejects.toThrow('a directory is there');
    expect((await box.host.check(file, { path: box.root })).changes).toEqual([]);
  });

  it('touch creates once and then leaves the file alone', async () => {
    expect((await box.host.run(file, { path: box.at('t'), state: 'touch', mode: '0600' })).remaining).toEqual([]);
    expect((await box.host.run(file, { path: box.at('t'), state: 'touch' })).changes).toEqual([]);
    expect(statSync(box.at('t')).mode & 0o777).toBe(0o600);
  });
});

it('a reading that fails before the others came is an error of the task, not of the process', async () => {
  const unhandled: unknown[] = [];
  const note = (error: unknown) => unhandled.push(error);
  process.on('unhandledRejection', note);
  const read: Read = (probe) =>
    probe.key.includes('/t/src')
      ? Promise.reject(new UnknownReading('not yet made'))
      : setTimeout(20, { kind: 'absent', path: '/t', realPath: '/t' } as never);
  const wanted = file.args.parse({ path: '/t/link', src: '/t/src', state: 'link' });
  await expect(file.observe(wanted, read, undefined as never)).rejects.toThrow('not yet made');
  await setTimeout(40);
  process.off('unhandledRejection', note);
  expect(unhandled).toEqual([]);
});
