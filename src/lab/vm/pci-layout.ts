/** A PCI function that QEMU emulates: the model, as `-device` names it, with its properties. */
export interface EmulatedFunction {
  readonly model: string;
  readonly properties?: Readonly<Record<string, string>>;
}

/**
 * One slot of the machine's board. `pcie`: a root port with one card behind it, which is a group of its own. `pci`: a root port
 * and a bridge to a conventional bus; cards behind such a bridge cannot be told apart, so all of them are one group
 * (Documentation/driver-api/vfio.rst).
 */
export interface BoardSlot {
  readonly kind: 'pcie' | 'pci';
  /** Cards, each a list of its functions from 0 upwards; a `pcie` slot has room for one. */
  readonly cards: readonly (readonly EmulatedFunction[])[];
}

const BOCHS: EmulatedFunction = { model: 'secondary-vga', properties: { romfile: '' } };
const VIRTIO: EmulatedFunction = { model: 'virtio-gpu-pci', properties: { romfile: '' } };
const PCIE_AUDIO: EmulatedFunction = { model: 'ich9-intel-hda' };
const AUDIO: EmulatedFunction = { model: 'intel-hda' };
const USB: EmulatedFunction = { model: 'qemu-xhci' };
const NETWORK_CARD: EmulatedFunction = { model: 'e1000', properties: { romfile: '' } };

/**
 * What the tests and `tsplay lab start --vm` run on. Bus numbers follow from the order:
 * 01:00 a GPU with audio and USB functions; 03:01 a GPU of another model behind a bridge; 04:00 a twin of the first, for
 * the host; 06:01 a GPU that shares its group with the network card 06:02.
 */
export const GPU_BOARD: readonly BoardSlot[] = [
  { kind: 'pcie', cards: [[BOCHS, PCIE_AUDIO, USB]] },
  { kind: 'pci', cards: [[VIRTIO, AUDIO]] },
  { kind: 'pcie', cards: [[BOCHS, PCIE_AUDIO]] },
  { kind: 'pci', cards: [[VIRTIO], [NETWORK_CARD]] },
];

/** Slots of the root bus that the machine's own devices leave free. */
const FIRST_PORT = 8;

/** `-device` words of a board, each with its place. */
export function boardWords(board: readonly BoardSlot[]): readonly string[] {
  return board.flatMap((slot, index) => {
    const port = `port${index}`;
    const place = { bus: 'pcie.0', chassis: String(index + 1), slot: String(index + 1), addr: hex(FIRST_PORT + index) };
    const root = deviceWords('pcie-root-port', { id: port, ...place });
    if (slot.kind === 'pcie') return [...root, ...slot.cards.flatMap((card) => cardWords(card, port, 0))];
    const bridge = deviceWords('pcie-pci-bridge', { id: `bridge${index}`, bus: port, addr: '00.0' });
    return [...root, ...bridge, ...slot.cards.flatMap((card, at) => cardWords(card, `bridge${index}`, at + 1))];
  });
}

function cardWords(card: readonly EmulatedFunction[], bus: string, device: number): readonly string[] {
  return card.flatMap(({ model, properties }, number) => {
    const isFirstOfMany = number === 0 && card.length > 1;
    const place = { bus, addr: `${hex(device)}.${number}`, ...(isFirstOfMany ? { multifunction: 'on' } : {}) };
    return deviceWords(model, { ...place, ...properties });
  });
}

export function deviceWords(model: string, properties: Readonly<Record<string, string>>): readonly string[] {
  return ['-device', [model, ...Object.entries(properties).map(([key, value]) => `${key}=${value}`)].join(',')];
}

const hex = (number: number): string => number.toString(16).padStart(2, '0');
