import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { readHere } from '../../test/support/read-here.ts';
import { makeSysfs } from '../../test/support/sysfs-tree.ts';
import { pciNames } from './pci-names.ts';

const PCI_IDS = `#
# List of PCI ID's
0010  Allied Telesis, Inc (Wrong ID)
1002  Advanced Micro Devices, Inc. [AMD/ATI]
\t74a1  Aqua Vanjaram [Instinct MI300X]
\t\t1002 74a1  Instinct MI300X OAM
10DE  NVIDIA Corporation
\t11b4  GK104GL [Quadro K4200]
\t\t10de 1096  Quadro K4200
\t0e0a  GK104 HDMI Audio Controller
8086  Intel Corporation
\t11b4  of another vendor
C 03  Display controller
\t11b4  a class, not a device
`;

let root = '';
let list = '';
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'pci-names-'));
  list = join(root, 'pci.ids');
  writeFileSync(list, PCI_IDS);
  makeSysfs(root, [
    { address: '0000:02:00.0', id: '1a03:2000', class: '030000' },
    { address: '0000:84:00.0', id: '10de:11b4', class: '030000' },
    { address: '0000:84:00.1', id: '10de:0e0a', class: '040300' },
    { address: '0000:88:00.0', id: '10de:11b4', class: '030000' },
    { address: '0000:c1:00.0', id: '1002:74a1', class: '120000' },
  ]);
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

it('names display controllers and accelerators, and nothing else, from the first list that knows any of them', () => {
  const { vendors, devices } = readHere(pciNames(root, [join(root, 'none'), list]));
  expect(devices.get('10de:11b4')).toBe('GK104GL [Quadro K4200]');
  expect(devices.get('1002:74a1')).toBe('Aqua Vanjaram [Instinct MI300X]');
  expect(devices.has('10de:0e0a')).toBe(false);
  expect([...vendors]).toEqual([
    ['1002', 'Advanced Micro Devices, Inc. [AMD/ATI]'],
    ['10de', 'NVIDIA Corporation'],
  ]);
});

it('a host without any list gives no names and no error', () => {
  expect(readHere(pciNames(root, []))).toEqual({ vendors: new Map(), devices: new Map() });
});

it("udev's hardware database names what no list does, asked by the card's own modalias", () => {
  const directory = mkdtempSync(join(tmpdir(), 'hwdb-'));
  writeFileSync(
    join(directory, 'systemd-hwdb'),
    `#!/bin/sh
case "$*" in
  "query pci:v000010DEd000020F1sv0bc03") echo ID_VENDOR_FROM_DATABASE=NVIDIA; echo 'ID_MODEL_FROM_DATABASE=GA100 [A100]';;
  *) echo "ID_MODEL_FROM_DATABASE=asked for $*";;
esac\n`,
    { mode: 0o755 },
  );
  vi.stubEnv('PATH', `${directory}:${process.env.PATH}`);
  makeSysfs(directory, [
    { address: '0000:41:00.0', id: '10de:20f1', class: '030200', files: { modalias: 'pci:v000010DEd000020F1sv0bc03' } },
    { address: '0000:84:00.0', id: '10de:11b4', class: '030000', files: { modalias: 'pci:v000010DEd000011B4sv0bc03' } },
  ]);
  const { devices } = readHere(pciNames(directory, [list]));
  vi.unstubAllEnvs();
  rmSync(directory, { recursive: true });
  expect([...devices].sort()).toEqual([
    ['10de:11b4', 'GK104GL [Quadro K4200]'],
    ['10de:20f1', 'GA100 [A100]'],
  ]);
});

it('a host without GPUs is not searched', () => {
  expect(readHere(pciNames('/nowhere', [list]))).toEqual({ vendors: new Map(), devices: new Map() });
});
