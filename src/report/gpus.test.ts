import { describe, expect, it } from 'vitest';
import type { CardView } from './gpu-cells.ts';
import { type GpuHostView, type GpuListOptions, gpuLines } from './gpus.ts';
import { paint } from './paint.ts';

const card = (address: string, changes: Partial<CardView> = {}): CardView => ({
  address,
  id: '10de:11b4',
  vendor: 'NVIDIA Corporation',
  model: 'GK104GL [Quadro K4200]',
  functions: [
    { address, kind: 'display', driver: 'vfio-pci' },
    { address: address.replace('.0', '.1'), kind: 'audio', driver: 'vfio-pci' },
  ],
  iommuGroup: 40,
  groupOthers: [],
  isViable: true,
  numaNode: 0,
  novaType: 'type-PCI',
  virtualFunctions: [],
  resetMethods: ['flr', 'bus'],
  state: 'ready',
  reasons: [],
  notes: [],
  ...changes,
});
const broken = card('0000:88:00.0', {
  state: 'not-ready',
  reasons: ['audio function 0000:88:00.1 on snd_hda_intel'],
  functions: [
    { address: '0000:88:00.0', kind: 'display', driver: 'vfio-pci' },
    { address: '0000:88:00.1', kind: 'audio', driver: 'snd_hda_intel' },
  ],
});
const host = (name: string, ...cards: readonly CardView[]): GpuHostView => ({
  host: name,
  kind: 'seen',
  cards,
  warnings: [],
});
const shown = (hosts: readonly GpuHostView[], options: GpuListOptions = {}): string => {
  const { columns } = options;
  return paint(gpuLines(hosts, options), { hasColour: false, ...(columns ? { columns: () => columns } : {}) });
};

describe('the list of GPUs', () => {
  it('says everything on one line a card where nobody watches', () => {
    const text = shown([host('gpu01', card('0000:84:00.0'), broken)]);
    expect(text).toContain(
      'gpu01  0000:84:00.0  GK104GL [Quadro K4200]  10de:11b4  vfio-pci .0 .1                 40     yes     0     type-PCI  flr,bus  ready\n',
    );
    expect(text).toMatch(/^gpu01 {2}0000:88:00\.0 .* not ready: audio function 0000:88:00\.1 on snd_hda_intel$/m);
  });

  it.each([60, 80, 100, 120, 160, 200])('no line of a terminal with %i columns is wider', (columns) => {
    const lines = shown([host('gpu01.example.net', card('0000:84:00.0'), broken)], { columns }).split('\n');
    expect(lines.filter((line) => line.length > columns)).toEqual([]);
    expect(lines.join(' ').replaceAll(/ +/g, ' ')).toContain('audio function 0000:88:00.1 on snd_hda_intel');
  });

  it('says which columns had no room', () => {
    expect(shown([host('gpu01', broken)], { columns: 80 })).toMatch(/No room for .*NUMA.*RESET/);
    expect(shown([host('gpu01', broken)], { columns: 200 })).not.toContain('No room');
  });

  it('names a host once on a terminal, and on every line elsewhere', () => {
    const hosts = [host('gpu01', card('0000:84:00.0'), card('0000:88:00.0'))];
    expect(shown(hosts, { columns: 160 }).match(/gpu01/g)).toHaveLength(1);
    expect(shown(hosts).match(/gpu01/g)).toHaveLength(2);
  });

  it('shows other members of the group, what is not viable, and virtual functions', () => {
    const shared = card('0000:84:00.0', {
      groupOthers: [{ address: '0000:84:01.0', kind: 'network', driver: 'e1000e' }],
      isViable: false,
      virtualFunctions: [{ address: '0000:84:00.4', kind: 'display', driver: null }],
    });
    expect(shown([host('gpu01', shared)])).toMatch(/40 \+0000:84:01\.0 e1000e {2}no .* type-PCI 1 VFs/);
  });

  it.each([80, 120, 200])('shows a name with no room beside its cards whole above them, on %i columns', (columns) => {
    const long = 'compute-rack17-node04.availability-zone-2.cloud.example.internal';
    const hosts = [...Array(20).keys()].map((index) => host(`gpu${index + 10}`, card('0000:84:00.0'), broken));
    const lines = shown([...hosts, host(long, card('0000:84:00.0'), broken)], { columns }).split('\n');
    const at = lines.indexOf(long);
    expect(lines[at + 1]).toMatch(/^ +0000:84:00\.0 +GK104GL \[Quadro K4200\] /);
    expect(lines.filter((line) => line.includes('GK104GL [Quadro K4200]  '))).toHaveLength(42);
    expect(lines[1]).toMatch(/^gpu10 {2}0000:84:00\.0 /);
  });

  it('tells hosts apart whose names differ at their end', () => {
    const names = ['04', '05', '06'].map((end) => `nova-compute-availability-zone-1-rack-07-node-${end}`);
    const text = shown(
      names.map((name) => host(name, card('0000:84:00.0'))),
      { columns: 80 },
    );
    for (const name of names) expect(text).toContain(name);
  });

  it('gives the room of a wide column that went to a narrow one', () => {
    const wide = card('0000:84:00.0', {
      model: 'a model with a name of forty characters.',
      virtualFunctions: [...Array(16).keys()].map(() => ({ address: '0000:84:00.4', kind: 'display', driver: null })),
    });
    expect(shown([host('gpu001', wide)], { columns: 75 })).toMatch(/^HOST +ADDRESS +MODEL +IDS +STATE$/m);
  });

  it('keeps columns straight under wide characters', () => {
    const hosts = [host('gpu01', card('0000:84:00.0', { model: '汎用計算装置' }), card('0000:88:00.0'))];
    const [, first = '', second = ''] = shown(hosts, { columns: 160 }).split('\n');
    expect(first.indexOf('10de:') + 6, 'six characters of two columns each').toBe(second.indexOf('10de:'));
  });

  it('a model that nobody knows is its ids, once', () => {
    const text = shown([host('gpu01', card('0000:84:00.0', { model: null, vendor: null }))]);
    expect(text).toContain('1 x 10de:11b4: 1 ready');
  });

  it('sums up: models, hosts without a GPU, hosts that were not seen', () => {
    const hosts: readonly GpuHostView[] = [
      host('gpu01', card('0000:84:00.0'), broken),
      host('ctl01'),
      { host: 'gpu02', kind: 'unreachable', message: 'connection refused' },
      { host: 'gpu03', kind: 'failed', message: 'sudo: a password is required' },
    ];
    expect(shown(hosts)).toContain(`Hosts  4 hosts, 1 unreachable, 1 failed
       ctl01: no GPU
Cards  2 cards: 1 ready, 1 not ready
       2 x GK104GL [Quadro K4200] (10de:11b4): 1 ready, 1 not ready
gpu02: unreachable: connection refused
gpu03: failed: sudo: a password is required
`);
  });

  it('of two hundred hosts, what many have in common is said once', () => {
    const hosts = Array.from({ length: 200 }, (_, index) =>
      host(`gpu${String(index + 1).padStart(3, '0')}`, card('0000:84:00.0', { notes: ['no reset method'] })),
    );
    const lines = shown(hosts, { columns: 100 }).trimEnd().split('\n');
    expect(lines.filter((line) => line.includes('no reset method'))).toEqual(['all 200 hosts: no reset method']);
    expect(lines.length).toBeLessThan(210);
  });

  it('shows only the cards asked for, and counts all', () => {
    const text = shown([host('gpu01', card('0000:84:00.0'), broken)], { only: 'not-ready' });
    expect(text).not.toMatch(/^gpu01 {2}0000:84/m);
    expect(text).toContain('Cards  2 cards: 1 ready, 1 not ready; shown: not ready');
  });

  it('what a host says about itself cannot move the cursor', () => {
    const text = shown([host('gpu01', card('0000:84:00.0', { model: 'x\u001b[2J\ny' }))]);
    expect(text).toContain('x\\e[2J\\ny');
    expect(text).not.toContain('\u001b');
  });
});
