import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CARDS } from '../../src/lab/vm/inventory.ts';
import type { Played } from '../support/play.ts';
import {
  bootId,
  bootLines,
  complaints,
  driversOf,
  type ImageContent,
  initramfsContents,
  isViable,
  pciFunctions,
  tasksOf,
} from './support/look.ts';
import { keepProvisioned } from './support/provisioned.ts';
import { GPU_CLOUD, startTestMachine, type TestMachine, vmObstacle } from './support/test-machine.ts';

const obstacle = vmObstacle();

/** As the kernel of a bare Debian 12 has them. */
const BARE = [
  '0000:01:00.0 bochs-drm',
  '0000:01:00.1 snd_hda_intel',
  '0000:01:00.2 xhci_hcd',
  '0000:03:01.0 virtio-pci',
  '0000:03:01.1 snd_hda_intel',
];
const BOUND = BARE.map((line) => line.replace(/ .*/, ' vfio-pci'));
const KEPT = ['0000:04:00.0 bochs-drm', '0000:04:00.1 snd_hda_intel'];
const SHARED = ['0000:06:01.0 virtio-pci'];
const CHOSEN = [CARDS.guest, CARDS.bridged];

describe.skipIf(obstacle)(
  `gpu-cloud.yaml on a virtual machine${obstacle ? ` (left out: ${obstacle})` : ''}`,
  { timeout: 1_800_000 },
  () => {
    let host: TestMachine;
    let bareBoot: string;
    let boot: string;
    let first: Played;

    beforeAll(async () => {
      host = await startTestMachine({ name: 'vm01' });
      bareBoot = await bootId(host);
    });
    afterAll(() => host?.close());

    it('begins with a bare host: every card on a driver of its own, and a real IOMMU', async () => {
      expect(await driversOf(host, CHOSEN)).toEqual(BARE);
      expect(await driversOf(host, [CARDS.kept])).toEqual(KEPT);
      expect(await host.ssh('cat /proc/cmdline')).not.toMatch(/iommu/);
      expect(await host.ssh('ls /sys/class/iommu; ls /sys/firmware/acpi/tables | grep DMAR')).toBe('dmar0\nDMAR\n');
      const functions = await pciFunctions(host);
      expect(functions.get('0000:06:02.0')?.group).toBe(functions.get(CARDS.shared)?.group);
    });

    it('takes it to every function of the chosen cards on vfio-pci, over one reboot', async () => {
      first = await host.play(GPU_CLOUD);
      expect(complaints(first)).toEqual([]);
      expect(first.exitCode).toBe(0);
      expect(await driversOf(host, CHOSEN)).toEqual(BOUND);
      boot = await bootId(host);
      expect(boot).not.toBe(bareBoot);
      expect((await host.ssh('cat /run/tsplay/rebooted-for')).trim()).toMatch(/intel_iommu=on/);
    });

    it('leaves the card of the same model to the host, and the one in a shared group alone', async () => {
      expect(await driversOf(host, [CARDS.kept])).toEqual(KEPT);
      expect(await driversOf(host, [CARDS.shared])).toEqual(SHARED);
      expect((await pciFunctions(host)).get('0000:06:02.0')?.driver).toBe('e1000');
    });

    it('makes groups that the kernel itself calls viable', async () => {
      const functions = await pciFunctions(host);
      const groups = CHOSEN.map((address) => functions.get(address)?.group ?? 'none');
      expect(new Set(groups).size).toBe(2);
      for (const group of groups) expect(await isViable(host, group)).toBe(true);
    });

    it('has the command line in the running kernel and in every entry of the boot menu', async () => {
      const lines = [await host.ssh('cat /proc/cmdline'), ...(await bootLines(host))];
      expect(lines.length).toBeGreaterThan(2);
      for (const line of lines)
        expect(line.split(/\s+/)).toEqual(expect.arrayContaining(['intel_iommu=on', 'iommu=pt']));
      for (const line of lines) expect(line).not.toMatch(/vfio-pci\.ids|allow_unsafe_interrupts/);
    });

    it('has the driver, its place in the order, and the addresses in every initramfs', async () => {
      const images = await initramfsContents(host);
      expect(images.size).toBeGreaterThan(0);
      for (const image of images.values()) expectBinding(image);
    });

    it('gave function 0 of each card to nova.conf, and nothing else', async () => {
      const conf = await host.ssh('grep ^device_spec /etc/nova/nova.conf; stat -c "%a %U:%G" /etc/nova/nova.conf');
      const lines = conf.trim().split('\n');
      expect(lines.slice(0, -1).map((line) => JSON.parse(line.slice(line.indexOf('=') + 1)))).toEqual([
        { vendor_id: '1234', product_id: '1111', address: CARDS.guest },
        { vendor_id: '1af4', product_id: '1050', address: CARDS.bridged },
      ]);
      expect(lines.at(-1)).toBe('640 root:nova');
      expect(await host.ssh('systemctl is-active nova-compute')).toBe('active\n');
    });

    it('changes nothing and does not reboot the second time', async () => {
      const second = await host.play(GPU_CLOUD);
      expect(complaints(second)).toEqual([]);
      expect(tasksOf(second, 'changed')).toEqual([]);
      expect(second.exitCode).toBe(0);
      expect(await bootId(host)).toBe(boot);
    });

    it('finds no drift in what it made', async () => {
      const checked = await host.play(GPU_CLOUD, { mode: 'check' });
      expect(complaints(checked)).toEqual([]);
      expect(tasksOf(checked, 'changed').concat(tasksOf(checked, 'unknown'))).toEqual([]);
      expect(checked.exitCode).toBe(0);
    });

    it('refuses the card in a shared group, and names what shares it', async () => {
      const refused = await host.play(GPU_CLOUD, { vars: { gpu_devices: [...CHOSEN, CARDS.shared] } });
      expect(refused.exitCode).toBe(2);
      expect(complaints(refused).join('\n')).toMatch(
        /IOMMU group is not viable: 0000:06:02\.0 \(8086:100e, e1000\) in group \d+ shares it/,
      );
      expect(await driversOf(host, [CARDS.shared])).toEqual(SHARED);
      expect(await bootId(host)).toBe(boot);
      expect(tasksOf(refused, 'changed')).toEqual([]);
      await keepProvisioned(host);
    });
  },
);

function expectBinding(image: ImageContent): void {
  const names = image.files.map((file) => file.replace(/.*\//, ''));
  expect(names).toEqual(expect.arrayContaining(['vfio-pci.ko', 'vfio_iommu_type1.ko', 'virtio_blk.ko']));
  expect(image.files.some((file) => /etc\/modprobe\.d\/tsplay-.*\.conf$/.test(file))).toBe(true);
  expect(image.early).toMatch(/^vfio_pci *$/m);
  for (const line of BOUND) expect(image.bindingScript).toContain(`${line}\n`);
  expect(image.bindingScript).not.toContain(CARDS.kept);
}
