import { spawnSync } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FileContent } from '../contract/file-state.ts';
import { type InitramfsImage, initramfs, parseInitramfs } from '../probes/initramfs-image.ts';
import type { BootEntries } from '../probes/boot-entries.ts';
import { defaultBootEntry, ownEntries, parseGrubConfig } from '../probes/grub-config.ts';
import type { Change } from '../contract/change.ts';
import type { BootMenu } from './gpu/boot-menu.ts';
import { posixCksum } from '../probes/posix-cksum.ts';
import { DRACUT_CONF } from './gpu/dracut-conf.ts';
import { rebuildInitramfs } from './gpu/initramfs-rebuild.ts';
import type { PackageWork } from '../probes/package-work.ts';
import module from './initramfs.ts';

it.each(['', 'a', 'options vfio-pci ids=10de:20f1\n', 'x'.repeat(100_000)])('checksums as cksum(1) does', (text) => {
  const printed = spawnSync('cksum', { input: text }).stdout.toString();
  expect(`${posixCksum(Buffer.from(text))} ${text.length}\n`).toBe(printed);
});

const CONF = 'options vfio-pci ids=10de:20f1\n';
const good = { cksum: posixCksum(Buffer.from(CONF)), size: CONF.length };
const image: InitramfsImage = {
  kernel: '6.1',
  path: '/boot/initrd.img-6.1',
  size: 100,
  broken: null,
  isUnjudged: false,
  modules: ['vfio_pci', 'ext4'],
  early: ['vfio_pci'],
  files: { 'etc/modprobe.d/tsplay-vfio_pci.conf': good },
  available: ['vfio_pci'],
  builtin: ['vfio'],
};
const modulesFile = (text: string): FileContent => ({
  kind: 'file',
  path: '/etc/initramfs-tools/modules',
  realPath: '/etc/initramfs-tools/modules',
  bytes: Buffer.from(text),
  state: {
    kind: 'file',
    path: '/etc/initramfs-tools/modules',
    mode: 0o644,
    uid: 0,
    gid: 0,
    owner: 'root',
    group: 'root',
    size: 1,
    version: '',
    mtime: 0,
    links: 1,
  },
});
const dracutConf = (text: string | undefined): FileContent =>
  text === undefined
    ? { kind: 'absent', path: DRACUT_CONF, realPath: DRACUT_CONF }
    : { ...modulesFile(text), path: DRACUT_CONF, realPath: DRACUT_CONF };
const noMenu: BootMenu = { loader: { kind: 'none', evidence: '' }, entries: null, bls: null };
function planned(
  images: readonly Partial<InitramfsImage>[],
  more: {
    readonly free?: number;
    readonly file?: string;
    readonly modules?: readonly string[];
    readonly generator?: 'dracut' | 'none';
    readonly conf?: string;
    readonly unifiedBy?: string;
    readonly lockedBy?: string;
    readonly spare?: number;
    readonly menu?: BootMenu;
    readonly work?: PackageWork;
  } = {},
) {
  const current = {
    images: {
      generator: more.generator ?? ('initramfs-tools' as const),
      unifiedBy: more.unifiedBy ?? null,
      lockedBy: more.lockedBy ?? null,
      spareBytes: more.spare ?? 0,
      images: images.map((one) => ({ ...image, ...one })),
    },
    dracutConf: dracutConf(more.conf),
    modulesFile: modulesFile(more.file ?? '# list\nvfio_pci\n'),
    wanted: { 'etc/modprobe.d/tsplay-vfio_pci.conf': good },
    question: [],
    freeBytes: more.free ?? 1000,
    isRebuilt: false,
    menu: more.menu ?? noMenu,
    work: more.work ?? null,
  };
  const args = module.args.parse({ modules: more.modules ?? ['vfio-pci'] });
  return { changes: () => module.plan(args, current), values: () => module.result?.(args, current, []) };
}

describe('initramfs', () => {
  it('is content with images that hold what the host has', () => {
    expect(planned([{}, {}]).changes()).toEqual([]);
  });

  it.each([
    ['a file that differs', { files: { 'etc/modprobe.d/tsplay-vfio_pci.conf': { cksum: 1, size: 1 } } }, 'differs'],
    ['a file that is missing', { files: {} }, 'is missing'],
    [
      'a file that the host no longer has',
      { files: { ...image.files, 'etc/modprobe.d/old.conf': good } },
      'is gone from the host',
    ],
    ['a module that is missing', { modules: [] }, 'module vfio_pci is missing'],
    ['a module that is not loaded early', { early: [] }, 'not loaded early'],
    ['an image cut short', { broken: 'premature end of archive' }, 'premature end'],
    ['an image that a killed run left', { isUnjudged: true }, 'did not end'],
    ['a kernel without image', { size: null }, 'there is none'],
  ])('rebuilds for %s, in any kernel', (_, wrong, said) => {
    const run = planned([{}, wrong]);
    expect(run.changes()).toMatchObject([{ kind: 'run-command' }]);
    expect(run.values()).toMatchObject({ stale: [expect.stringContaining(said)] });
  });

  it('rebuilds nothing while packages are installed, and needs no rebuild for that', () => {
    const work = { pid: 1234, command: 'unattended-upgr' };
    expect(() => planned([{ files: {} }], { work }).changes()).toThrow(
      'packages are being installed or removed (unattended-upgr, process 1234): images are not rebuilt meanwhile',
    );
    expect(planned([{}], { work }).changes()).toEqual([]);
  });

  it('adds to the list of early modules and keeps what others wrote', () => {
    const [write] = planned([{}], {
      file: '# list\ndm_crypt\nvfio_pci ids=1:2\n',
      modules: ['vfio_pci ids=10de:20f1', 'vfio'],
    }).changes();
    expect(write?.kind === 'write-file' && Buffer.from(write.bytes).toString()).toBe(
      '# list\ndm_crypt\nvfio_pci ids=10de:20f1\nvfio\n',
    );
  });

  it('changes no byte outside its lines, and mends a name that ends in a carriage return', () => {
    const bytes = Buffer.from('# caf\xe9\r\nvfio_pci\r\nraid1\r\n', 'latin1');
    const plain = modulesFile('');
    const current = {
      images: {
        generator: 'initramfs-tools' as const,
        unifiedBy: null,
        lockedBy: null,
        spareBytes: 0,
        images: [image],
      },
      dracutConf: dracutConf(undefined),
      modulesFile: { ...plain, bytes } as FileContent,
      wanted: {},
      question: [],
      freeBytes: 1e9,
      isRebuilt: false,
      menu: noMenu,
      work: null,
    };
    const [change] = module.plan(module.args.parse({ modules: ['vfio_pci'], files: [] }), current);
    const written = change?.kind === 'write-file' ? Buffer.from(change.bytes).toString('latin1') : '';
    expect(written).toBe('# caf\xe9\r\nraid1\r\nvfio_pci\n');
  });

  it('leaves out a module that no installed kernel has', () => {
    expect(planned([{}], { modules: ['vfio-pci', 'vfio_virqfd'] }).changes()).toEqual([]);
  });

  it('refuses when /boot cannot hold one more image', () => {
    expect(planned([{ early: [] }], { free: 110 }).changes).toThrow(/an image cut short does not boot/);
  });

  it('refuses where update-initramfs may not make an image again, unless there is nothing to make', () => {
    const lockedBy = '/etc/initramfs-tools/update-initramfs.conf';
    expect(planned([{ files: {} }], { lockedBy }).changes).toThrow(/update-initramfs.conf says update_initramfs=no/);
    expect(planned([{}], { lockedBy }).changes()).toEqual([]);
    expect(planned([{ size: null }], { lockedBy }).changes()).toHaveLength(1);
  });

  it('refuses a host without a tool that makes images', () => {
    expect(planned([{}], { generator: 'none' }).changes).toThrow(/no tool that makes images/);
  });
});

describe('a menu from before the image', () => {
  const entry = (kernel: string, initrd = '') =>
    `menuentry 'x ${kernel}' {\n\tlinux /vmlinuz-${kernel} ro\n${initrd === '' ? '' : `\tinitrd ${initrd}\n`}}\n`;
  const menu = (...texts: readonly string[]): BootMenu => {
    const text = `### BEGIN /etc/grub.d/10_linux ###\n${texts.join('')}### END /etc/grub.d/10_linux ###\n`;
    const parsed = parseGrubConfig(text);
    const configFile = '/boot/grub/grub.cfg';
    const entries = { configFile, own: ownEntries(parsed), default: defaultBootEntry(parsed, new Map()) ?? null };
    return {
      loader: { kind: 'grub-mkconfig', configFile, updateCommand: '/usr/sbin/update-grub' },
      entries,
      bls: null,
    };
  };
  const commands = (changes: readonly Change[]) =>
    changes.map((change) => (change.kind === 'run-command' ? change.purpose : change.kind));

  it('is built again, after the image where that has to be made too', () => {
    const update = 'rebuild the boot menu (/usr/sbin/update-grub)';
    expect(commands(planned([{}], { menu: menu(entry('6.1')) }).changes())).toEqual([update]);
    const both = planned([{ size: null }], { menu: menu(entry('6.1')) }).changes();
    expect(commands(both)).toEqual([expect.stringContaining('update-initramfs'), update]);
  });

  it('is foretold with the image in its entry', () => {
    const [update] = planned([{}], { menu: menu(entry('6.1'), entry('5.9')) }).changes();
    const fact = update?.kind === 'run-command' ? (update.predicts?.[0]?.value as BootEntries) : undefined;
    expect(fact?.default?.initrds).toEqual(['/boot/initrd.img-6.1']);
    expect(fact?.own.map((one) => one.initrds)).toEqual([['/boot/initrd.img-6.1'], []]);
  });

  it('stays where entries have images, or kernels none that is made here', () => {
    expect(planned([{}], { menu: menu(entry('6.1', '/initrd.img-6.1'), entry('5.9')) }).changes()).toEqual([]);
  });

  it('stays where a person wrote it', () => {
    const own = menu(entry('6.1'));
    const entries = own.entries && { ...own.entries, own: own.entries.own.map((one) => ({ ...one, section: null })) };
    expect(planned([{}], { menu: { ...own, entries } }).changes()).toEqual([]);
  });
});

describe('initramfs with dracut', () => {
  const CONF_TEXT =
    '# Kept by tsplay (module initramfs).\nforce_drivers+=" vfio_pci "\ninstall_optional_items+=" /etc/modprobe.d/*.conf "\n';
  const dracut = { generator: 'dracut', conf: CONF_TEXT } as const;

  it('is content with its configuration and with images that hold what the host has', () => {
    expect(planned([{}, {}], dracut).changes()).toEqual([]);
  });

  it('writes names with underscores, after those of earlier tasks', () => {
    const conf = CONF_TEXT.replace(' vfio_pci ', ' dm_crypt ');
    const [write] = planned([{}], { ...dracut, conf, modules: ['vfio', 'vfio-pci'] }).changes();
    expect(write?.kind === 'write-file' && Buffer.from(write.bytes).toString()).toContain(
      'force_drivers+=" dm_crypt vfio vfio_pci "\n',
    );
  });

  it('rebuilds only the images that are not in step, under their own names', () => {
    const stale = { kernel: '6.2', path: '/boot/initramfs-6.2.img', early: [] };
    const [rebuild, ...others] = planned([{}, stale], dracut).changes();
    expect(others).toEqual([]);
    expect(rebuild?.kind === 'run-command' && rebuild.argv.slice(4, 7)).toEqual([
      '6.2',
      '/boot/initramfs-6.2.img',
      '--',
    ]);
  });

  it('refuses parameters, which dracut cannot hand to an early module', () => {
    expect(planned([{}], { ...dracut, modules: ['vfio_pci ids=10de:20f1'] }).changes).toThrow(
      /give "ids=10de:20f1" to kernel-module/,
    );
  });

  it('refuses when /boot cannot hold one more image', () => {
    expect(planned([{ early: [] }], { ...dracut, free: 110 }).changes).toThrow(/\/boot has/);
    expect(planned([{ early: [] }], { ...dracut, free: 110, spare: 90 }).changes()).toHaveLength(1);
  });

  it('refuses unified kernel images, and a host where it sees no kernel', () => {
    expect(planned([{}], { ...dracut, unifiedBy: '/etc/dracut.conf.d/uki.conf' }).changes).toThrow(/uki\.conf/);
    expect(planned([], dracut).changes).toThrow(/no kernel with modules/);
  });

  it('knows a binding hook in an image that the host has no more', () => {
    const files = { ...image.files, 'hooks/pre-udev/00-tsplay-pci-bind.sh': good };
    expect(planned([{ files }], dracut).values()).toMatchObject({
      stale: [expect.stringContaining('tsplay-pci-bind.sh is gone from the host')],
    });
  });
});

/** Directories in place of /boot and the rest, an "image" with a tree beside it, and tools that copy it: the scripts are real. */
describe('the scripts, in a real sh', () => {
  let root = '';
  const local = (text: string) =>
    text
      .replaceAll(/(?<![\w}])\/(boot|lib\/modules|var\/lib|run|var\/tmp|sys|proc)\b/g, `${root}/$1`)
      .replaceAll(`${root}/run/tsplay`, `${root}/run/tsplay`);
  const run = (words: readonly string[]) =>
    spawnSync('sh', ['-c', local(words[0] ?? ''), 'sh', ...words.slice(1)], {
      env: { PATH: `${root}/bin:${process.env['PATH']}` },
    });
  const inspect = (files: readonly string[] = []) => {
    const probe = initramfs({ modules: ['vfio-pci', 'vfio'], files });
    const [command] = probe.kind.commands([probe.subject]);
    const done = run(command?.kind === 'script' ? [command.script, ...command.args] : []);
    return parseInitramfs(done.stdout.toString());
  };
  const rebuild = (files: readonly string[] = [], missing: readonly string[] = []) => {
    const images = missing.map((kernel) => ({ kernel, path: `/boot/initrd.img-${kernel}`, size: null }));
    const change = rebuildInitramfs({ images, files, predicted: { early: [], modules: [], files: {} } });
    return run(change.kind === 'run-command' ? [change.argv[2] ?? '', ...change.argv.slice(4)] : []);
  };
  const tool = (name: string, text: string) => {
    writeFileSync(join(root, 'bin', name), `#!/bin/sh\n${text}\n`);
    chmodSync(join(root, 'bin', name), 0o755);
  };

  beforeAll(() => {
    root = mkdtempSync(join(tmpdir(), 'initramfs-'));
    const tree = join(root, 'boot/tree/main');
    for (const place of [
      'bin',
      'boot',
      'run',
      'var/tmp',
      'proc/sys/kernel/random',
      'lib/modules/6.1',
      'boot/tree/early',
      'boot/tree/main/etc/modprobe.d',
      'boot/tree/main/conf',
      'boot/tree/main/usr/lib/modules/6.1/kernel',
    ])
      mkdirSync(join(root, place), { recursive: true });
    writeFileSync(join(root, 'proc/sys/kernel/random/boot_id'), 'this boot\n');
    for (const name of ['vmlinuz-6.1', 'vmlinuz-5.9-without-modules', 'initrd.img-6.1'])
      writeFileSync(join(root, 'boot', name), 'x');
    writeFileSync(join(root, 'lib/modules/6.1/modules.builtin'), 'kernel/drivers/vfio/vfio.ko\n');
    writeFileSync(
      join(root, 'lib/modules/6.1/modules.dep'),
      'kernel/drivers/vfio/pci/vfio-pci.ko.xz: kernel/x/vfio-pci-core.ko.xz\n',
    );
    writeFileSync(join(tree, 'etc/modprobe.d/a.conf'), CONF);
    writeFileSync(join(tree, 'conf/modules'), '# early\nvfio_pci ids=1\n');
    writeFileSync(join(tree, 'usr/lib/modules/6.1/kernel/vfio-pci.ko.zst'), '');
    tool(
      'unmkinitramfs',
      `[ -s "$1" ] || { echo 'cpio: premature end of archive' >&2; exit 2; }\necho x >>${root}/unpacked\ncp -r ${root}/boot/tree "$2"`,
    );
    tool('update-initramfs', `echo y >${root}/new && mv ${root}/new ${root}/boot/initrd.img-6.1`);
  });
  afterAll(() => rmSync(root, { recursive: true }));
  const unpacked = () => Number(spawnSync('sh', ['-c', `wc -c <${root}/unpacked`]).stdout.toString()) / 2;

  it('finds modules, early modules and files, skips kernels without modules, and leaves nothing behind', () => {
    const { generator, images } = inspect(['scripts/init-top/x']);
    expect(generator).toBe('initramfs-tools');
    expect(images).toMatchObject([
      {
        kernel: '6.1',
        modules: ['vfio_pci'],
        early: ['vfio_pci ids=1'],
        files: { 'etc/modprobe.d/a.conf': good },
        available: ['vfio_pci'],
        builtin: ['vfio'],
        broken: null,
      },
    ]);
    expect(readdirSync(join(root, 'run'))).toEqual([]);
  });

  it('records what a rebuilt image holds, and then need not unpack it', () => {
    expect(rebuild(['scripts/init-top/x']).status).toBe(0);
    const before = unpacked();
    expect(inspect(['scripts/init-top/x']).images).toMatchObject([
      { modules: ['vfio_pci'], files: { 'etc/modprobe.d/a.conf': good } },
    ]);
    expect(unpacked()).toBe(before);
  });

  it('unpacks again when asked about a file that was not recorded, or when the image is another', () => {
    const before = unpacked();
    inspect(['scripts/init-top/other']);
    writeFileSync(join(root, 'boot/initrd.img-6.1'), 'another');
    inspect(['scripts/init-top/x']);
    expect(unpacked()).toBe(before + 2);
  });

  it('tells an image cut short, and does not record one', () => {
    writeFileSync(join(root, 'boot/initrd.img-6.1'), '');
    expect(inspect().images[0]?.broken).toContain('premature end');
    tool('update-initramfs', `: >${root}/new && mv ${root}/new ${root}/boot/initrd.img-6.1`);
    const done = rebuild();
    expect(done.status).toBe(1);
    expect(done.stderr.toString()).toContain('cannot be unpacked');
    expect(readdirSync(join(root, 'run'))).toEqual([]);
  });

  /** As the real tool does: the new image takes the name of the old one at the end. */
  const replaceImage = (text: string) =>
    tool('update-initramfs', `printf '${text}' >${root}/new && mv ${root}/new ${root}/boot/initrd.img-6.1`);
  const imageText = () => readFileSync(join(root, 'boot/initrd.img-6.1'), 'utf8');
  const hidden = () => readdirSync(join(root, 'boot')).filter((name) => name.startsWith('.'));

  it('brings the old image back when the new one is cut short, and when it cannot be made', () => {
    writeFileSync(join(root, 'boot/initrd.img-6.1'), 'good');
    replaceImage('');
    const cut = rebuild();
    expect(cut.stderr.toString()).toMatch(
      /the new image cannot be unpacked \(.*premature end.*\); the old one is back/,
    );
    tool('update-initramfs', `: >${root}/boot/initrd.img-6.1.new; exit 1`);
    expect(rebuild().stderr.toString()).toMatch(/could not be made; the old one is back/);
    tool('update-initramfs', 'true');
    expect(rebuild().stderr.toString()).toMatch(/was not made, .*; the old one is back/);
    expect(imageText()).toBe('good');
    expect(hidden()).toEqual([]);
  });

  const mark = () => join(root, 'var/lib/tsplay/initramfs/rebuilt-in-boot');
  const marked = (): string | null => (existsSync(mark()) ? readFileSync(mark(), 'utf8') : null);

  it('says that this boot runs on an older image only where one was replaced', () => {
    rmSync(mark());
    replaceImage('');
    expect(rebuild().status).toBe(1);
    expect(marked()).toBeNull();
    writeFileSync(mark(), 'the boot before\n');
    expect(rebuild().status).toBe(1);
    expect(marked()).toBe('the boot before\n');
    replaceImage('new');
    expect(rebuild().status).toBe(0);
    expect(marked()).toBe('this boot\n');
    replaceImage('');
    expect(rebuild().status).toBe(1);
    expect(marked()).toBe('this boot\n');
  });

  it('says so too where a later kernel than the first is refused', () => {
    rmSync(mark());
    mkdirSync(join(root, 'lib/modules/6.2'));
    writeFileSync(join(root, 'boot/initrd.img-6.2'), 'good');
    tool(
      'update-initramfs',
      `image=${root}/boot/initrd.img-$3; { [ "$3" = 6.2 ] || echo new; } >${root}/new && mv ${root}/new "$image"`,
    );
    expect(rebuild().status).toBe(1);
    expect(marked()).toBe('this boot\n');
    expect(readFileSync(join(root, 'boot/initrd.img-6.2'), 'utf8')).toBe('good');
    rmSync(join(root, 'boot/initrd.img-6.2'));
  });

  it('takes a refused image away from a kernel that had none, so that nothing boots it', () => {
    tool(
      'update-initramfs',
      `{ [ "$3" = 6.2 ] || echo new; } >${root}/new && mv ${root}/new ${root}/boot/initrd.img-$3`,
    );
    const refused = rebuild([], ['6.2']);
    expect(refused.stderr.toString()).toMatch(
      /initrd.img-6.2: the new image cannot be unpacked \(.*\); there was none/,
    );
    expect(existsSync(join(root, 'boot/initrd.img-6.2'))).toBe(false);
    expect(hidden()).toEqual([]);
    rmSync(join(root, 'lib/modules/6.2'), { recursive: true });
  });

  it('takes an image for stale that a run left before it was looked at', () => {
    writeFileSync(join(root, 'boot/initrd.img-6.1'), 'new');
    expect(inspect().images[0]?.isUnjudged).toBe(false);
    writeFileSync(join(root, 'boot/.tsplay-initrd.img-6.1'), 'the last good one');
    expect(inspect().images[0]?.isUnjudged).toBe(true);
    replaceImage('newer');
    expect(rebuild().status).toBe(0);
    expect(hidden()).toEqual([]);
  });

  it('keeps what an interrupted run left, until there is an image that is known to boot', () => {
    writeFileSync(join(root, 'boot/.tsplay-initrd.img-6.1'), 'the last good one');
    writeFileSync(join(root, 'boot/initrd.img-6.1'), 'nobody looked at this one');
    replaceImage('');
    expect(rebuild().status).toBe(1);
    expect(imageText()).toBe('the last good one');
    replaceImage('new');
    expect(rebuild().status).toBe(0);
    expect(imageText()).toBe('new');
    expect(hidden()).toEqual([]);
  });

  it('refuses an image without the driver of the root disk, where that is a module', () => {
    const disk = join(root, 'sys/devices/pci0000:00/virtio0/block/vda/vda1');
    mkdirSync(disk, { recursive: true });
    mkdirSync(join(root, 'sys/dev/block'), { recursive: true });
    mkdirSync(join(root, 'sys/module/virtio_blk'), { recursive: true });
    mkdirSync(join(root, 'sys/bus/virtio/drivers/virtio_blk'), { recursive: true });
    mkdirSync(join(root, 'proc/self'), { recursive: true });
    symlinkSync('../../devices/pci0000:00/virtio0/block/vda/vda1', join(root, 'sys/dev/block/254:1'));
    symlinkSync('../../../bus/virtio/drivers/virtio_blk', join(root, 'sys/devices/pci0000:00/virtio0/driver'));
    symlinkSync('../../../../module/virtio_blk', join(root, 'sys/bus/virtio/drivers/virtio_blk/module'));
    writeFileSync(join(root, 'sys/module/virtio_blk/initstate'), 'live\n');
    writeFileSync(join(root, 'proc/self/mountinfo'), '22 1 254:1 / / rw,relatime shared:1 - ext4 /dev/vda1 rw\n');
    appendFileSync(join(root, 'lib/modules/6.1/modules.dep'), 'kernel/drivers/block/virtio_blk.ko:\n');
    writeFileSync(join(root, 'boot/initrd.img-6.1'), 'good');
    replaceImage('new');
    const refused = rebuild();
    expect(refused.stderr.toString()).toMatch(/lacks virtio_blk, without which the root file system is not found/);
    expect(imageText()).toBe('good');
    writeFileSync(join(root, 'boot/tree/main/usr/lib/modules/6.1/kernel/virtio_blk.ko'), '');
    expect(rebuild().status).toBe(0);
    expect(imageText()).toBe('new');
  });
});
