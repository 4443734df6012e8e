import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeSysfs } from '../../support/sysfs-tree.ts';

/** A /sys for a container: files and links that do nothing. */
export interface CardTree extends Disposable {
  /** Links of the tree name it by its place on this machine, so it stands in the container twice. */
  readonly binds: Readonly<Record<string, string>>;
}

/** A host whose IOMMU is in use and whose one K4200, with its audio function, is ready for guests. */
export function makeCardTree(): CardTree {
  const root = mkdtempSync(join(tmpdir(), 'tsplay-controller-sys-'));
  for (const directory of ['firmware/acpi/tables', 'fs/cgroup', 'class/iommu/dmar0', 'module'])
    mkdirSync(join(root, directory), { recursive: true });
  writeFileSync(join(root, 'firmware/acpi/tables/DMAR'), 'DMAR');
  const bound = { driver: 'vfio-pci', group: 41, files: { driver_override: 'vfio-pci', numa_node: '0' } };
  makeSysfs(root, [
    { address: '0000:88:00.0', id: '10de:11b4', class: '030000', ...bound },
    { address: '0000:88:00.1', id: '10de:0e0a', class: '040300', ...bound },
  ]);
  return {
    binds: { '/sys': root, [root]: root },
    [Symbol.dispose]: () => rmSync(root, { recursive: true, force: true }),
  };
}
