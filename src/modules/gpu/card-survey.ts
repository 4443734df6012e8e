import { TaskError } from '../../contract/task-error.ts';
import type { PciNames } from '../../probes/pci-names.ts';
import type { NovaType, PciFunction, PciTree } from '../../probes/pci.ts';
import { isHarmless } from './group-offenders.ts';
import { isVfio } from './boot-binding.ts';
import { type GpuCard, type GpuSelection, type GpuWish, selectGpus } from './gpu-cards.ts';
import { functionName, knownModel, knownVendor } from './known-models.ts';
import { obstacles } from './obstacles.ts';
import { isNvSwitch, membersOf, virtualFunctions } from './pci-classes.ts';

/** One PCI function as a list of cards shows it. */
export interface FunctionSurvey {
  readonly address: string;
  /** `vendor:device`. */
  readonly id: string;
  /** `display`, `audio`, `USB`, … */
  readonly kind: string;
  readonly driver: string | null;
}

/** A GPU with everything that decides whether a guest can have it. */
export interface CardSurvey {
  readonly address: string;
  readonly id: string;
  readonly vendorId: string;
  readonly productId: string;
  readonly vendor: string | null;
  readonly model: string | null;
  readonly functions: readonly FunctionSurvey[];
  readonly iommuGroup: number | null;
  /** Members of the IOMMU group that are no function of the card. */
  readonly groupOthers: readonly FunctionSurvey[];
  /** VFIO would open the group: no member is on a host driver. */
  readonly isViable: boolean;
  readonly numaNode: number | null;
  readonly novaType: NovaType;
  readonly virtualFunctions: readonly FunctionSurvey[];
  readonly resetMethods: readonly string[];
  readonly isBootVga: boolean;
  /** `kept`: it stays with the host, and that is meant. */
  readonly state: 'ready' | 'not-ready' | 'kept';
  /** In words: what is missing, or why it is kept. */
  readonly reasons: readonly string[];
  /** What a person should know although it is no obstacle. */
  readonly notes: readonly string[];
}

/** What one host says about its GPUs. */
export interface GpuSurvey {
  readonly firmwareTables: readonly string[];
  readonly iommuUnits: readonly string[];
  readonly iommuGroups: number;
  readonly cards: readonly CardSurvey[];
  readonly warnings: readonly string[];
}

export function surveyGpus(tree: PciTree, names: PciNames, wish: GpuWish): GpuSurvey {
  const { selection, warnings } = selected(tree.functions, wish);
  const chosen = selection.chosen.map((card) => surveyCard({ card, tree, names }));
  const kept = selection.kept.map(({ card, reason }) => ({
    ...surveyCard({ card, tree, names }),
    state: 'kept' as const,
    reasons: [reason],
  }));
  return {
    firmwareTables: tree.firmwareTables,
    iommuUnits: tree.iommuUnits,
    iommuGroups: new Set(tree.functions.flatMap((one) => one.iommuGroup ?? [])).size,
    cards: [...chosen, ...kept].sort((a, b) => (a.address < b.address ? -1 : 1)),
    warnings,
  };
}

/** A list must show the cards that are there, whatever the inventory says about others. */
function selected(
  functions: readonly PciFunction[],
  wish: GpuWish,
): { readonly selection: GpuSelection; readonly warnings: readonly string[] } {
  try {
    return { selection: selectGpus(functions, wish), warnings: [] };
  } catch (error) {
    if (!(error instanceof TaskError)) throw error;
    return {
      selection: selectGpus(functions, { ...wish, devices: 'auto' }),
      warnings: [`gpu_devices: ${error.message}`],
    };
  }
}

interface Subject {
  readonly card: GpuCard;
  readonly tree: PciTree;
  readonly names: PciNames;
}

function surveyCard({ card, tree, names }: Subject): CardSurvey {
  const { head, functions } = card;
  const id = `${head.vendor}:${head.device}`;
  const members = membersOf(tree.functions, head.iommuGroup);
  const missing = missingFor(card, tree);
  return {
    address: head.address,
    id,
    vendorId: head.vendor,
    productId: head.device,
    vendor: names.vendors.get(head.vendor) ?? knownVendor(head.vendor) ?? null,
    model: names.devices.get(id) ?? knownModel(id) ?? null,
    functions: functions.map(surveyFunction),
    iommuGroup: head.iommuGroup,
    groupOthers: members.filter((one) => !functions.includes(one)).map(surveyFunction),
    isViable: head.iommuGroup !== null && members.every(isHarmless),
    numaNode: head.numaNode,
    novaType: head.novaType,
    virtualFunctions: functions.flatMap((one) => virtualFunctions(tree.functions, one)).map(surveyFunction),
    resetMethods: head.resetMethods,
    isBootVga: head.bootVga,
    state: missing.length === 0 ? 'ready' : 'not-ready',
    reasons: missing,
    notes: notesOn(card, tree),
  };
}

function surveyFunction(one: PciFunction): FunctionSurvey {
  return {
    address: one.address,
    id: `${one.vendor}:${one.device}`,
    kind: functionName(one.class),
    driver: one.driver,
  };
}

/**
 * What keeps a card from guests, the nearest cause first.
 *
 * Source: Documentation/driver-api/vfio.rst (groups and their viability).
 */
export function missingFor({ functions }: GpuCard, tree: PciTree): readonly string[] {
  const without = functions.filter((one) => one.iommuGroup === null);
  if (without.length > 0) return [noGroup(tree)];
  const unbound = functions.filter((one) => !isVfio(one.driver ?? ''));
  const groups = new Set(functions.map((one) => one.iommuGroup));
  const foreign = [...groups]
    .flatMap((group) => membersOf(tree.functions, group))
    .filter((one) => !functions.includes(one) && !isHarmless(one));
  return [...unbound.map(misplaced), ...foreign.map(shares), ...functions.flatMap(obstacles)];
}

function noGroup({ firmwareTables }: PciTree): string {
  return firmwareTables.length === 0
    ? 'no IOMMU: the firmware announces none (switch on VT-d or AMD-Vi)'
    : 'no IOMMU group: the kernel does not use the IOMMU';
}

/** @example 'audio function 0000:88:00.1 on snd_hda_intel' */
export function misplaced(one: PciFunction): string {
  return `${functionName(one.class)} function ${one.address} on ${one.driver ?? 'no driver'}`;
}

function shares(one: PciFunction): string {
  return `IOMMU group ${one.iommuGroup} is shared with ${functionName(one.class)} function ${one.address} on ${one.driver}`;
}

/** Cards that are known not to come back from a reset, or from D3cold. Source: github.com/amd/MxGPU-Virtualization issue 25. */
const STUBBORN: ReadonlySet<string> = new Set(['1002:74a1']);

function notesOn({ head }: GpuCard, tree: PciTree): readonly string[] {
  const isNvLinked = head.vendor === '10de' && tree.functions.some(isNvSwitch);
  return [
    ...(head.bootVga ? ['display of the firmware: make the BMC or onboard display the primary one'] : []),
    ...(head.resetMethods.length === 0 ? ['no reset method: a second guest may find it as the first left it'] : []),
    ...(STUBBORN.has(`${head.vendor}:${head.device}`)
      ? ['known not to start a second time after a reset: try disable_idle_d3=1 (params of kernel-module vfio-pci)']
      : []),
    ...(isNvLinked ? ['NVSwitch: CUDA starts in a guest only with Fabric Manager, or with its whole partition'] : []),
    ...(tree.hasInterruptRemapping === false && head.iommuGroup !== null
      ? [
          'no interrupt remapping: VFIO refuses every guest, unless unsafe interrupts are allowed; switch it (or x2APIC) on in the firmware',
        ]
      : []),
  ];
}
