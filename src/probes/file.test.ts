import { execFileSync, spawn } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  lchownSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type HostUnderTest, hostUnderTest } from '../../test/support/run-module.ts';
import type { FileContent, FileState } from '../contract/file-state.ts';
import { directoryFiles, directoryNames } from './directory.ts';
import { filesInForce, listedModules } from './modprobe-config.ts';
import { fileContent, fileState } from './file.ts';
import { pseudoFile } from './pseudo-file.ts';

const SHELLS = [
  ['dash', ['dash']],
  ['bash', ['bash']],
  ['busybox ash', ['busybox', 'ash']],
] as const;

describe.each(SHELLS)('files read through %s', (_, shell) => {
  let host: HostUnderTest;
  let root: string;
  const at = (name: string): string => join(root, name);
  beforeAll(async () => {
    host = await hostUnderTest({ shell });
    root = mkdtempSync(join(tmpdir(), 'files-'));
    chmodSync(root, 0o755);
  });
  afterAll(async () => {
    await host.close();
    rmSync(root, { recursive: true });
  });

  it('tells files, directories, links, other things and absence apart in one frame', async () => {
    writeFileSync(at('plain'), 'hello');
    chmodSync(at('plain'), 0o4751);
    linkSync(at('plain'), at('hard'));
    mkdirSync(at('dir'));
    symlinkSync('plain', at('link'));
    execFileSync('mkfifo', [at('fifo')]);
    const names = ['plain', 'dir', 'link', 'fifo', 'none', 'plain/below'];
    const states = await Promise.all(names.map((name) => host.read(fileState(at(name)))));
    expect(states).toMatchObject([
      { kind: 'file', mode: 0o4751, size: 5, owner: 'root', uid: 0, links: 2 },
      { kind: 'directory' },
      { kind: 'link', target: 'plain' },
      { kind: 'other', type: 'fifo' },
      { kind: 'absent', path: at('none') },
      { kind: 'absent' },
    ]);
  });

  it('answers the same whether or not another path of the frame is absent or a link', async () => {
    const place = at('asked');
    mkdirSync(join(place, 'dir'), { recursive: true });
    for (const [name, text] of [
      ['empty', ''],
      ['small', 'small\n'],
      ['large', 'x'.repeat(300)],
    ] as const)
      writeFileSync(join(place, name), text, { mode: 0o640 });
    chownSync(join(place, 'small'), 1, 65_533);
    symlinkSync('small', join(place, 'link'));
    execFileSync('mkfifo', [join(place, 'fifo')]);
    const paths = ['dir', 'empty', 'small', 'large', 'fifo'].map((name) => join(place, name));
    type Way = (path: string) => Promise<FileState | FileContent>;
    const ways = (on: HostUnderTest): readonly Way[] => [
      (path) => on.read(fileState(path)),
      (path) => on.read(fileContent(path)),
      (path) => on.read(fileContent(path, 0)),
      (path) => on.read(fileContent(path, 100)),
    ];
    const ask = async (more: readonly string[]) => {
      const fresh = await hostUnderTest({ shell });
      const readings = paths.flatMap((path) => ways(fresh).map((way) => way(path)));
      const all = await Promise.all([Promise.all(readings), ...more.map((path) => fresh.read(fileContent(path)))]);
      await fresh.close();
      return all;
    };
    const [usual] = await ask([]);
    expect(usual).toHaveLength(20);
    for (const one of ['link', 'none', 'none/below', 'link/below'])
      expect((await ask([join(place, one)]))[0]).toEqual(usual);
    expect(usual.filter((reading) => reading.kind === 'too-large')).toHaveLength(3);
    expect(usual[8]).toMatchObject({ kind: 'file', owner: 'daemon', group: '65533' });
  });

  it('reads names with newlines, spaces, dashes, quotes and substitutions literally', async () => {
    const names = ['-n', 'two words', 'new\nline', '$(touch pwned)', 'quote\'"', '*', 'trailing\n', 'é'];
    for (const name of names) writeFileSync(at(name), `content of ${name}`);
    for (const name of names) symlinkSync(name, at(`to ${name}`));
    const contents = await Promise.all(names.map((name) => host.read(fileContent(at(`to ${name}`)))));
    expect(contents.map((content) => content.kind === 'file' && Buffer.from(content.bytes).toString())).toEqual(
      names.map((name) => `content of ${name}`),
    );
    expect(contents.map((content) => content.realPath)).toEqual(names.map(at));
    const states = await Promise.all(names.map((name) => host.read(fileState(at(`to ${name}`)))));
    expect(states.map((state) => state.kind === 'link' && state.target)).toEqual(names);
  });

  it('returns every byte, and cuts many files at their sizes', async () => {
    const bytes = Buffer.from(Array.from({ length: 1024 }, (_, index) => index % 256));
    const sizes = [0, 1, 255, 256, 1024];
    for (const size of sizes) writeFileSync(at(`size-${size}`), bytes.subarray(0, size));
    const contents = await Promise.all(sizes.map((size) => host.read(fileContent(at(`size-${size}`)))));
    contents.forEach((content, index) => {
      expect(content.kind === 'file' && Buffer.from(content.bytes).equals(bytes.subarray(0, sizes[index]))).toBe(true);
    });
  });

  it('says where dangling links point, refuses loops, and does not load what is too large', async () => {
    symlinkSync('nowhere', at('dangling'));
    symlinkSync('/no/such/place', at('far'));
    symlinkSync('loop-b', at('loop-a'));
    symlinkSync('loop-a', at('loop-b'));
    writeFileSync(at('large'), 'x'.repeat(100));
    const readings = await Promise.allSettled([
      host.read(fileContent(at('dangling'))),
      host.read(fileContent(at('far'))),
      host.read(fileContent(at('loop-a'))),
      host.read(fileContent(at('large'), 99)),
      host.read(fileContent(root)),
    ]);
    expect(readings).toMatchObject([
      { value: { kind: 'absent', realPath: at('nowhere') } },
      { value: { kind: 'absent', realPath: '/no/such/place' } },
      { reason: { message: expect.stringContaining('leads back to itself') } },
      { value: { kind: 'too-large' } },
      { value: { kind: 'not-a-file', state: { kind: 'directory' } } },
    ]);
  });

  it('answers for links, what they lead to and what is not there, asked for together', async () => {
    mkdirSync(at('mixed'));
    writeFileSync(at('mixed/target'), 'bytes\n');
    symlinkSync('target', at('mixed/link'));
    symlinkSync('/dev/null', at('mixed/null'));
    const [link, followed, state, none, device, linkToDevice] = await Promise.all([
      host.read(fileState(at('mixed/link'))),
      host.read(fileContent(at('mixed/link'))),
      host.read(fileContent(at('mixed/target'), 0)),
      host.read(fileContent(at('mixed/none'))),
      host.read(fileContent('/dev/null')),
      host.read(fileContent(at('mixed/null'))),
    ]);
    expect(link).toMatchObject({ kind: 'link', target: 'target' });
    expect(followed).toMatchObject({
      kind: 'file',
      realPath: at('mixed/target'),
      bytes: new Uint8Array(Buffer.from('bytes\n')),
    });
    expect(state).toMatchObject({ kind: 'too-large', state: { size: 6 } });
    expect(none).toMatchObject({ kind: 'absent', realPath: at('mixed/none') });
    expect(device).toMatchObject({ kind: 'not-a-file', state: { kind: 'other', type: 'character device' } });
    expect(linkToDevice).toMatchObject({ kind: 'not-a-file', realPath: '/dev/null' });
  });

  it('names owners and groups, and gives the number of one that has no name', async () => {
    const owned: readonly (readonly [string, number, number])[] = [
      ['roots', 0, 0],
      ['nobodys', 65534, 0],
      ['nobodys-too', 65534, 0],
      ['nameless', 54321, 12345],
      ['daemons', 1, 1],
    ];
    mkdirSync(at('owned.d'));
    for (const [name, uid, gid] of owned) {
      writeFileSync(at(`owned.d/${name}`), name);
      chownSync(at(`owned.d/${name}`), uid, gid);
    }
    symlinkSync('owned.d/nobodys', at('link-to-nobodys'));
    lchownSync(at('link-to-nobodys'), 2, 2);
    const [states, content, link, listed] = await Promise.all([
      Promise.all(owned.map(([name]) => host.read(fileState(at(`owned.d/${name}`))))),
      host.read(fileContent(at('link-to-nobodys'))),
      host.read(fileState(at('link-to-nobodys'))),
      host.read(directoryFiles(at('owned.d'), '')),
    ]);
    const names = (state: FileState): string => (state.kind === 'absent' ? '' : `${state.owner}:${state.group}`);
    const expected = ['root:root', 'nobody:root', 'nobody:root', '54321:12345', 'daemon:daemon'];
    expect(states.map(names)).toEqual(expected);
    expect(content.kind === 'file' && names(content.state)).toBe('nobody:root');
    expect(names(link)).toBe('bin:bin');
    expect(listed.map((file) => file.kind === 'file' && names(file.state))).toEqual([
      'daemon:daemon',
      '54321:12345',
      'nobody:root',
      'nobody:root',
      'root:root',
    ]);
  });

  it('still answers for the others when what a link leads to has no name', async () => {
    // A pipe: readlink -f gives `/proc/…/pipe:[1234]`, which does not exist, and one stat for all of them fails.
    const pipe = spawn('cat', { stdio: ['pipe', 'ignore', 'ignore'] });
    try {
      writeFileSync(at('beside'), 'here');
      symlinkSync('beside', at('to-beside'));
      const [nameless, beside, link] = await Promise.all([
        host.read(fileContent(`/proc/${pipe.pid}/fd/0`)),
        host.read(fileContent(at('to-beside'))),
        host.read(fileState(at('to-beside'))),
      ]);
      expect(nameless).toMatchObject({ kind: 'not-a-file', state: { kind: 'other' } });
      expect(beside).toMatchObject({
        kind: 'file',
        realPath: at('beside'),
        bytes: new Uint8Array(Buffer.from('here')),
      });
      expect(link).toMatchObject({ kind: 'link', target: 'beside' });
    } finally {
      pipe.kill();
    }
  });

  it('gives the physical path when a directory on the way is a link', async () => {
    mkdirSync(at('real'));
    writeFileSync(at('real/f'), 'x');
    symlinkSync('real', at('alias'));
    expect((await host.read(fileContent(at('alias/f')))).realPath).toBe(at('real/f'));
    expect((await host.read(fileContent(at('alias/new')))).realPath).toBe(at('real/new'));
  });

  it('changes the version when content of the same size changes', async () => {
    writeFileSync(at('v'), 'aaa');
    const before = await host.read(fileState(at('v')));
    writeFileSync(at('v'), 'bbb');
    const after = await host.read(fileContent(at('v')));
    expect(before.kind === 'file' && after.kind === 'file' && before.version === after.state.version).toBe(false);
  });

  it('lists a link to /dev/null, which masks a file of its name elsewhere', async () => {
    mkdirSync(at('etc.d'));
    mkdirSync(at('lib.d'));
    symlinkSync('/dev/null', at('etc.d/vfio.conf'));
    writeFileSync(at('lib.d/vfio.conf'), 'vfio-pci\n');
    const read = (name: string) => host.read(directoryFiles(at(name), '.conf'));
    const [etc, lib] = await Promise.all([read('etc.d'), read('lib.d')]);
    expect(listedModules(filesInForce([etc, lib]))).toEqual([]);
    expect(listedModules(filesInForce([lib]))).toHaveLength(1);
  });

  it('lists files of a directory by suffix, with content, in the order of bytes', async () => {
    mkdirSync(at('conf.d'));
    for (const name of ['b.conf', 'a.conf', 'Z.conf', 'new\nline.conf', 'note.txt', '.hidden.conf'])
      writeFileSync(at(`conf.d/${name}`), name);
    symlinkSync('b.conf', at('conf.d/l.conf'));
    symlinkSync('gone', at('conf.d/broken.conf'));
    mkdirSync(at('conf.d/d.conf'));
    const [files, none] = await Promise.all([
      host.read(directoryFiles(at('conf.d'), '.conf')),
      host.read(directoryFiles(at('no.d'), '')),
    ]);
    expect(files.map((file) => file.path.slice(at('conf.d/').length))).toEqual([
      'Z.conf',
      'a.conf',
      'b.conf',
      'l.conf',
      'new\nline.conf',
    ]);
    expect(files.map((file) => file.kind === 'file' && Buffer.from(file.bytes).toString())).toEqual([
      'Z.conf',
      'a.conf',
      'b.conf',
      'b.conf',
      'new\nline.conf',
    ]);
    expect(none).toEqual([]);
    expect(await host.read(directoryNames(at('conf.d')))).toContain('.hidden.conf');
    expect(await host.read(directoryNames(at('no.d')))).toBeNull();
  });

  it('reads kernel files without knowing their size', async () => {
    const [release, none, memory, flags] = await Promise.all([
      host.read(pseudoFile('/proc/sys/kernel/ostype')),
      host.read(pseudoFile('/proc/none')),
      host.read(pseudoFile('/proc/meminfo')),
      host.read(pseudoFile('/proc/cmdline')),
    ]);
    expect([release, none]).toEqual(['Linux', null]);
    expect(memory?.split('\n')[0]).toMatch(/^MemTotal: +\d+ kB$/);
    expect(flags).toBeTruthy();
  });
});
