import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { bootState, complaints, driversOf } from './support/look.ts';
import { CARDS } from '../../src/lab/vm/inventory.ts';
import { provisionedDisk } from './support/provisioned.ts';
import { GPU_CLOUD, startTestMachine, type TestMachine, vmObstacle } from './support/test-machine.ts';

const obstacle = vmObstacle();

/** A parameter that no boot had yet: with it the host has a reason to reboot, and a boot menu to rebuild. */
const WITH_REASON = { gpu_iommu_tokens: ['intel_iommu=on', 'iommu=pt', 'iommu.strict=1'] };
/** Makes every image stale, so that all of them are rebuilt. */
const STALE = 'echo "options bochs modeset=1" >/etc/modprobe.d/stale.conf';
const FRESH = 'rm -f /etc/modprobe.d/stale.conf';

describe.skipIf(obstacle)(
  `what would not boot${obstacle ? ` (left out: ${obstacle})` : ''}`,
  { timeout: 1_800_000 },
  () => {
    let host: TestMachine;
    let before: string;
    let mend = 'true';

    /** Breaks the host, runs the playbook into it, and shows what it said; boot files and boot must be what they were. */
    const refusal = async (spoil: string, repair: string): Promise<string> => {
      mend = repair;
      await host.ssh(spoil);
      before = await bootState(host);
      const refused = await host.play(GPU_CLOUD, { vars: WITH_REASON });
      expect(refused.exitCode).toBe(2);
      return complaints(refused).join('\n');
    };

    beforeAll(async () => {
      host = await startTestMachine({ name: 'vm01', baseDisk: await provisionedDisk() });
    });
    afterEach(async () => {
      await host.ssh(mend);
      mend = 'true';
    });
    afterAll(() => host?.close());

    it('is refused when /etc/default/grub is broken shell, with the old boot menu in place', async () => {
      const said = await refusal(
        `cp /etc/default/grub /root/grub; echo 'GRUB_CMDLINE_LINUX_DEFAULT="quiet' >>/etc/default/grub`,
        'cp /root/grub /etc/default/grub',
      );
      expect(said).toMatch(/Kernel command line: .*\/etc\/default\/grub/);
      expect(await bootState(host)).toBe(before);
    });

    it('is refused when /boot is full, before anything is written there', async () => {
      const fill = 'cat /dev/zero >/boot/fill 2>/dev/null; true';
      const said = await refusal(fill, 'rm -f /boot/fill');
      expect(said).toMatch(/Kernel command line: .*\/boot has no space left/);
      expect(await bootState(host)).toBe(before);
    });

    it('is refused when the next image does not fit beside the old one', async () => {
      // Enough for a boot menu, too little for an image.
      const fill = `${STALE}; cat /dev/zero >/boot/fill 2>/dev/null; truncate -s -3M /boot/fill`;
      mend = `rm -f /boot/fill; ${FRESH}`;
      await host.ssh(fill);
      before = await bootState(host);
      const refused = await host.play(GPU_CLOUD);
      expect(complaints(refused).join('\n')).toMatch(/The initramfs of every kernel: \/boot has \d+ MiB left/);
      expect(await bootState(host)).toBe(before);
    });

    it('is refused when the new initramfs is cut short, and the old one is back in its place', async () => {
      const hook = '/etc/initramfs/post-update.d/cut';
      await host.ssh(
        `${STALE}; mkdir -p /etc/initramfs/post-update.d; printf '#!/bin/sh\\ntruncate -s 2M "$2"\\n' >${hook}; chmod 755 ${hook}`,
      );
      mend = `rm -f ${hook}; ${FRESH}`;
      before = await bootState(host);
      const refused = await host.play(GPU_CLOUD);
      expect(complaints(refused).join('\n')).toMatch(
        /the new image cannot be unpacked .*the old one is back in its place/s,
      );
      expect(await bootState(host)).toBe(before);
    });

    it('is refused when the new initramfs lacks the driver of the root disk, which is named', async () => {
      const list = '/etc/initramfs-tools/conf.d/zz-list';
      await host.ssh(`${STALE}; echo MODULES=list >${list}`);
      mend = `rm -f ${list}; ${FRESH}`;
      before = await bootState(host);
      const refused = await host.play(GPU_CLOUD);
      expect(complaints(refused).join('\n')).toMatch(
        /the new image lacks (virtio_blk|virtio_pci|ext4), without which the root/,
      );
      expect(await bootState(host)).toBe(before);
    });

    it('is refused when somebody else left the initramfs of the next entry cut short', async () => {
      const image = '/boot/initrd.img-$(uname -r)';
      await host.ssh(`cp -p ${image} /root/image && truncate -s 2M ${image}`);
      mend = `cp -p /root/image ${image}`;
      before = await bootState(host);
      const refused = await host.playText('- reboot-and-wait: {policy: always}\n');
      expect(refused.exitCode).toBe(2);
      expect(complaints(refused).join('\n')).toMatch(/not rebooted: \/initrd\.img-.* is missing, empty or cut short/);
      expect(await bootState(host)).toBe(before);
    });

    it('and once all of it is mended the next run finds nothing to do', async () => {
      const whole = await bootState(host);
      const played = await host.play(GPU_CLOUD);
      expect(complaints(played)).toEqual([]);
      expect(await bootState(host)).toBe(whole);
      expect((await driversOf(host, [CARDS.guest])).every((line) => line.endsWith(' vfio-pci'))).toBe(true);
    });
  },
);
