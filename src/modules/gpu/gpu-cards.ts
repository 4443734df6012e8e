import { TaskError } from '../../contract/task-error.ts';
import type { PciFunction } from '../../probes/pci.ts';
import { isBridge, isGpu, isNvSwitch, virtualFunctions } from './pci-classes.ts';
import { describeSelector, matches, type PciSelector } from './pci-selector.ts';

/** A GPU as a person counts them: all functions of one slot, named by its display function. */
export interface GpuCard {
  readonly head: PciFunction;
  /** Every function of the slot but bridges, the head among them. */
  readonly functions: readonly PciFunction[];
}

export interface GpuSelection {
  readonly chosen: readonly GpuCard[];
  /** GPUs that stay with the host, and why. */
  readonly kept: readonly { readonly card: GpuCard; readonly reason: string }[];
}

/** What to hand to guests: named cards, or `auto` for every GPU but the firmware's console, those shared by SR-IOV, and those behind an NVSwitch. */
export interface GpuWish {
  readonly devices: 'auto' | readonly PciSelector[];
  readonly exclude: readonly PciSelector[];
}

export function gpuCards(all: readonly PciFunction[]): readonly GpuCard[] {
  const heads = all.filter((one) => isGpu(one) && one.physfn === null);
  const firstOfSlot = heads.filter((head) => heads.find((other) => other.slot === head.slot) === head);
  return firstOfSlot.map((head) => ({
    head,
    functions: all.filter((one) => one.slot === head.slot && one.physfn === null && !isBridge(one)),
  }));
}

/** @throws TaskError for a selector that names nothing on this host: a typing mistake there would leave a card behind. */
export function selectGpus(all: readonly PciFunction[], wish: GpuWish): GpuSelection {
  const cards = gpuCards(all);
  const given = wish.devices === 'auto' ? [] : wish.devices;
  const unmatched = given.filter((selector) => !cards.some((card) => isNamed(card, [selector])));
  if (unmatched.length > 0) {
    const present = cards.map(({ head }) => `${head.address} ${head.vendor}:${head.device}`).join(', ') || 'none';
    throw new TaskError(
      `no GPU here matches ${unmatched.map(describeSelector).join(', ')}; GPUs of this host: ${present}`,
    );
  }
  const reasons = cards.map((card) => ({ card, reason: whyKept(card, wish, all) }));
  return {
    chosen: reasons.flatMap(({ card, reason }) => (reason === undefined ? [card] : [])),
    kept: reasons.flatMap(({ card, reason }) => (reason === undefined ? [] : [{ card, reason }])),
  };
}

function whyKept(card: GpuCard, { devices, exclude }: GpuWish, all: readonly PciFunction[]): string | undefined {
  if (isNamed(card, exclude)) return 'excluded';
  if (devices !== 'auto') return isNamed(card, devices) ? undefined : 'not named';
  if (card.head.bootVga)
    return 'the console: the firmware and the boot messages use it (name it to take it all the same)';
  const nvSwitch = card.head.vendor === '10de' && all.find(isNvSwitch);
  if (nvSwitch)
    return `NVLink: its NVSwitch (${nvSwitch.address}) needs Fabric Manager, or guests that get whole partitions (name it to hand it out all the same)`;
  const shares = card.functions.flatMap((one) => virtualFunctions(all, one)).length;
  return shares > 0 ? `shared: it has ${shares} virtual functions (SR-IOV)` : undefined;
}

function isNamed(card: GpuCard, selectors: readonly PciSelector[]): boolean {
  return selectors.some((selector) => card.functions.some((one) => matches(one, selector)));
}
