import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readHere } from '../../test/support/read-here.ts';
import { makeSysfs } from '../../test/support/sysfs-tree.ts';
import { normaliseAddress, parsePciTree, pciTree, type PciTree } from './pci.ts';

let root = '';
let tree: PciTree;
const at = (address: string) => tree.functions.find((one) => one.address === address);

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'sysfs-'));
  makeSysfs(root, [
    {
      address: '0000:88:00.0',
      id: '10de:11b4',
      class: '030000',
      driver: 'nouveau',
      group: 33,
      files: { boot_vga: '1', numa_node: '1' },
      consumers: ['0000:88:00.1'],
    },
    { address: '0000:88:00.1', id: '10de:0e0a', class: '040300', group: 33 },
    {
      address: '0000:41:00.0',
      id: '10de:20f1',
      class: '030200',
      driver: 'vfio-pci',
      group: 7,
      files: { sriov_totalvfs: '16', driver_override: 'vfio-pci', reset_method: 'flr bus' },
    },
    { address: '0000:41:00.4', id: '10de:20f1', class: '030200', physfn: '0000:41:00.0' },
    { address: '10000:01:00.0', id: '8086:0a54', class: '010802', driver: 'nvme', files: { driver_override: '' } },
  ]);
  mkdirSync(join(root, 'class/iommu/dmar0'), { recursive: true });
  mkdirSync(join(root, 'firmware/acpi/tables'), { recursive: true });
  writeFileSync(join(root, 'firmware/acpi/tables/DMAR'), '');
  writeFileSync(join(root, 'bus/pci/devices/0000:41:00.0/config'), Buffer.alloc(64, 0xff));
  writeFileSync(join(root, 'bus/pci/devices/0000:88:00.0/config'), Buffer.from([0xde, 0x10, 0xb4, 0x11]));
  mkdirSync(join(root, 'proc'));
  writeFileSync(join(root, 'proc/iomem'), IOMEM);
  writeFileSync(join(root, 'proc/interrupts'), '  1:  0  IR-IO-APIC  1-edge  i8042\n');
  tree = readHere(pciTree(root));
});

/** As Linux 6.1 prints it; the second picture is below no device. */
const IOMEM = `00000000-00000fff : Reserved
c0000000-dfffffff : PCI Bus 0000:00
  d0000000-d1ffffff : PCI Bus 0000:88
    d0000000-d0ffffff : 0000:88:00.0
      d0000000-d02fffff : BOOTFB
    d1000000-d1003fff : 0000:88:00.1
  e0000000-e02fffff : BOOTFB
`;
afterAll(() => rmSync(root, { recursive: true }));

describe('pciTree, read by a real sh', () => {
  it('reads ids, class, links and flags of a display function', () => {
    expect(at('0000:88:00.0')).toMatchObject({
      slot: '0000:88:00',
      vendor: '10de',
      device: '11b4',
      class: '030000',
      driver: 'nouveau',
      driverOverride: null,
      iommuGroup: 33,
      numaNode: 1,
      bootVga: true,
      consumers: ['0000:88:00.1'],
      novaType: 'type-PCI',
    });
  });

  it('knows a function without a driver', () => {
    expect(at('0000:88:00.1')).toMatchObject({ driver: null, numaNode: null, bootVga: false });
  });

  it('classifies as Nova does: PF by its total of VFs, VF by its link', () => {
    expect(at('0000:41:00.0')).toMatchObject({
      novaType: 'type-PF',
      driverOverride: 'vfio-pci',
      resetMethods: ['flr', 'bus'],
    });
    expect(at('0000:41:00.4')).toMatchObject({ novaType: 'type-VF', physfn: '0000:41:00.0' });
  });

  it('takes the long domains of VMD, an empty override, and no IOMMU group', () => {
    expect(at('10000:01:00.0')).toMatchObject({ driverOverride: null, iommuGroup: null });
  });

  it('sees the IOMMU and what firmware says of it', () => {
    expect(tree).toMatchObject({ iommuUnits: ['dmar0'], firmwareTables: ['DMAR'] });
  });

  it('knows whose memory the boot framebuffer lies in, and nobody else’s', () => {
    expect(at('0000:88:00.0')?.bootFramebuffer).toBe('BOOTFB');
    expect(tree.functions.filter((one) => one.bootFramebuffer !== null)).toHaveLength(1);
  });

  it('knows a card that has fallen off the bus by what its configuration space reads', () => {
    expect(tree.functions.filter((one) => one.isSilent).map((one) => one.address)).toEqual(['0000:41:00.0']);
  });

  it('knows whether interrupts are remapped by the chips they come from, or that nobody can tell', () => {
    const remappingIn = (text: string) => {
      writeFileSync(join(root, 'proc/interrupts'), text);
      return readHere(pciTree(root)).hasInterruptRemapping;
    };
    expect(tree.hasInterruptRemapping).toBe(true);
    expect(remappingIn('  1:  0  IO-APIC  1-edge  i8042\n')).toBe(false);
    expect(remappingIn('  1:  0  GICv3  23 Level  arch_timer\n')).toBeNull();
  });

  it('knows a card that the kernel refused to VFIO for reserved memory', () => {
    const bin = join(root, 'bin');
    mkdirSync(bin);
    const said =
      '[  99.1] vfio-pci 0000:88:00.0: Device is ineligible for IOMMU domain attach due to platform RMRR requirement.  Contact your platform vendor.';
    writeFileSync(join(bin, 'dmesg'), `#!/bin/sh\necho '${said}'\n`, { mode: 0o755 });
    const path = process.env['PATH'];
    process.env['PATH'] = `${bin}:${path}`;
    const refused = readHere(pciTree(root)).functions.filter((one) => one.isReserved);
    process.env['PATH'] = path;
    expect(refused.map((one) => one.address)).toEqual(['0000:88:00.0']);
  });

  it('reads this machine too', () => {
    expect(readHere(pciTree()).functions.every((one) => /^[0-9a-f]{4}$/.test(one.vendor))).toBe(true);
  });
});

it('forgets nothing of a bus of a thousand functions', () => {
  const one = (index: number) =>
    `function 0000:${(index >> 8).toString(16).padStart(2, '0')}:00.${index % 8}\nvendor 0x10de\n`;
  expect(parsePciTree(Array.from({ length: 1000 }, (_, index) => one(index)).join('')).functions).toHaveLength(1000);
});

it('puts short addresses into the first domain', () => {
  expect(['88:00.0', '0000:8A:00.1'].map(normaliseAddress)).toEqual(['0000:88:00.0', '0000:8a:00.1']);
});
