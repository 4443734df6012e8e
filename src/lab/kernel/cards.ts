/** One PCI function as the firmware presents it. Ids and class are lower-case hexadecimal without prefix. */
export interface PciFunction {
  readonly bdf: string;
  readonly vendor: string;
  readonly device: string;
  readonly subsystem: readonly [vendor: string, device: string];
  readonly class: string;
  /** Functions with the same number share an IOMMU group. */
  readonly group: number;
  readonly numaNode: number;
  readonly bootVga?: boolean;
  readonly totalVfs?: number;
  readonly physfn?: string;
  readonly resetMethods: readonly string[];
  readonly consumers: readonly string[];
  /** Name of the network interface or block device the function backs. */
  readonly backs?: { readonly kind: 'net' | 'block'; readonly name: string };
}

export type CardModel =
  | 'k4200'
  | 'tu116'
  | 'a100'
  | 'h100'
  | 'radeon'
  | 'k4200-with-nic'
  | 'k4200-with-bridge'
  | 'k4200-primary'
  /** On a board whose firmware does not say to which NUMA node the slot belongs. */
  | 'k4200-nodeless';

type Part = readonly [id: string, classCode: string, extra?: Partial<PciFunction>];

const k4200: readonly Part[] = [
  ['10de:11b4', '030000'],
  ['10de:0e0a', '040300'],
];

const parts: Readonly<Record<CardModel, readonly Part[]>> = {
  k4200,
  tu116: [
    ['10de:2184', '030000'],
    ['10de:1aeb', '040300'],
    ['10de:1aec', '0c0330'],
    ['10de:1aed', '0c8000'],
  ],
  a100: [['10de:20f1', '030200', { totalVfs: 16, resetMethods: ['flr', 'bus'] }]],
  h100: [['10de:2331', '030200', { totalVfs: 16, resetMethods: ['flr', 'bus'] }]],
  radeon: [
    ['1002:73bf', '030000'],
    ['1002:ab28', '040300'],
  ],
  'k4200-with-nic': k4200,
  'k4200-with-bridge': k4200,
  'k4200-nodeless': k4200,
  'k4200-primary': [['10de:11b4', '030000', { bootVga: true }], ...k4200.slice(1)],
};

function functionOf(bdf: string, group: number, [id, classCode, extra]: Part): PciFunction {
  const [vendor = '', device = ''] = id.split(':');
  const base = { bdf, vendor, device, subsystem: [vendor, '1096'] as const, class: classCode, group };
  return { ...base, numaNode: 0, resetMethods: ['bus'], consumers: [], ...extra };
}

/** What stands in the card's group beside it: a NIC makes the group unusable, a bridge does not. */
function companions(model: CardModel, bus: string, group: number): readonly PciFunction[] {
  if (model === 'k4200-with-nic') return [functionOf(`0000:${bus}:01.0`, group, ['8086:10d3', '020000'])];
  if (model === 'k4200-with-bridge') return [functionOf(`0000:${bus}:1c.0`, group, ['8086:1901', '060400'])];
  return [];
}

function card(model: CardModel, position: number): readonly PciFunction[] {
  // Buses 84, 88, 8c …: the second one is where the deck's card was.
  const bus = (0x84 + position * 4).toString(16).padStart(2, '0');
  const group = 40 + position;
  const numaNode = model === 'k4200-nodeless' ? -1 : position % 2;
  const functions = parts[model].map((part, index) => functionOf(`0000:${bus}:00.${index}`, group, part));
  const [first, ...rest] = functions;
  if (!first) return [];
  // The kernel links a display function to its audio and USB siblings, which wait for its power state.
  const linked = { ...first, consumers: rest.map((other) => other.bdf) };
  return [linked, ...rest, ...companions(model, bus, group)].map((each) => ({ ...each, numaNode }));
}

export interface Board {
  readonly cards: readonly CardModel[];
  /** The name of the interface that leads to the controller. */
  readonly interface: string;
}

/** Every PCI function of a server: what any board has, and its cards. */
export function functionsOf(board: Board): readonly PciFunction[] {
  const primary = board.cards.includes('k4200-primary');
  return [
    functionOf('0000:00:00.0', 0, ['8086:3e30', '060000']),
    functionOf('0000:00:01.0', 1, ['8086:1901', '060400']),
    functionOf('0000:00:17.0', 2, ['8086:a102', '010601']),
    functionOf('0000:01:00.0', 3, ['144d:a808', '010802', { backs: { kind: 'block', name: 'nvme0n1' } }]),
    functionOf('0000:02:00.0', 4, ['8086:10d3', '020000', { backs: { kind: 'net', name: board.interface } }]),
    functionOf('0000:03:00.0', 5, ['1a03:2000', '030000', { bootVga: !primary }]),
    ...board.cards.flatMap(card),
  ];
}

export function modalias(pci: PciFunction): string {
  const hex = (text: string, width: number): string => text.toUpperCase().padStart(width, '0');
  const [sv, sd] = pci.subsystem;
  const ids = `v${hex(pci.vendor, 8)}d${hex(pci.device, 8)}sv${hex(sv, 8)}sd${hex(sd, 8)}`;
  return `pci:${ids}bc${hex(pci.class.slice(0, 2), 2)}sc${hex(pci.class.slice(2, 4), 2)}i${hex(pci.class.slice(4, 6), 2)}`;
}
