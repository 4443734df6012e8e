import { expect, it } from 'vitest';
import type { MachineOptions } from './machine-options.ts';
import { CARDS } from './inventory.ts';
import { boardWords, GPU_BOARD } from './pci-layout.ts';
import { qemuWords } from './qemu-words.ts';

const files = {
  disk: '/m/disk.qcow2',
  serialLog: '/m/serial.log',
  qmpSocket: '/m/qmp.sock',
  eventSocket: '/m/events.sock',
};
const words = (options: Partial<MachineOptions> = {}): string =>
  qemuWords({ options: { name: 'one', directory: '/m', ...options }, accelerator: 'tcg', files, port: 4022 }).join(' ');

it('remaps interrupts with either IOMMU, and has none when told so', () => {
  expect(words()).toContain('-device intel-iommu,intremap=on');
  expect(words({ iommu: 'amd' })).toContain('-device amd-iommu,intremap=on');
  expect(words({ iommu: 'none' })).not.toMatch(/iommu/);
});

it('is reached through loopback only, and reaches nothing itself', () => {
  expect(words()).toContain('-netdev user,id=net,restrict=on,hostfwd=tcp:127.0.0.1:4022-:22');
});

it('has a second disk only where one is given, and never writes to its file', () => {
  expect(words()).not.toContain('software');
  expect(words({ softwareDisk: '/m/nova.raw' })).toMatch(
    /file=\/m\/nova\.raw,\S*snapshot=on .*drive=software,serial=software/,
  );
});

it('heeds flushes of the disk where power is to be cut', () => {
  expect(words()).toContain('cache=unsafe');
  expect(words({ diskCache: 'none' })).toContain('cache=none');
});

it('gives a card with several functions one slot', () => {
  const board = boardWords([{ kind: 'pcie', cards: [[{ model: 'secondary-vga' }, { model: 'qemu-xhci' }]] }]);
  expect(board).toEqual([
    '-device',
    'pcie-root-port,id=port0,bus=pcie.0,chassis=1,slot=1,addr=08',
    '-device',
    'secondary-vga,bus=port0,addr=00.0,multifunction=on',
    '-device',
    'qemu-xhci,bus=port0,addr=00.1',
  ]);
});

it('has the cards where the inventory says they are', () => {
  // Buses are numbered in the order of the ports: one for a card's port, two for a port and the bridge behind it.
  const buses = GPU_BOARD.map((_, index) =>
    GPU_BOARD.slice(0, index).reduce((bus, slot) => bus + (slot.kind === 'pcie' ? 1 : 2), 1),
  );
  const heads = GPU_BOARD.map(({ kind }, index) => {
    const bus = (buses[index] ?? 0) + (kind === 'pci' ? 1 : 0);
    return `0000:0${bus}:${kind === 'pci' ? '01' : '00'}.0`;
  });
  expect(heads).toEqual(Object.values(CARDS));
});
