import { expect, it } from 'vitest';
import { parsePciTree } from '../probes/pci.ts';
import module from './pci-facts.ts';

const tree = parsePciTree(`function 0000:02:00.0
vendor 0x1a03
device 0x2000
class 0x030000
iommu_group 4
function 0000:88:00.0
vendor 0x10de
device 0x20f1
class 0x030200
sriov_totalvfs 16
iommu_group 7
function 0000:88:00.1
vendor 0x10de
device 0x1aef
class 0x040300
iommu_group 7
function 0000:88:00.4
vendor 0x10de
device 0x20f1
class 0x030200
physfn 0000:88:00.0
`);
interface Facts {
  readonly gpus: readonly { readonly address: string }[];
  readonly pci_functions: readonly { readonly address: string }[];
  readonly pci_slots: Readonly<Record<string, readonly unknown[]>>;
}
const facts = (raw: object) => module.result?.(module.args.parse(raw), tree, [])['ansible_facts'] as Facts;

it('counts cards: no management display, no virtual functions', () => {
  expect(facts({}).gpus).toMatchObject([
    { address: '0000:88:00.0', nova_type: 'type-PF', iommu_group_members: ['0000:88:00.0', '0000:88:00.1'] },
  ]);
});

it('filters by class and vendor, and groups by slot', () => {
  expect(facts({ class: '0403', vendor: '10DE' }).pci_functions.map((one) => one.address)).toEqual(['0000:88:00.1']);
  expect(facts({}).pci_slots['0000:88:00']).toHaveLength(3);
});

it('changes nothing', () => {
  expect(module.plan({}, tree)).toEqual([]);
});
