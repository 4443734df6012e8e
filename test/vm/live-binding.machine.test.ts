import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CARDS } from '../../src/lab/vm/inventory.ts';
import { bootId, complaints, driversOf, tasksOf } from './support/look.ts';
import { provisionedDisk } from './support/provisioned.ts';
import { startTestMachine, type TestMachine, vmObstacle } from './support/test-machine.ts';

const obstacle = vmObstacle();

const NATIVE = ['0000:01:00.0 bochs-drm', '0000:01:00.1 snd_hda_intel', '0000:01:00.2 xhci_hcd'];
const BOUND = NATIVE.map((line) => line.replace(/ .*/, ' vfio-pci'));
const bind = (driver: string): string => `- sysfs-bind: {devices: ["${CARDS.guest}"], driver: ${driver}}\n`;
const overrides = `cd /sys/bus/pci/devices && cat ${NATIVE.map((line) => `${line.split(' ')[0]}/driver_override`).join(' ')}`;

describe.skipIf(obstacle)(
  `binding while the machine runs${obstacle ? ` (left out: ${obstacle})` : ''}`,
  { timeout: 900_000 },
  () => {
    let host: TestMachine;
    let boot: string;

    beforeAll(async () => {
      host = await startTestMachine({ name: 'vm01', baseDisk: await provisionedDisk() });
      boot = await bootId(host);
    });
    afterAll(() => host?.close());

    it('comes from the boot itself: nothing was written to sysfs since', async () => {
      expect(await driversOf(host, [CARDS.guest])).toEqual(BOUND);
    });

    it('gives every function of a card back to a driver of its own', async () => {
      const played = await host.playText(bind('native'));
      expect(complaints(played)).toEqual([]);
      expect(played.exitCode).toBe(0);
      expect(await driversOf(host, [CARDS.guest])).toEqual(NATIVE);
      expect(await host.ssh(overrides)).toBe('(null)\n'.repeat(3));
    });

    it('says in check mode what it would do, and leaves the drivers alone', async () => {
      const checked = await host.playText(bind('vfio-pci'), { mode: 'check' });
      expect(complaints(checked)).toEqual([]);
      expect(checked.exitCode).toBe(3);
      expect(await driversOf(host, [CARDS.guest])).toEqual(NATIVE);
    });

    it('refuses to take a card from a process that has its device file open, and names both', async () => {
      const node = (await host.ssh(`ls -d /sys/bus/pci/devices/${CARDS.guest}/drm/card*`))
        .trim()
        .replace(/.*\//, '/dev/dri/');
      const pid = (await host.ssh(`sleep 36000 <${node} >/dev/null 2>&1 & echo $!`)).trim();
      const refused = await host.playText(bind('vfio-pci'));
      expect(refused.exitCode).toBe(2);
      expect(complaints(refused).join('\n')).toContain(`sleep (${pid}) has ${node} open`);
      expect(await driversOf(host, [CARDS.guest])).toEqual(NATIVE);
      expect(await host.ssh(overrides)).toBe('(null)\n'.repeat(3));
      await host.ssh(`kill ${pid}`);
    });

    it('takes it without a reboot once nothing holds it, each function by an override of its own', async () => {
      const played = await host.playText(bind('vfio-pci'));
      expect(complaints(played)).toEqual([]);
      expect(await driversOf(host, [CARDS.guest])).toEqual(BOUND);
      expect(await host.ssh(overrides)).toBe('vfio-pci\n'.repeat(3));
      expect(await driversOf(host, [CARDS.kept])).toEqual(['0000:04:00.0 bochs-drm', '0000:04:00.1 snd_hda_intel']);
    });

    it('refuses the same for a guest that has the group open', async () => {
      const group = (await host.ssh(`readlink /sys/bus/pci/devices/${CARDS.guest}/iommu_group`))
        .trim()
        .replace(/.*\//, '');
      const pid = (await host.ssh(`sleep 36000 <>/dev/vfio/${group} >/dev/null 2>&1 & echo $!`)).trim();
      const refused = await host.playText(bind('native'));
      expect(complaints(refused).join('\n')).toContain(`sleep (${pid}) has /dev/vfio/${group} open`);
      expect(await driversOf(host, [CARDS.guest])).toEqual(BOUND);
      await host.ssh(`kill ${pid}`);
    });

    it('gives a function back to the driver it had when another refuses it', async () => {
      // pcieport is for bridges: it takes no display, so the kernel leaves the function without a driver.
      const refused = await host.playText(bind('pcieport'));
      expect(refused.exitCode).toBe(2);
      expect(complaints(refused).join('\n')).toMatch(/did not take|no driver/);
      expect(await driversOf(host, [CARDS.guest])).toEqual(BOUND);
    });

    it('never takes the disk or the network card that the host lives on', async () => {
      for (const [address, reason] of [
        ['0000:00:02.0', /0000:00:02\.0 holds \//],
        ['0000:00:03.0', /0000:00:03\.0 carries the network/],
      ] as const) {
        const refused = await host.playText(`- sysfs-bind: {devices: ["${address}"]}\n`);
        expect(complaints(refused).join('\n')).toMatch(reason);
      }
      expect(await host.ssh('readlink /sys/bus/pci/devices/0000:00:02.0/driver')).toMatch(/virtio-pci/);
    });

    it('did all of this in one boot', async () => {
      expect(await bootId(host)).toBe(boot);
      expect(tasksOf(await host.playText(bind('vfio-pci')), 'changed')).toEqual([]);
    });
  },
);
