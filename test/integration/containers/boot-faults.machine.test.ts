import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Event } from '../../../src/contract/event.ts';
import { complaints, tasksOf } from '../support/look.ts';
import { until } from '../support/until.ts';
import { tsplay } from '../support/tsplay.ts';
import { type BareHost, GPU_CLOUD, startBareHost } from './bare-host.ts';
import { bootLines, imageFile, imageFiles, kernels, leftovers } from './look.ts';

const BINDING = 'etc/modprobe.d/tsplay-vfio_pci.conf';
const NEW_KERNEL = '6.99.0-1-amd64';

/** Images of the listed modules only: many rebuilds in the time of one. */
const SMALL_IMAGES = 'echo MODULES=list >/etc/initramfs-tools/conf.d/small && update-initramfs -u -k all';

const sh = (host: BareHost, script: string): Promise<string> => host.container.look(['sh', '-c', script]);

const hasStarted =
  (task: string) =>
  (event: Event): boolean =>
    event.type === 'task.started' && event.task.name === task;

describe('real boot files in trouble', () => {
  let host: BareHost;
  beforeAll(async () => {
    host = await startBareHost('debian-boot');
    await sh(host, SMALL_IMAGES);
  });
  afterAll(() => host?.close());

  async function expectBindingEverywhere(installed: readonly string[]): Promise<void> {
    for (const kernel of installed) {
      expect(await imageFiles(host.container, kernel)).toEqual(
        expect.arrayContaining([BINDING, expect.stringMatching(/\/vfio-pci\.ko(\.xz)?$/)]),
      );
      expect(await imageFile(host.container, kernel, BINDING)).toContain('10de:11b4');
    }
    expect(await leftovers(host.container)).toBe('');
  }

  it('a run killed between the edits and the rebuild is completed by the next', async () => {
    const words = ['run', GPU_CLOUD, '-i', host.inventory, '--output', 'json'];
    const killed = tsplay(words);
    await killed.until(hasStarted('The initramfs of every kernel'));
    killed.kill('SIGKILL');
    expect((await killed.ended()).signal).toBe('SIGKILL');
    expect(await sh(host, 'cat /etc/modprobe.d/tsplay-vfio_pci.conf')).toContain('10de:11b4');
    for (const kernel of await kernels(host.container))
      expect(await imageFiles(host.container, kernel)).not.toContain(BINDING);
    const next = await host.play();
    expect(complaints(next)).toEqual(new Map());
    expect(tasksOf(next, 'changed')).toEqual(new Map([['gpu01', ['The initramfs of every kernel']]]));
    await expectBindingEverywhere(await kernels(host.container));
  });

  it('a new image cut short is seen, and made again', async () => {
    const [kernel = ''] = await kernels(host.container);
    await sh(host, `truncate -s 1000000 /boot/initrd.img-${kernel}`);
    const checked = await host.play({ mode: 'check' });
    expect(checked.exitCode).toBe(3);
    expect(tasksOf(checked, 'changed')).toEqual(new Map([['gpu01', ['The initramfs of every kernel']]]));
    const run = await host.play();
    expect(complaints(run)).toEqual(new Map());
    await expectBindingEverywhere([kernel]);
  });

  it('a kernel that was installed since gets an image with the binding, and entries with the parameters', async () => {
    const [kernel = ''] = await kernels(host.container);
    await sh(
      host,
      `cp -a /lib/modules/${kernel} /lib/modules/${NEW_KERNEL} && for file in vmlinuz config; do cp /boot/$file-${kernel} /boot/$file-${NEW_KERNEL}; done; depmod ${NEW_KERNEL}
       sed -i s/intel_iommu=on// /boot/grub/grub.cfg`,
    );
    const run = await host.play();
    expect(complaints(run)).toEqual(new Map());
    await expectBindingEverywhere([NEW_KERNEL]);
    const lines = await bootLines(host.container);
    expect(lines.filter((line) => line.includes(NEW_KERNEL))).not.toEqual([]);
    for (const line of lines) expect(line).toContain(' intel_iommu=on');
    expect(tasksOf(await host.play(), 'changed')).toEqual(new Map());
  });

  it('a syntax error in /etc/default/grub is refused, and the boot menu stays', async () => {
    const menu = await sh(host, 'cp -a /etc/default/grub /root/grub && sha256sum /boot/grub/grub.cfg');
    await sh(host, `printf '%s\\n' 'GRUB_CMDLINE_LINUX_DEFAULT="quiet splash”' >>/etc/default/grub`);
    const run = await host.play();
    expect(run.exitCode).toBe(2);
    expect(complaints(run).get('gpu01')).toMatch(/GRUB's configuration is broken and update-grub was not run/);
    expect(await sh(host, 'sha256sum /boot/grub/grub.cfg')).toBe(menu);
    await sh(host, 'mv /root/grub /etc/default/grub');
    expect((await host.play()).exitCode).toBe(0);
  });
});

it('a host that loses power while its images are rebuilt is completed by the next run', async () => {
  await using host = await startBareHost('debian-boot');
  await sh(host, SMALL_IMAGES);
  const stopped = tsplay(['run', GPU_CLOUD, '-i', host.inventory, '--output', 'json']);
  await until('a new image half written', 120_000, async () => (await sh(host, 'ls /boot')).includes('.new'));
  await using again = await host.cutPower();
  expect((await stopped.ended()).code).not.toBe(0);
  const next = await again.play();
  expect(complaints(next)).toEqual(new Map());
  for (const kernel of await kernels(again.container))
    expect(await imageFiles(again.container, kernel)).toContain(BINDING);
  expect(await leftovers(again.container)).toBe('');
  expect(tasksOf(await again.play(), 'changed')).toEqual(new Map());
});

describe('a /boot with too little room', () => {
  it('for new images is refused before anything is written there', async () => {
    await using host = await startBareHost('debian-boot', { env: { BOOT_SIZE: '62m' } });
    const before = await sh(host, 'cd /boot && sha256sum initrd.img-* vmlinuz-* && ls -A');
    const run = await host.play();
    expect(run.exitCode).toBe(2);
    expect(complaints(run).get('gpu01')).toMatch(/\/boot has \d+ MiB left and a rebuild needs \d+ MiB/);
    expect(await sh(host, 'cd /boot && sha256sum initrd.img-* vmlinuz-* && ls -A')).toBe(before);
  });

  it('for a new boot menu is refused before anything is written there', async () => {
    await using host = await startBareHost('debian-boot', { env: { BOOT_SIZE: '62m' } });
    await sh(host, 'dd if=/dev/zero of=/boot/filler bs=64k 2>/dev/null; true');
    const menu = await sh(host, 'sha256sum /boot/grub/grub.cfg; ls -A /boot /boot/grub');
    const run = await host.play();
    expect(complaints(run).get('gpu01')).toMatch(/\/boot has no space left for a new boot menu/);
    expect(await sh(host, 'sha256sum /boot/grub/grub.cfg; ls -A /boot /boot/grub')).toBe(menu);
    expect(await sh(host, 'ls /etc/default/grub.d')).not.toContain('tsplay');
  });
});
