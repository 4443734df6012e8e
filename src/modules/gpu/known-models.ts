/**
 * Data-centre cards by `vendor:device`, for hosts that have neither pci.ids nor udev's hardware database: the marketing
 * names of https://pci-ids.ucw.cz in short. Only a name is lost where a card is missing here.
 */
const MODELS: Readonly<Record<string, string>> = {
  '10de:11b4': 'Quadro K4200',
  '10de:1b38': 'Tesla P40',
  '10de:1db4': 'Tesla V100 PCIe 16GB',
  '10de:1db6': 'Tesla V100 PCIe 32GB',
  '10de:1eb8': 'Tesla T4',
  '10de:20b0': 'A100 SXM4 40GB',
  '10de:20b2': 'A100 SXM4 80GB',
  '10de:20b5': 'A100 PCIe 80GB',
  '10de:20f1': 'A100 PCIe 40GB',
  '10de:2184': 'GeForce GTX 1660',
  '10de:2235': 'A40',
  '10de:2236': 'A10',
  '10de:25b6': 'A2 / A16',
  '10de:2321': 'H100L 94GB',
  '10de:2330': 'H100 SXM5 80GB',
  '10de:2331': 'H100 PCIe',
  '10de:2335': 'H200 SXM 141GB',
  '10de:26b5': 'L40',
  '10de:26b9': 'L40S',
  '10de:27b8': 'L4',
  '10de:2901': 'B200',
  '1002:738c': 'Instinct MI100',
  '1002:7408': 'Instinct MI250X',
  '1002:740f': 'Instinct MI210',
  '1002:74a1': 'Instinct MI300X',
  '1002:74a5': 'Instinct MI325X',
  '8086:0bd5': 'Data Center GPU Max 1550',
  '8086:56c0': 'Data Center GPU Flex 170',
};

const VENDORS: Readonly<Record<string, string>> = { '10de': 'NVIDIA', '1002': 'AMD', '8086': 'Intel' };

export function knownModel(id: string): string | undefined {
  return Object.hasOwn(MODELS, id) ? MODELS[id] : undefined;
}

export function knownVendor(vendor: string): string | undefined {
  return Object.hasOwn(VENDORS, vendor) ? VENDORS[vendor] : undefined;
}

/** What a function is to a person, by its class code. Source: pci.ids, section of classes. */
export function functionName(classCode: string): string {
  const named = CLASSES.find(([beginning]) => classCode.startsWith(beginning));
  return named?.[1] ?? `class ${classCode}`;
}

const CLASSES: readonly (readonly [string, string])[] = [
  ['01', 'storage'],
  ['02', 'network'],
  ['03', 'display'],
  ['0403', 'audio'],
  ['0604', 'bridge'],
  ['06', 'bridge'],
  ['0c03', 'USB'],
  ['0c80', 'UCSI'],
  ['12', 'accelerator'],
];
