import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { host, labObstacle, type Said, type TestLab, testLab } from './lab-fixture.ts';

const obstacle = labObstacle();
const iommuLine = 'GRUB_CMDLINE_LINUX_DEFAULT="$GRUB_CMDLINE_LINUX_DEFAULT intel_iommu=on"';
const writeIommu = `echo '${iommuLine}' > /etc/default/grub.d/iommu.cfg`;
const writeVfio =
  "printf 'options vfio-pci ids=10de:11b4,10de:0e0a\\nsoftdep nouveau pre: vfio-pci\\nsoftdep snd_hda_intel pre: vfio-pci\\n' > /etc/modprobe.d/vfio.conf";
const drivers = 'for f in 0 1; do basename $(readlink /sys/bus/pci/devices/0000:84:00.$f/driver); done';

describe.skipIf(obstacle)(`the simulated boot${obstacle ? ` (left out: ${obstacle})` : ''}`, () => {
  let test: TestLab;
  const names = ['early', 'forgetful', 'broken', 'truncated', 'recovery', 'listed', 'bare'];
  const reboot = async (name: string, prepare: string): Promise<Said> => {
    const prepared = await test.ssh(name, prepare);
    await test.lab.reset(name);
    return prepared;
  };
  beforeAll(async () => {
    test = await testLab(names.map((name) => host(name)));
  });
  afterAll(() => test?.close());

  it('takes the command line from the menu and the early drivers from the image that were built', async () => {
    await reboot('early', `${writeIommu}; update-grub; ${writeVfio}; update-initramfs -u -k all`);
    expect((await test.ssh('early', 'cat /proc/cmdline')).out).toMatch(/ro quiet intel_iommu=on\n$/);
    expect((await test.ssh('early', drivers)).out).toBe('vfio-pci\nvfio-pci\n');
  });

  it('ignores what was edited but not built', async () => {
    await reboot('forgetful', `${writeIommu}; update-grub; ${writeVfio}`);
    expect((await test.ssh('forgetful', drivers)).out).toBe('nouveau\nsnd_hda_intel\n');
    await reboot('forgetful', `update-initramfs -u -k all; rm /etc/default/grub.d/iommu.cfg`);
    expect((await test.ssh('forgetful', drivers)).out).toBe('vfio-pci\nvfio-pci\n');
    expect((await test.ssh('forgetful', 'cat /proc/cmdline')).out).toContain('intel_iommu=on');
  });

  it('loads modules listed for the initramfs with their arguments, and the old kernel is not what boots', async () => {
    const list = 'echo vfio-pci ids=10de:11b4,10de:0e0a >> /etc/initramfs-tools/modules';
    await reboot('listed', `${writeIommu}; update-grub; ${list}; update-initramfs -u`);
    expect((await test.ssh('listed', drivers)).out).toBe('vfio-pci\nvfio-pci\n');
    expect((await test.ssh('listed', 'lsinitramfs /boot/initrd.img-5.10.0-30-amd64 | grep -c vfio')).out).toBe('0\n');
    expect((await test.ssh('listed', 'lsinitramfs /boot/initrd.img-$(uname -r) | grep -c vfio-pci.ko')).out).toBe(
      '1\n',
    );
  });

  it('keeps what belongs on a disk and forgets /run and /tmp', async () => {
    const before = await reboot(
      'bare',
      'touch /run/a /tmp/b /etc/c /boot/d /var/lib/e /root/f; cat /etc/machine-id /proc/sys/kernel/random/boot_id',
    );
    const left = await test.ssh('bare', 'ls -d /run/a /tmp/b /etc/c /boot/d /var/lib/e /root/f 2>/dev/null');
    expect(left.out).toBe('/boot/d\n/etc/c\n/root/f\n/var/lib/e\n');
    const after = await test.ssh('bare', 'cat /etc/machine-id /proc/sys/kernel/random/boot_id');
    const [machineId, bootId] = after.out.split('\n');
    expect(before.out.split('\n')[0]).toBe(machineId);
    expect(before.out.split('\n')[1]).not.toBe(bootId);
  });

  it('goes away and comes back for whoever asks with a program of the host', async () => {
    for (const command of [
      'reboot',
      'systemctl reboot',
      'shutdown -r now',
      'systemd-run --on-active=0.1 systemctl reboot',
    ]) {
      const before = (await test.ssh('bare', 'cat /proc/sys/kernel/random/boot_id')).out;
      expect((await test.ssh('bare', command)).code, command).toBe(0);
      await test.rebooted('bare', before);
    }
  });

  it('keeps the old menu when /etc/default/grub is not shell', async () => {
    const said = await reboot(
      'broken',
      `echo 'GRUB_CMDLINE_LINUX_DEFAULT="quiet splash=1”' >> /etc/default/grub; update-grub`,
    );
    expect(said.code).not.toBe(0);
    expect(said.err).toContain('Unterminated quoted string');
    expect((await test.ssh('broken', 'cat /proc/cmdline')).out).toMatch(/ro quiet\n$/);
  });

  it('writes normal and recovery entries of every kernel', async () => {
    const said = await test.ssh(
      'recovery',
      `${writeIommu}; update-grub; grep -c '^\tlinux\\|^\t\tlinux' /boot/grub/grub.cfg; grep -c intel_iommu /boot/grub/grub.cfg; grep single /boot/grub/grub.cfg | grep -c intel_iommu`,
    );
    expect(said.out).toBe('5\n3\n0\n');
    expect(said.err).toContain("Sourcing file `/etc/default/grub.d/iommu.cfg'");
  });

  it('never comes back from a truncated image or without a menu', async () => {
    await reboot(
      'truncated',
      'dd if=/boot/initrd.img-$(uname -r) of=/tmp/i bs=1000 count=2 2>/dev/null; cp /tmp/i /boot/initrd.img-$(uname -r)',
    );
    expect(test.lab.isUp('truncated')).toBe(false);
    await reboot('recovery', 'rm /boot/grub/grub.cfg');
    expect(test.lab.isUp('recovery')).toBe(false);
    expect((await test.ssh('recovery', 'true')).err).toContain('Connection refused');
  });
});
