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
  tree = readHere(pciTree(root));
});
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
