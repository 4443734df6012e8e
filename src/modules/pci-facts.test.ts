import { expect, it } from 'vitest';
import { parsePciTree } from '../probes/pci.ts';
import module from './pci-facts.ts';

const VF = `function 0000:88:00.4
vendor 0x10de
device 0x20f1
class 0x030200
physfn 0000:88:00.0
`;
const CARDS = `function 0000:02:00.0
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
`;
const tree = parsePciTree(CARDS + VF);
interface Card {
  readonly address: string;
  readonly functions: readonly string[];
  readonly function_ids: readonly string[];
  readonly reason?: string;
}

interface Facts {
  readonly gpu_cards: readonly Card[];
  readonly gpu_cards_kept: readonly Card[];
  readonly gpus: readonly { readonly address: string }[];
  readonly pci_functions: readonly { readonly address: string }[];
  readonly pci_slots: Readonly<Record<string, readonly unknown[]>>;
}
const facts = (raw: object, of = tree) => module.result?.(module.args.parse(raw), of, [])['ansible_facts'] as Facts;

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
  expect(module.plan(module.args.parse({}), tree)).toEqual([]);
});

it('takes every card with all functions of its slot, unless it is excluded or not named', () => {
  const plain = parsePciTree(CARDS);
  const all = facts({}, plain);
  expect(all.gpu_cards).toMatchObject([
    {
      address: '0000:88:00.0',
      nova_type: 'type-PF',
      functions: ['0000:88:00.0', '0000:88:00.1'],
      function_ids: ['10de:20f1', '10de:1aef'],
    },
  ]);
  expect(facts({ devices: ['10de:1aef'] }, plain).gpu_cards).toEqual(all.gpu_cards);
  expect(facts({ devices: [{ class: '0302', vendor: '10de' }] }, plain).gpu_cards).toEqual(all.gpu_cards);
  expect(facts({ exclude: ['88:00.0'] })).toMatchObject({
    gpu_cards: [],
    gpu_cards_kept: [{ address: '0000:88:00.0', reason: 'excluded' }],
  });
});

it('leaves a card alone whose virtual functions are in use, unless it is named', () => {
  expect(facts({})).toMatchObject({
    gpu_cards: [],
    gpu_cards_kept: [{ address: '0000:88:00.0', reason: 'shared: it has 1 virtual functions (SR-IOV)' }],
  });
  expect(facts({ devices: ['88:00.0'] }).gpu_cards).toHaveLength(1);
});

it('refuses a name that fits no card, since the card meant would stay behind', () => {
  expect(() => facts({ devices: ['10de:20b5'] })).toThrow(
    'no GPU here matches 10de:20b5; GPUs of this host: 0000:88:00.0 10de:20f1',
  );
});

it('warns of an exclusion that keeps nothing', () => {
  const warningsOf = (exclude: readonly string[]) =>
    module.result?.(module.args.parse({ exclude }), tree, [])['warnings'];
  expect(warningsOf(['88:00.1'])).toEqual([]);
  expect(warningsOf(['0000:89:00.0'])).toEqual(['exclude names 0000:89:00.0, which this host does not have']);
});

it('leaves the console with the host unless it is named', () => {
  const console = parsePciTree(`function 0000:01:00.0
vendor 0x10de
device 0x11b4
class 0x030000
boot_vga 1
`);
  const of = (raw: object) => module.result?.(module.args.parse(raw), console, [])['ansible_facts'] as Facts;
  expect(of({}).gpu_cards_kept).toMatchObject([{ address: '0000:01:00.0', reason: expect.stringMatching(/console/) }]);
  expect(of({ devices: ['0000:01:00.0'] }).gpu_cards).toHaveLength(1);
});

it('names what keeps a card’s group from VFIO, and not what leaves with it', () => {
  const nic = 'function 0000:89:00.0\nvendor 0x8086\ndevice 0x1528\nclass 0x020000\ndriver ixgbe\niommu_group 7\n';
  const twin = CARDS.slice(CARDS.indexOf('function 0000:88:00.0')).replaceAll('0000:88', '0000:8a');
  const offendersIn = (text: string, raw: object = {}) =>
    (facts(raw, parsePciTree(text)) as unknown as { gpu_cards: readonly { group_offenders: unknown }[] }).gpu_cards.map(
      (one) => one.group_offenders,
    );
  const driven = (text: string) => text.replaceAll('iommu_group 7\n', 'iommu_group 7\ndriver nouveau\n');
  expect(offendersIn(CARDS + nic)).toEqual([['0000:89:00.0 (8086:1528, ixgbe) in group 7']]);
  expect(offendersIn(driven(CARDS + twin))).toEqual([[], []]);
  expect(offendersIn(driven(CARDS + twin), { exclude: ['8a:00.0'] })).toEqual([
    ['0000:8a:00.0 (10de:20f1, nouveau) in group 7', '0000:8a:00.1 (10de:1aef, nouveau) in group 7'],
  ]);
});
