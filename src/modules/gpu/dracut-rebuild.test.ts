import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { initramfs, parseInitramfs } from '../../probes/initramfs-image.ts';
import { rebuildWithDracut } from './dracut-rebuild.ts';

const HOOK = 'hooks/pre-udev/00-tsplay-pci-bind.sh';

/** Directories in place of /boot and the rest, and two programs in place of dracut's, whose image is a word: the scripts are real. */
describe('the scripts for dracut, in a real sh', () => {
  let root = '';
  const at = (path: string) => join(root, path);
  const local = (text: string) =>
    text.replaceAll(/(?<!\w)\/(boot|lib\/modules|var\/lib|run|var\/tmp|etc|proc\/sys)\b/g, `${root}/$1`);
  const run = (script: string, args: readonly string[]) =>
    spawnSync('sh', ['-c', local(script), 'sh', ...args], { env: { PATH: `${root}/bin:${process.env['PATH']}` } });
  const tool = (name: string, text: string) =>
    writeFileSync(at(`bin/${name}`), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
  const rebuild = (image: string) => {
    const predicted = { early: [], modules: [], files: {} };
    const change = rebuildWithDracut({ images: [{ kernel: '6.1', path: at(image) }], files: [HOOK], predicted });
    const [, , script = '', , ...args] = change.kind === 'run-command' ? change.argv : [];
    const done = run(script, args);
    return { code: done.status, said: done.stderr.toString() };
  };
  const inspected = () => {
    const probe = initramfs({ modules: ['vfio-pci'], files: [HOOK] });
    const [command] = probe.kind.commands([probe.subject]);
    return parseInitramfs(command?.kind === 'script' ? run(command.script, command.args).stdout.toString() : '');
  };
  const leftovers = () =>
    [at('boot'), at('run'), at('var/lib/tsplay/initramfs')].flatMap((place) => readdirSync(place));

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'dracut-'));
    for (const place of [
      'bin',
      'boot',
      'run',
      'var/tmp',
      'lib/modules/6.1',
      'proc/sys/kernel/random',
      'etc/dracut.conf.d',
      'var/lib/tsplay/initramfs',
    ])
      mkdirSync(at(place), { recursive: true });
    for (const file of [
      'boot/vmlinuz-6.1',
      'boot/vmlinuz-0-rescue-abc',
      'boot/initramfs-0-rescue-abc.img',
      'lib/modules/6.1/modules.dep',
    ])
      writeFileSync(at(file), '');
    writeFileSync(at('boot/initramfs-6.1.img'), 'old');
    writeFileSync(at('proc/sys/kernel/random/boot_id'), 'this boot\n');
    tool('update-initramfs', 'exec dracut');
    tool('dracut', 'echo new >"$2"');
    tool(
      'lsinitrd',
      `[ "$(cat "$2")" = new ] || { echo 'cpio: premature end of archive' >&2; exit 2; }
mkdir -p etc/cmdline.d etc/modprobe.d var/lib/dracut/hooks/pre-udev lib/modules/6.1
printf 'rd.driver.pre=vfio\\nrd.driver.pre=vfio_pci,ahci\\n' >etc/cmdline.d/20-force_drivers.conf
echo x >etc/modprobe.d/a.conf; echo x >var/lib/dracut/${HOOK}; : >lib/modules/6.1/vfio-pci.ko.xz`,
    );
  });
  afterEach(() => rmSync(root, { recursive: true }));

  it('puts a whole new image in place of the old one, and records what it holds', () => {
    expect(rebuild('boot/initramfs-6.1.img')).toMatchObject({ code: 0 });
    expect(readFileSync(at('boot/initramfs-6.1.img'), 'utf8')).toBe('new\n');
    tool('lsinitrd', 'exit 9');
    expect(inspected()).toMatchObject({
      generator: 'dracut',
      images: [
        {
          kernel: '6.1',
          path: at('boot/initramfs-6.1.img'),
          broken: null,
          early: ['vfio', 'vfio_pci', 'ahci'],
          modules: ['vfio_pci'],
          files: { 'etc/modprobe.d/a.conf': { size: 2 }, [HOOK]: { size: 2 } },
        },
      ],
    });
  });

  it.each([
    ['fails', 'exit 1', 'dracut failed'],
    ['leaves an image cut short', 'echo ne >"$2"', 'cannot be unpacked (cpio: premature end of archive)'],
  ])('leaves the old image alone when dracut %s, and nothing beside it', (_, dracut, said) => {
    const before = statSync(at('boot/initramfs-6.1.img'));
    tool('dracut', dracut);
    const done = rebuild('boot/initramfs-6.1.img');
    expect(done).toMatchObject({ code: 1, said: expect.stringContaining(said) });
    expect(statSync(at('boot/initramfs-6.1.img'))).toMatchObject({ ino: before.ino, mtimeMs: before.mtimeMs });
    expect(leftovers().toSorted()).toEqual(
      ['initramfs-0-rescue-abc.img', 'initramfs-6.1.img', 'vmlinuz-0-rescue-abc', 'vmlinuz-6.1'].toSorted(),
    );
  });

  it('says that this boot runs on an older image only where one was replaced', () => {
    const mark = at('var/lib/tsplay/initramfs/rebuilt-in-boot');
    tool('dracut', 'exit 1');
    writeFileSync(mark, 'the boot before\n');
    expect(rebuild('boot/initramfs-6.1.img').code).toBe(1);
    expect(readFileSync(mark, 'utf8')).toBe('the boot before\n');
    tool('dracut', 'echo new >"$2"');
    expect(rebuild('boot/initramfs-6.1.img').code).toBe(0);
    expect(readFileSync(mark, 'utf8')).toBe('this boot\n');
  });

  it.each([
    ["dracut's own name", {}, 'boot/initramfs-6.1.img'],
    [
      "Debian's, which its program says",
      { dracut: 'echo /boot/initrd.img-$kernel', image: 'none' },
      'boot/initrd.img-6.1',
    ],
    [
      'the one that is there, whatever the program says',
      { dracut: 'echo /boot/initrd.img-$kernel' },
      'boot/initramfs-6.1.img',
    ],
    ["Debian's, found beside a program of another kind", { image: 'boot/initrd.img-6.1' }, 'boot/initrd.img-6.1'],
  ])('looks for an image under %s', (_, { dracut, image }: { dracut?: string; image?: string }, expected) => {
    if (dracut) tool('dracut', dracut);
    if (image) rmSync(at('boot/initramfs-6.1.img'));
    if (image && image !== 'none') writeFileSync(at(image), 'new');
    expect(inspected().images.map((one) => one.path)).toEqual([at(expected)]);
  });

  it('takes the names of the images that are there for a kernel that has none', () => {
    mkdirSync(at('lib/modules/6.2'));
    writeFileSync(at('boot/vmlinuz-6.2'), '');
    tool('dracut', 'echo /boot/initrd.img-$kernel');
    expect(inspected().images[1]).toMatchObject({ path: at('boot/initramfs-6.2.img'), size: null });
    rmSync(at('boot/initramfs-6.1.img'));
    writeFileSync(at('boot/initrd.img-6.1'), '');
    tool('dracut', '');
    expect(inspected().images[1]).toMatchObject({ path: at('boot/initrd.img-6.2'), size: null });
  });

  it('frees first what a run that was killed left, and counts it as free', () => {
    writeFileSync(at('boot/.tsplay-initramfs-5.9.img'), 'x'.repeat(1000));
    expect(inspected().spareBytes).toBe(1000);
    tool('dracut', `[ ! -e ${at('boot/.tsplay-initramfs-5.9.img')} ] && echo new >"$2"`);
    expect(rebuild('boot/initramfs-6.1.img').code).toBe(0);
  });

  it('names the file that asks for unified kernel images', () => {
    writeFileSync(at('etc/dracut.conf.d/uki.conf'), 'uefi="yes"\n');
    expect(inspected().unifiedBy).toBe(at('etc/dracut.conf.d/uki.conf'));
  });
});
