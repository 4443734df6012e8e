import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { host, labObstacle, type TestLab, testLab } from './lab-fixture.ts';

const obstacle = labObstacle();

describe.skipIf(obstacle)(`cards of the lab${obstacle ? ` (left out: ${obstacle})` : ''}`, () => {
  let test: TestLab;
  beforeAll(async () => {
    const cards = ['k4200-with-nic', 'k4200-with-bridge', 'radeon', 'h100', 'k4200-primary'] as const;
    test = await testLab([host('zoo', { cpu: 'amd', cards }), host('sealed', { builtin: ['vfio_pci'] })]);
  });
  afterAll(() => test?.close());

  const members = async (group: number): Promise<readonly string[]> => {
    const script = `for d in /sys/kernel/iommu_groups/${group}/devices/*; do echo "\${d##*/} $(cat $d/class) $(basename "$(readlink $d/driver)")"; done`;
    return (await test.ssh('zoo', script)).out.trim().split('\n');
  };

  it('puts a NIC that the host uses into the group of one, and a bridge into that of another', async () => {
    expect(await members(40)).toEqual([
      '0000:84:00.0 0x030000 nouveau',
      '0000:84:00.1 0x040300 snd_hda_intel',
      '0000:84:01.0 0x020000 e1000e',
    ]);
    expect(await members(41)).toEqual([
      '0000:88:00.0 0x030000 nouveau',
      '0000:88:00.1 0x040300 snd_hda_intel',
      '0000:88:1c.0 0x060400 pcieport',
    ]);
  });

  it('has cards of other makers and classes', async () => {
    expect(await members(42)).toEqual(['0000:8c:00.0 0x030000 amdgpu', '0000:8c:00.1 0x040300 snd_hda_intel']);
    expect(
      (
        await test.ssh(
          'zoo',
          'cat /sys/bus/pci/devices/0000:90:00.0/device /sys/bus/pci/devices/0000:90:00.0/sriov_totalvfs',
        )
      ).out,
    ).toBe('0x2331\n16\n');
  });

  it('lets one be the primary display, with the boot framebuffer in its memory', async () => {
    expect(
      (await test.ssh('zoo', 'cat /sys/bus/pci/devices/0000:94:00.0/boot_vga; grep -B1 BOOTFB /proc/iomem')).out,
    ).toMatch(/^1\n.*0000:94:00\.0\n.*BOOTFB/);
  });

  it('can have vfio-pci in the kernel image, where modprobe.d says nothing to it', async () => {
    const said = await test.ssh(
      'sealed',
      'grep -c vfio-pci.ko /lib/modules/$(uname -r)/modules.builtin; modprobe --show-depends vfio-pci | tail -1; grep -c ^vfio_pci /proc/modules; ls -d /sys/bus/pci/drivers/vfio-pci',
    );
    expect(said.out).toBe('1\nbuiltin vfio_pci\n0\n/sys/bus/pci/drivers/vfio-pci\n');
  });
});
