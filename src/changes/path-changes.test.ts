import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type HostUnderTest, hostUnderTest } from '../../test/support/run-module.ts';
import { fileState } from '../probes/file.ts';
import { kindOf } from './kinds.ts';
import { makeDirectory } from './make-directory.ts';
import { makeLink } from './make-link.ts';
import { removePath } from './remove-path.ts';
import { runCommand } from './run-command.ts';
import { setAttributes } from './set-attributes.ts';

const SHELLS = [
  ['dash', ['dash']],
  ['busybox ash', ['busybox', 'ash']],
] as const;

describe.each(SHELLS)('changes of paths through %s', (_, shell) => {
  let host: HostUnderTest;
  let root: string;
  const at = (name: string): string => join(root, name);
  const state = (name: string) => host.read(fileState(at(name)));

  beforeAll(async () => {
    host = await hostUnderTest({ shell });
  });
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'paths-'));
  });
  afterEach(() => rmSync(root, { recursive: true }));
  afterAll(() => host.close());

  it('makes a directory with its exact mode, and takes it back', async () => {
    const change = makeDirectory(at('-d\n'), { mode: 0o2775 });
    await host.apply(change);
    expect(statSync(at('-d\n')).mode & 0o7777).toBe(0o2775);
    const undo = kindOf(change).undo(change);
    if (undo) await host.apply(undo);
    expect(existsSync(at('-d\n'))).toBe(false);
  });

  it('says when the parent is missing or something else is there', async () => {
    await expect(host.apply(makeDirectory(at('no/d')))).rejects.toThrow('its directory does not exist');
    writeFileSync(at('f'), '');
    await expect(host.apply(makeDirectory(at('f')))).rejects.toThrow('File exists');
  });

  it('replaces a link to a directory without entering it, and takes that back', async () => {
    mkdirSync(at('one'));
    symlinkSync('one', at('l'));
    const change = makeLink(at('l'), 'two', await state('l'));
    await host.apply(change);
    expect([readlinkSync(at('l')), readdirSync(at('one'))]).toEqual(['two', []]);
    const undo = kindOf(change).undo(change);
    if (undo) await host.apply(undo);
    expect(readlinkSync(at('l'))).toBe('one');
  });

  it('does not link over what came there meanwhile', async () => {
    const change = makeLink(at('l'), 'target', await state('l'));
    writeFileSync(at('l'), 'theirs');
    await expect(host.apply(change)).rejects.toThrow('changed underneath');
    expect(readdirSync(root)).toEqual(['l']);
  });

  it('removes one file, whole trees, and never what changed meanwhile', async () => {
    mkdirSync(at('t/sub'), { recursive: true });
    writeFileSync(at('f'), 'a');
    symlinkSync('t', at('l'));
    await host.apply(removePath(await state('l')));
    expect(existsSync(at('t/sub'))).toBe(true);
    const change = removePath(await state('f'));
    writeFileSync(at('f'), 'bb');
    await expect(host.apply(change)).rejects.toThrow('changed underneath');
    await expect(host.apply(removePath(await state('t')))).rejects.toThrow('not empty');
    await host.apply(removePath(await state('t'), { recursive: true }));
    expect(readdirSync(root)).toEqual(['f']);
  });

  it('sets and restores attributes, and never through a link', async () => {
    writeFileSync(at('f'), '');
    chmodSync(at('f'), 0o600);
    symlinkSync('f', at('l'));
    const before = await state('f');
    if (before.kind === 'absent') throw new Error('the file is missing');
    const change = setAttributes(at('f'), before, { mode: 0o4755, owner: '12', group: '34' });
    await host.apply(change);
    expect(statSync(at('f'))).toMatchObject({ uid: 12, gid: 34 });
    expect(statSync(at('f')).mode & 0o7777).toBe(0o4755);
    const undo = kindOf(change).undo(change);
    if (undo) await host.apply(undo);
    expect(statSync(at('f'))).toMatchObject({ uid: 0, gid: 0 });
    const link = await state('l');
    if (link.kind === 'absent') throw new Error('the link is missing');
    await host.apply(setAttributes(at('l'), link, { owner: '56', mode: 0o777 }));
    expect([statSync(at('f')).uid, statSync(at('f')).mode & 0o7777, lstatSync(at('l')).uid]).toEqual([0, 0o600, 56]);
  });

  it('runs a program and says what it said when it fails', async () => {
    const applied = await host.apply(
      runCommand(['sh', '-c', 'cat; echo "$X"; pwd'], { touches: [], stdin: 'in ', env: { X: 'y' }, cwd: '/usr' }),
    );
    expect(Buffer.from(applied.output?.stdout ?? []).toString()).toBe('in y\n/usr\n');
    const failing = host.apply(runCommand(['sh', '-c', 'echo wrong >&2; exit 4'], { touches: [], purpose: 'try it' }));
    await expect(failing).rejects.toMatchObject({
      message: expect.stringMatching(/^try it: .*exited with 4: wrong$/),
      detail: { rc: 4, stderr: 'wrong\n' },
    });
    await expect(host.apply(runCommand(['no-such-program'], { touches: [] }))).rejects.toThrow(
      'no-such-program is not installed',
    );
    expect((await host.apply(runCommand(['false'], { touches: [], success: 'any' }))).output?.code).toBe(1);
  });
});
