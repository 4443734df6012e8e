import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Container, startContainer } from '../../support/containers.ts';
import { complaints } from '../support/look.ts';
import { expectForetold, expectRefused, playTasks } from './in-step.ts';
import { imageFile, imageFiles, kernels, leftovers } from './look.ts';

const TASKS = '- name: images\n  initramfs: {modules: [vfio_pci]}';
const MARK = '/var/lib/tsplay/initramfs/rebuilt-in-boot';

/** What update-initramfs runs once an image is in its place (update-initramfs(8)): cuts that of one kernel, or of all, short. */
const cutAfterwards = (kernel: string) => `mkdir -p /etc/initramfs/post-update.d
printf '#!/bin/sh\\ncase $1 in ${kernel}) truncate -s 1000000 "$2";; esac\\n' >/etc/initramfs/post-update.d/cut
chmod 755 /etc/initramfs/post-update.d/cut`;

describe('images of initramfs-tools that go wrong', () => {
  let host: Container;
  let older = '';
  let newer = '';
  const sh = (script: string) => host.look(['sh', '-c', script]);
  const sums = () => sh('cd /boot && cksum initrd.img-*');
  const reasons = async () =>
    (await playTasks(host, TASKS, 'check')).results('images').get('h1')?.values['reboot_reasons'];
  /** Every image is out of step again. */
  const option = (value: number) => sh(`echo "options vfio-pci disable_vga=${value}" >/etc/modprobe.d/vfio.conf`);

  beforeAll(async () => {
    host = await startContainer('debian-boot');
    [older = '', newer = ''] = await kernels(host);
    expect(newer).toContain('+');
    await sh('echo MODULES=list >/etc/initramfs-tools/conf.d/small; update-initramfs -u -k all');
  });
  afterAll(() => host?.stop());

  it('a refused one is as if it had never been: the old one back, and no reason to reboot', async () => {
    await sh(cutAfterwards('*'));
    await option(1);
    const before = await sums();
    const run = await playTasks(host, TASKS);
    expect(complaints(run).get('h1')).toMatch(/the new image cannot be unpacked .*; the old one is back in its place/);
    expect(await sums()).toBe(before);
    expect((await host.exec(['test', '-e', MARK])).code).toBe(1);
    expect(await leftovers(host)).toBe('');
    await sh('rm /etc/modprobe.d/vfio.conf; sed -i /vfio_pci/d /etc/initramfs-tools/modules');
    expect(
      (await playTasks(host, '- name: images\n  initramfs:', 'check')).results('images').get('h1')?.values,
    ).toMatchObject({
      stale: [],
      reboot_reasons: [],
    });
  });

  it('one of a later kernel leaves those before it new, and the reason to reboot with them', async () => {
    await sh(cutAfterwards(newer));
    await option(1);
    const before = await sh(`cksum /boot/initrd.img-${newer}`);
    expect((await playTasks(host, TASKS)).exitCode).toBe(2);
    expect(await sh(`cksum /boot/initrd.img-${newer}`)).toBe(before);
    expect(await imageFile(host, older, 'etc/modprobe.d/vfio.conf')).toContain('disable_vga=1');
    await sh('rm -r /etc/initramfs/post-update.d');
    await expectForetold(host, TASKS);
    expect(await reasons()).toMatchObject([{ kind: 'initramfs' }]);
  });

  it('one that a killed run left without a look at it is made again', async () => {
    await sh(`ln /boot/initrd.img-${newer} /boot/.tsplay-initrd.img-${newer}`);
    const run = await expectForetold(host, TASKS);
    expect(run.results('images').get('h1')?.status).toBe('changed');
  });

  it('one that was missing is made, and the boot entry that lacked it gets it', async () => {
    await sh(`rm /boot/initrd.img-${newer}; update-grub 2>/dev/null`);
    await expectForetold(host, `${TASKS}\n- reboot-and-wait: {policy: never}`);
    const entries = await sh(`grep -c "initrd.*${newer.replace('+', '[+]')}" /boot/grub/grub.cfg`);
    expect(Number(entries)).toBe(3);
    expect(await imageFiles(host, newer)).toContain('etc/modprobe.d/vfio.conf');
  });

  it('a menu that still lacks it keeps the host from a reboot', async () => {
    await sh(`sed -i '/^[[:space:]]*initrd.*${newer}/d' /boot/grub/grub.cfg`);
    const reboot = '- reboot-and-wait: {policy: always}';
    expect(await expectRefused(host, reboot)).toMatch(/names no initrd, though \/boot\/initrd\.img-.* is there/);
    await expectForetold(host, TASKS);
  });

  it('update_initramfs=no is refused by check as by run', async () => {
    await option(0);
    await sh("sed -i 's/^update_initramfs=.*/update_initramfs=no/' /etc/initramfs-tools/update-initramfs.conf");
    expect(await expectRefused(host, TASKS)).toMatch(/update-initramfs\.conf says update_initramfs=no/);
  });
});
