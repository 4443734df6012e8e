import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Container, inventoryOf, startContainer } from '../../support/containers.ts';
import { play, type PlayCall, type Played } from '../../support/play.ts';
import { makeSysfs } from '../../support/sysfs-tree.ts';

export const REPOSITORY = join(import.meta.dirname, '../../..');
export const GPU_CLOUD = join(REPOSITORY, 'playbooks/gpu-cloud.yaml');

/** A GPU host before its first reboot, in a container: the boot's tools and files are real, PCI is files that do nothing. */
export interface BareHost extends AsyncDisposable {
  readonly container: Container;
  readonly inventory: string;
  readonly play: (call?: PlayCall) => Promise<Played>;
  /** As {@link Container.cutPower}; the host before is no more. */
  readonly cutPower: () => Promise<BareHost>;
  readonly close: () => Promise<void>;
}

/** Nova is left alone, and the reboot is left to a person: there is none here. */
const VARS = { gpu_reboot: 'never', gpu_configure_nova: false };

/** @param image `debian-boot` or one on top of it */
export async function startBareHost(
  image: string,
  options: { readonly env?: Readonly<Record<string, string>>; readonly vars?: Readonly<Record<string, unknown>> } = {},
): Promise<BareHost> {
  const tree = mkdtempSync(join(tmpdir(), 'tsplay-sysfs-'));
  makeTree(tree);
  // Links of the tree name it by its place on this machine.
  const binds = { '/sys': tree, [tree]: tree };
  const container = await startContainer(image, { hasSystemd: true, binds, env: options.env ?? {} });
  return around(container, tree, { ...VARS, ...options.vars });
}

function around(container: Container, tree: string, vars: Readonly<Record<string, unknown>>): BareHost {
  const inventory = inventoryOf({ gpu01: container }, vars, 'gpu_hosts');
  const close = async () => {
    await container.stop();
    rmSync(tree, { recursive: true, force: true });
  };
  return {
    container,
    inventory,
    play: (call = {}) => play(GPU_CLOUD, { taskTimeout: 900, timeout: 60, ...call, inventory: [inventory] }),
    cutPower: async () => around(await container.cutPower(), tree, vars),
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** An Intel host whose firmware has an IOMMU that nobody switched on yet, and one card of two functions. */
function makeTree(root: string): void {
  mkdirSync(join(root, 'firmware/acpi/tables'), { recursive: true });
  writeFileSync(join(root, 'firmware/acpi/tables/DMAR'), 'DMAR');
  for (const directory of ['fs/cgroup', 'class/iommu', 'module', 'kernel/iommu_groups'])
    mkdirSync(join(root, directory), { recursive: true });
  makeSysfs(root, [
    { address: '0000:84:00.0', id: '10de:11b4', class: '030000', driver: 'nouveau' },
    { address: '0000:84:00.1', id: '10de:0e0a', class: '040300', driver: 'snd_hda_intel' },
  ]);
}
