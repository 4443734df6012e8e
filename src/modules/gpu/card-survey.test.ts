import { expect, it } from 'vitest';
import { parsePciTree } from '../../probes/pci.ts';
import { type CardSurvey, type GpuSurvey, surveyGpus } from './card-survey.ts';
import type { GpuWish } from './gpu-cards.ts';

interface Given {
  readonly driver?: string;
  readonly group?: number;
  readonly more?: string;
}

const one = (address: string, id: string, code: string, { driver, group, more = '' }: Given = {}) =>
  `function ${address}
vendor 0x${id.split(':')[0]}
device 0x${id.split(':')[1]}
class 0x${code}
${driver === undefined ? '' : `driver ${driver}\n`}${group === undefined ? '' : `iommu_group ${group}\n`}${more}`;

const AUTO: GpuWish = { devices: 'auto', exclude: [] };
const NAMES = { vendors: new Map([['10de', 'NVIDIA Corporation']]), devices: new Map([['10de:11b4', 'Quadro K4200']]) };
const survey = (text: string, wish: GpuWish = AUTO): GpuSurvey =>
  surveyGpus(parsePciTree(`table DMAR\n${text}`), NAMES, wish);
const card = (text: string, wish?: GpuWish): CardSurvey | undefined => survey(text, wish).cards[0];

const vfio = { driver: 'vfio-pci', group: 40 };
const K4200 = one('0000:84:00.0', '10de:11b4', '030000', { ...vfio, more: 'reset_method bus\n' });
const AUDIO = one('0000:84:00.1', '10de:0e0a', '040300', vfio);

it('a card is ready when all functions of its slot are on vfio-pci in a viable group', () => {
  expect(card(K4200 + AUDIO)).toMatchObject({
    address: '0000:84:00.0',
    model: 'Quadro K4200',
    vendor: 'NVIDIA Corporation',
    state: 'ready',
    isViable: true,
    reasons: [],
    notes: [],
    functions: [{ kind: 'display' }, { kind: 'audio', driver: 'vfio-pci' }],
  });
});

it.each<readonly [string, string, readonly string[], boolean]>([
  [
    'a function on a host driver',
    K4200 + one('0000:84:00.1', '10de:0e0a', '040300', { driver: 'snd_hda_intel', group: 40 }),
    ['audio function 0000:84:00.1 on snd_hda_intel'],
    false,
  ],
  [
    'a function on no driver',
    K4200 + one('0000:84:00.2', '10de:1aec', '0c0330', { group: 40 }) + AUDIO,
    ['USB function 0000:84:00.2 on no driver'],
    true,
  ],
  [
    'a network card in the group',
    K4200 + AUDIO + one('0000:84:01.0', '8086:10d3', '020000', { driver: 'e1000e', group: 40 }),
    ['IOMMU group 40 is shared with network function 0000:84:01.0 on e1000e'],
    false,
  ],
  [
    'an ISA bridge in the group, which is a device like others to VFIO',
    K4200 + AUDIO + one('0000:00:1f.0', '8086:a305', '060100', { driver: 'lpc_ich', group: 40 }),
    ['IOMMU group 40 is shared with bridge function 0000:00:1f.0 on lpc_ich'],
    false,
  ],
  [
    'a boot framebuffer in its memory',
    `${K4200 + AUDIO}framebuffer 0000:84:00.0 BOOTFB\n`,
    [
      `the firmware's picture (BOOTFB) lies in the memory of display function 0000:84:00.0, so guests fail with "BAR 0: can't reserve": make the BMC or onboard display the primary one`,
    ],
    true,
  ],
  [
    'reserved memory',
    `${K4200 + AUDIO}reserved 0000:84:00.0\n`,
    [
      'the firmware reserves memory for display function 0000:84:00.0 (RMRR), so VFIO refuses it: switch that off in the firmware, or take another slot',
    ],
    true,
  ],
  [
    'a card that does not answer',
    one('0000:84:00.0', '10de:11b4', '030000', { ...vfio, more: 'silent\n' }) + AUDIO,
    ['display function 0000:84:00.0 does not answer (all ones): a power cycle of the host may bring it back'],
    true,
  ],
  [
    'no group',
    one('0000:84:00.0', '10de:11b4', '030000'),
    ['no IOMMU group: the kernel does not use the IOMMU'],
    false,
  ],
])('what is missing is said in words: %s', (_, text, reasons, isViable) => {
  expect(card(text)).toMatchObject({ state: 'not-ready', reasons, isViable });
});

it('firmware without a table is the cause that is named', () => {
  const { cards } = surveyGpus(parsePciTree(one('0000:84:00.0', '10de:11b4', '030000')), NAMES, AUTO);
  expect(cards[0]?.reasons).toEqual(['no IOMMU: the firmware announces none (switch on VT-d or AMD-Vi)']);
});

it('a bridge in the group and a variant driver are no obstacle', () => {
  const bridge = one('0000:80:02.0', '8086:2f04', '060400', { driver: 'pcieport', group: 40 });
  const variant = one('0009:01:00.0', '10de:2342', '030200', { driver: 'nvgrace_gpu_vfio_pci', group: 40 });
  expect(card(bridge + variant)).toMatchObject({ state: 'ready', groupOthers: [{ kind: 'bridge' }] });
});

it('cards that the inventory keeps are no failure, with the reason', () => {
  const wish: GpuWish = { devices: 'auto', exclude: [{ kind: 'address', address: '0000:84:00.0' }] };
  expect(card(one('0000:84:00.0', '10de:11b4', '030000', { driver: 'nouveau', group: 1 }), wish)).toMatchObject({
    state: 'kept',
    reasons: ['excluded'],
  });
});

it('an inventory that names a card which is not there hides none of those that are', () => {
  const wish: GpuWish = { devices: [{ kind: 'id', vendor: '10de', device: '20f1' }], exclude: [] };
  const { cards, warnings } = survey(K4200 + AUDIO, wish);
  expect(cards).toHaveLength(1);
  expect(warnings).toEqual([expect.stringMatching(/^gpu_devices: no GPU here matches 10de:20f1/)]);
});

it('a card without a name of its own gets that of the built-in list, or none', () => {
  expect(card(one('0000:41:00.0', '10de:20f1', '030200', vfio))?.model).toBe('A100 PCIe 40GB');
  expect(card(one('0000:41:00.0', '10de:ffff', '030200', vfio))?.model).toBeNull();
});

it('virtual functions belong to their card', () => {
  const physical = one('0000:41:00.0', '10de:20f1', '030200', { ...vfio, more: 'sriov_totalvfs 16\n' });
  const virtual = one('0000:41:00.4', '10de:20f1', '030200', {
    driver: 'vfio-pci',
    group: 50,
    more: 'physfn 0000:41:00.0\n',
  });
  expect(survey(physical + virtual).cards).toMatchObject([
    { novaType: 'type-PF', state: 'kept', virtualFunctions: [{ address: '0000:41:00.4' }] },
  ]);
});

const NVSWITCH = one('0000:05:00.0', '10de:22a3', '068000', { group: 9 });
const H100 = one('0000:41:00.0', '10de:2330', '030200', { ...vfio, more: 'reset_method flr bus\n' });

it('cards behind an NVSwitch are handed out by name only, and not without a word', () => {
  expect(survey(NVSWITCH + H100).cards).toMatchObject([
    { state: 'kept', reasons: [expect.stringMatching(/NVSwitch \(0000:05:00\.0\) needs Fabric Manager/)] },
  ]);
  const wish: GpuWish = { devices: [{ kind: 'id', vendor: '10de', device: '2330' }], exclude: [] };
  expect(survey(NVSWITCH + H100, wish).cards).toMatchObject([
    { state: 'ready', notes: [expect.stringMatching(/^NVSwitch: CUDA starts in a guest only with/)] },
  ]);
});

it('what will trouble guests later is noted', () => {
  expect(card(`${H100}remapping off\n`)?.notes).toEqual([expect.stringMatching(/^no interrupt remapping/)]);
  expect(card(`${H100}remapping on\n`)?.notes).toEqual([]);
  const mi300x = one('0000:41:00.0', '1002:74a1', '120000', { ...vfio, more: 'reset_method bus\n' });
  expect(card(mi300x)?.notes).toEqual([expect.stringContaining('disable_idle_d3=1')]);
});
