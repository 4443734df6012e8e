import { z } from 'zod';
import { defineModule } from '../contract/module.ts';
import { type PciFunction, type PciTree, pciTree } from '../probes/pci.ts';
import { describeOffender, groupOffenders } from './gpu/group-offenders.ts';
import { type GpuCard, selectGpus } from './gpu/gpu-cards.ts';
import { isGpu, membersOf } from './gpu/pci-classes.ts';
import { describeSelector, matches, parseSelector } from './gpu/pci-selector.ts';
import { gpuWishArgs, gpuWishTextArgs, wishOf } from './gpu/wish-args.ts';

const args = gpuWishArgs.extend({
  class: z
    .string()
    .regex(/^(0x)?[0-9a-fA-F]{2,6}$/)
    .optional()
    .describe('Only functions whose class begins so: `03` is every display controller, `0300` VGA, `0302` 3D.'),
  vendor: z
    .string()
    .regex(/^(0x)?[0-9a-fA-F]{4}$/)
    .optional()
    .describe('Only functions of this vendor id: `10de` NVIDIA, `1002` AMD, `8086` Intel.'),
});

export default defineModule<z.infer<typeof args>, PciTree>({
  name: 'pci-facts',
  summary: 'List PCI functions and GPUs with driver, IOMMU group and Nova type',
  description: `Reads sysfs (Documentation/ABI/testing/sysfs-bus-pci) in one process and changes nothing. Facts: \`pci_functions\`,
\`pci_slots\` (a card is the functions of one slot), \`gpus\` (display controllers and accelerators, without management
controllers' own), \`gpu_cards\` (those of them that \`devices\` and \`exclude\` mean for guests, each with all functions of its slot, and \`group_offenders\`: members of
its IOMMU group that would stay on a host driver, which VFIO does not allow),
\`gpu_cards_kept\` (the others, with the reason), and \`iommu\`: firmware tables that announce one, units in use.`,
  args,
  textArgs: ['class', 'vendor', ...gpuWishTextArgs],
  observe: (_, read) => read(pciTree()),
  plan: () => [],
  result(given, tree) {
    const wanted = tree.functions.filter((one) => isWanted(one, given));
    const facts = wanted.map((one) => factsOf(one, tree.functions));
    return {
      warnings: unmatchedExclusions(given, tree),
      ansible_facts: {
        pci_functions: facts,
        pci_slots: Object.fromEntries(Map.groupBy(facts, (one) => one.slot)),
        gpus: wanted.filter((one) => isGpu(one) && one.physfn === null).map((one) => factsOf(one, tree.functions)),
        ...cardFacts(given, tree),
        iommu: { firmware_tables: tree.firmwareTables, units: tree.iommuUnits, groups: groupsOf(tree.functions) },
      },
    };
  },
  examples: [
    { title: 'Everything about PCI', task: 'pci-facts:' },
    { title: 'The GPUs for guests, one of them kept', task: 'pci-facts:\n  exclude: ["0000:84:00.0"]' },
    { title: 'NVIDIA functions only', task: 'pci-facts:\n  vendor: 10de' },
  ],
});

/** No error, since hosts share exclusions; but one mistyped would hand out the card that was to stay. */
function unmatchedExclusions({ exclude }: z.infer<typeof args>, tree: PciTree): readonly string[] {
  const idle = exclude.map(parseSelector).filter((one) => !tree.functions.some((found) => matches(found, one)));
  return idle.map((one) => `exclude names ${describeSelector(one)}, which this host does not have`);
}

function cardFacts(given: z.infer<typeof args>, tree: PciTree) {
  const { chosen, kept } = selectGpus(tree.functions, wishOf(given));
  const leaving = chosen.flatMap((card) => card.functions);
  const offenders = (card: GpuCard) =>
    groupOffenders(tree.functions, card.functions, leaving).map((one) => describeOffender(one));
  return {
    gpu_cards: chosen.map((card) => ({ ...cardFact(card), group_offenders: offenders(card) })),
    gpu_cards_kept: kept.map(({ card, reason }) => ({ ...cardFact(card), reason })),
  };
}

function cardFact({ head, functions }: GpuCard) {
  return {
    address: head.address,
    vendor_id: head.vendor,
    product_id: head.device,
    id: `${head.vendor}:${head.device}`,
    nova_type: head.novaType,
    device_spec: { vendor_id: head.vendor, product_id: head.device, address: head.address },
    numa_node: head.numaNode,
    boot_vga: head.bootVga,
    functions: functions.map((one) => one.address),
    function_ids: [...new Set(functions.map((one) => `${one.vendor}:${one.device}`))],
  };
}

function isWanted(one: PciFunction, { class: wanted, vendor }: z.infer<typeof args>): boolean {
  const plain = (id: string) => id.toLowerCase().replace(/^0x/, '');
  return (!wanted || one.class.startsWith(plain(wanted))) && (!vendor || one.vendor === plain(vendor));
}

function factsOf(one: PciFunction, all: readonly PciFunction[]) {
  return {
    address: one.address,
    slot: one.slot,
    vendor: one.vendor,
    device: one.device,
    class: one.class,
    driver: one.driver,
    driver_override: one.driverOverride,
    iommu_group: one.iommuGroup,
    iommu_group_members: membersOf(all, one.iommuGroup).map((member) => member.address),
    numa_node: one.numaNode,
    boot_vga: one.bootVga,
    sriov_totalvfs: one.sriovTotalVfs,
    physfn: one.physfn,
    reset_method: one.resetMethods,
    power_state: one.powerState,
    modalias: one.modalias,
    consumers: one.consumers,
    nova_type: one.novaType,
  };
}

function groupsOf(functions: readonly PciFunction[]): number {
  return new Set(functions.flatMap((one) => one.iommuGroup ?? [])).size;
}
