import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { host, labObstacle, type TestLab, testLab } from './lab-fixture.ts';

const obstacle = labObstacle();
const card = '0000:84:00.0';

// tee names the error the kernel answered; dash's own echo says "I/O error" for all of them.
const put = (text: string, file: string): string => `printf '${text}' | tee ${file} > /dev/null`;

describe.skipIf(obstacle)(`the simulated kernel${obstacle ? ` (left out: ${obstacle})` : ''}`, () => {
  let test: TestLab;
  const says = async (command: string): Promise<string> => {
    const { out, err } = await test.ssh('amd', `cd /sys/bus/pci; d=devices/${card}; ${command}`);
    return `${out}${err}`.trim();
  };
  beforeAll(async () => {
    test = await testLab([
      host('amd', { cpu: 'amd', cards: ['k4200', 'a100', 'tu116'] }),
      host('intel'),
      host('no-iommu', { firmwareIommu: false }),
    ]);
  });
  afterAll(() => test?.close());

  it('gives cards to their native drivers at boot', async () => {
    const show =
      'for f in 84:00.0 84:00.1 8c:00.0 8c:00.1 8c:00.2 8c:00.3; do basename $(readlink devices/0000:$f/driver); done';
    expect(await says(show)).toBe('nouveau\nsnd_hda_intel\nnouveau\nsnd_hda_intel\nxhci_hcd\nnvidia-gpu');
  });

  it('moves a function by driver_override, unbind and drivers_probe, each in effect when the write returns', async () => {
    const steps = [
      'cat $d/driver_override',
      'modprobe vfio-pci',
      'echo vfio-pci > $d/driver_override',
      'cat $d/driver_override',
      `echo ${card} > $d/driver/unbind`,
      '[ -e $d/driver ] || echo unbound',
      `echo ${card} > drivers_probe`,
      'basename $(readlink $d/driver)',
      `[ -e drivers/vfio-pci/${card} ] && echo listed`,
    ];
    expect(await says(steps.join('; '))).toBe('(null)\nvfio-pci\nunbound\nvfio-pci\nlisted');
  });

  it('gives it back when the override is cleared by a newline', async () => {
    const back = `echo > $d/driver_override; cat $d/driver_override; echo ${card} > $d/driver/unbind; echo ${card} > drivers_probe`;
    expect(await says(`${back}; basename $(readlink $d/driver)`)).toBe('(null)\nnouveau');
  });

  it.each([
    ['bind of a driver that does not match', put(card, 'drivers/ahci/bind'), 'No such device'],
    ['bind of a function that has a driver', put(card, 'drivers/nouveau/bind'), 'Device or resource busy'],
    ['unbind from a driver that does not have it', put(card, 'drivers/ahci/unbind'), 'No such device'],
    ['bind of an address nobody has', put('0000:ff:00.0', 'drivers/nouveau/bind'), 'No such device'],
    ['new_id without a device', put('10de', 'drivers/vfio-pci/new_id'), 'Invalid argument'],
    ['remove_id of an id never added', put('10de ffff', 'drivers/vfio-pci/remove_id'), 'No such device'],
    ['a write to an attribute that can only be read', 'tee devices/*84:00.0/vendor < /dev/null', 'Permission denied'],
    ['a file that sysfs does not have', 'tee drivers/nouveau/nothing < /dev/null', 'Permission denied'],
  ])('refuses %s as the kernel does', async (_, command, message) => {
    expect(await says(`modprobe vfio-pci; ${command}`)).toContain(message);
  });

  it('refuses an id a second time', async () => {
    const twice = `modprobe vfio-pci; echo 10de 1234 > drivers/vfio-pci/new_id; ${put('10de 1234', 'drivers/vfio-pci/new_id')}`;
    expect(await says(twice)).toContain('File exists');
  });

  it('takes every unbound function of an id added with new_id', async () => {
    const a100 = '0000:88:00.0';
    expect(
      await says(
        `modprobe vfio-pci; echo 10de 20f1 > drivers/vfio-pci/new_id; readlink devices/${a100}/driver | grep -c nouveau`,
      ),
    ).toBe('1');
    const unbound = `echo ${a100} > devices/${a100}/driver/unbind; echo ${a100} > drivers/vfio-pci/bind; basename $(readlink devices/${a100}/driver)`;
    expect(await says(unbound)).toBe('vfio-pci');
  });

  it('shows IOMMU groups when firmware and command line agree, and vfio-pci takes nothing without', async () => {
    expect(
      await says(
        'basename $(readlink $d/iommu_group); ls /sys/kernel/iommu_groups/40/devices | wc -l; ls /sys/class/iommu',
      ),
    ).toBe('40\n2\nivhd0');
    expect(
      (await test.ssh('intel', 'ls /sys/firmware/acpi/tables; ls /sys/kernel/iommu_groups; ls /sys/class/iommu')).out,
    ).toBe('DMAR\n');
    expect((await test.ssh('no-iommu', 'ls /sys/firmware/acpi/tables')).out).toBe('');
    const refused = await test.ssh(
      'intel',
      `cd /sys/bus/pci; modprobe vfio-pci; echo vfio-pci > devices/${card}/driver_override; echo ${card} > devices/${card}/driver/unbind; ${put(card, 'drivers/vfio-pci/bind')}`,
    );
    expect(refused.err).toContain('Invalid argument');
  });

  it('describes functions as sysfs does', async () => {
    const read =
      'cat $d/vendor $d/device $d/class $d/boot_vga $d/numa_node $d/modalias devices/0000:88:00.0/sriov_totalvfs';
    expect(await says(read)).toBe(
      '0x10de\n0x11b4\n0x030000\n0\n0\npci:v000010DEd000011B4sv000010DEsd00001096bc03sc00i00\n16',
    );
    expect(await says('ls -d $d/consumer:*; ls devices/0000:88:00.0 | grep -c boot_vga')).toBe(
      `${'devices/0000:84:00.0'}/consumer:pci:0000:84:00.1\n0`,
    );
  });

  it('lists modules, their users and parameters', async () => {
    expect(await says('modprobe vfio-pci; cat /proc/modules | grep ^vfio_pci_core')).toMatch(
      /^vfio_pci_core 16384 1 vfio_pci, Live/,
    );
    expect(await says('ls /sys/module/vfio_pci/parameters; cat /sys/module/vfio/refcnt')).toBe(
      'disable_idle_d3\ndisable_vga\nnointxmask\n2',
    );
    expect(await says('modprobe -r vfio')).toContain('Module vfio is in use');
    expect(await says('modprobe nosuchmodule; modprobe -c | grep -c "End of configuration"')).toMatch(
      /1\n?.*FATAL: Module nosuchmodule not found/s,
    );
  });

  it('obeys blacklist, install, softdep and options of modprobe.d', async () => {
    const conf =
      'options dummy numdummies=7\\ninstall pci_stub /bin/false\\nsoftdep kvm_amd pre: dummy\\nblacklist nouveau\\n';
    await test.ssh('intel', `printf '${conf}' > /etc/modprobe.d/x.conf`);
    const tried = await test.ssh(
      'intel',
      'modprobe kvm_amd; cat /sys/module/dummy/parameters/numdummies; modprobe -r nouveau; modprobe pci:v000010DEd000011B4sv000010DEsd00001096bc03sc00i00; grep -c ^nouveau /proc/modules; modprobe nouveau; grep -c ^nouveau /proc/modules',
    );
    expect(tried.out).toBe('7\n0\n1\n');
  });
});
