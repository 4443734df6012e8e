import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { initramfs, parseInitramfs } from './initramfs-image.ts';
import { posixCksum } from './posix-cksum.ts';

const TOOLS = ['unmkinitramfs', 'cpio', 'zstd', 'gzip'];
const hasTools = TOOLS.every((name) => spawnSync('sh', ['-c', `command -v ${name}`]).status === 0);
const CONF = Buffer.from('options vfio-pci ids=10de:20f1\n');

/** Images of the make mkinitramfs 0.142 (Debian 12) writes: conf/modules lines end in a space where there are no arguments. */
describe.skipIf(!hasTools)('images, unpacked by the real unmkinitramfs', () => {
  let root = '';
  const sh = (text: string) => spawnSync('sh', ['-c', text], { cwd: root });
  const local = (text: string) => text.replaceAll(/\/(boot|lib\/modules|var\/lib|run|var\/tmp)\b/g, `${root}/$1`);
  const inspected = (make: string) => {
    sh(`${make} >boot/initrd.img-6.1`);
    const probe = initramfs({ modules: ['vfio-pci'], files: ['scripts/init-top/x'] });
    const [command] = probe.kind.commands([probe.subject]);
    const [script = '', ...args] = command?.kind === 'script' ? [command.script, ...command.args] : [];
    const env = { PATH: `${root}/bin:${process.env['PATH']}` };
    const done = spawnSync('sh', ['-c', local(script), 'sh', ...args], { env });
    return parseInitramfs(done.stdout.toString()).images[0];
  };

  beforeAll(() => {
    root = mkdtempSync(join(tmpdir(), 'images-'));
    for (const place of ['bin', 'boot', 'run', 'var/tmp', 'lib/modules/6.1', 'early/kernel/x86/microcode'])
      mkdirSync(join(root, place), { recursive: true });
    for (const place of ['etc/modprobe.d', 'conf', 'opt/vendor', 'usr/lib/modules/6.1/kernel'])
      mkdirSync(join(root, 'main', place), { recursive: true });
    writeFileSync(join(root, 'boot/vmlinuz-6.1'), 'x');
    writeFileSync(join(root, 'bin/update-initramfs'), '#!/bin/sh\n', { mode: 0o755 });
    writeFileSync(join(root, 'early/kernel/x86/microcode/GenuineIntel.bin'), 'x');
    writeFileSync(join(root, 'main/etc/modprobe.d/a.conf'), CONF);
    writeFileSync(join(root, 'main/opt/vendor/linked.conf'), CONF);
    writeFileSync(join(root, 'main/conf/modules'), 'vfio \nvfio_pci ids=1\n');
    writeFileSync(join(root, 'main/usr/lib/modules/6.1/kernel/vfio-pci.ko.zst'), 'x'.repeat(50_000));
    // copy_file of hook-functions makes links relative, and copies what they lead to.
    sh('ln -s ../../opt/vendor/linked.conf main/etc/modprobe.d/linked.conf');
    for (const tree of ['main', 'early']) sh(`(cd ${tree} && find . | cpio -o -H newc) >${tree}.cpio`);
  });
  afterAll(() => rmSync(root, { recursive: true }));

  it.each([
    ['zstd', 'zstd -qc main.cpio'],
    ['gzip', 'gzip -c main.cpio'],
    ['early microcode before it', 'cat early.cpio; zstd -qc main.cpio'],
  ])('reads an image with %s', (_, make) => {
    const file = { cksum: posixCksum(CONF), size: CONF.length };
    expect(inspected(`{ ${make}; }`)).toMatchObject({
      broken: null,
      modules: ['vfio_pci'],
      early: ['vfio ', 'vfio_pci ids=1'],
      files: { 'etc/modprobe.d/a.conf': file, 'etc/modprobe.d/linked.conf': file },
    });
    expect(readdirSync(join(root, 'run'))).toEqual([]);
  });

  it.each([
    ['nothing in it', 'true'],
    ['its end cut off', 'zstd -qc main.cpio | head -c 300'],
    ['the end cut off after early microcode', 'cat early.cpio; gzip -c main.cpio | head -c 300'],
  ])('takes an image with %s for broken', (_, make) => {
    expect(inspected(`{ ${make}; }`)?.broken).not.toBeNull();
    expect(readFileSync(join(root, 'boot/initrd.img-6.1')).length).toBeLessThan(5000);
  });
});
