import type { PciFunction } from '../kernel/cards.ts';
import { underscored } from '../kernel/catalog.ts';
import { SimulatedKernel } from '../kernel/kernel.ts';
import { type ConfigFiles, parseModprobeConfig, parseParams } from '../kernel/modprobe-config.ts';
import { coldplug, type LoaderOptions, loadQuietly } from '../kernel/module-loader.ts';
import { defaultEntry } from './grub.ts';
import { type Image, readImage } from './initramfs.ts';

/** The hardware a boot finds. */
export interface Machine {
  readonly functions: readonly PciFunction[];
  readonly cpu: 'intel' | 'amd';
  readonly firmwareIommu: boolean;
  readonly builtin: readonly string[];
}

/** What lies on the disk when the power comes back. */
export interface Disk {
  readonly file: (path: string) => Promise<Buffer | undefined>;
  /** modprobe.d, modules-load.d and /etc/modules of the root file system. */
  readonly config: ConfigFiles;
  /** Runs a script of the initramfs while the kernel that is booting has loaded no module yet. */
  readonly runEarly: (kernel: SimulatedKernel, script: string) => Promise<void>;
}

/** What the last line on the console says of a host that does not come up. */
export class BootFailure extends Error {}

const hasToken = (cmdline: string, token: string): boolean => cmdline.split(/\s+/).includes(token);

/** Intel's needs asking for in this simulation, AMD's is on unless told otherwise. */
function iommuEnabled(machine: Machine, cmdline: string): boolean {
  if (!machine.firmwareIommu || hasToken(cmdline, 'iommu=off')) return false;
  return machine.cpu === 'intel' ? hasToken(cmdline, 'intel_iommu=on') : !hasToken(cmdline, 'amd_iommu=off');
}

/** The simulated power-on: boot loader, initramfs, then the root file system's own configuration. */
export async function bootKernel(machine: Machine, disk: Disk): Promise<SimulatedKernel> {
  const grub = await disk.file('/boot/grub/grub.cfg');
  const entry = grub && defaultEntry(grub.toString());
  if (!entry) throw new BootFailure('grub rescue> no bootable entry in /boot/grub/grub.cfg');
  if (!(await disk.file(entry.kernel))) throw new BootFailure(`error: file ${entry.kernel} not found`);
  if (!entry.initrd) throw new BootFailure('Kernel panic - not syncing: VFS: Unable to mount root fs');
  const image = await imageAt(disk, entry.initrd);
  const kernel = new SimulatedKernel({
    functions: machine.functions,
    iommu: iommuEnabled(machine, entry.cmdline),
    cmdline: entry.cmdline,
    builtin: machine.builtin,
  });
  for (const script of image.initTop) await disk.runEarly(kernel, script);
  earlyUserspace(kernel, image);
  rootUserspace(kernel, disk.config);
  return kernel;
}

async function imageAt(disk: Disk, path: string): Promise<Image> {
  const bytes = await disk.file(path);
  if (!bytes) throw new BootFailure(`error: file ${path} not found`);
  try {
    return readImage(bytes);
  } catch {
    throw new BootFailure('Initramfs unpacking failed: Kernel panic - not syncing: VFS: Unable to mount root fs');
  }
}

/** Only what is inside the image counts: its list of modules, its modprobe.d, its module files. */
function earlyUserspace(kernel: SimulatedKernel, image: Image): void {
  const config = parseModprobeConfig(image.modprobe, kernel.options.cmdline);
  const loader: LoaderOptions = { kernel, config, available: (name) => kernel.isBuiltin(name) || image.contains(name) };
  for (const { name, params } of image.modules) loadQuietly(loader, name, parseParams(params));
  coldplug(loader);
}

function rootUserspace(kernel: SimulatedKernel, files: ConfigFiles): void {
  const config = parseModprobeConfig(files, kernel.options.cmdline);
  const loader: LoaderOptions = { kernel, config, available: () => true };
  for (const name of modulesToLoad(files)) if (!config.blacklist.has(underscored(name))) loadQuietly(loader, name);
  coldplug(loader);
  loadQuietly(loader, 'kvm');
}

const directories = [
  '/etc/modules-load.d',
  '/run/modules-load.d',
  '/usr/local/lib/modules-load.d',
  '/usr/lib/modules-load.d',
] as const;

/** Names only: systemd-modules-load passes the whole line on, so a line with arguments names no module. */
function modulesToLoad(files: ConfigFiles): readonly string[] {
  const byName = new Map<string, string>();
  for (const directory of directories) {
    for (const [path, text] of files) {
      const name = path.slice(directory.length + 1);
      if (path.startsWith(`${directory}/`) && name.endsWith('.conf') && !byName.has(name)) byName.set(name, text);
    }
  }
  const texts = [
    files.get('/etc/modules') ?? '',
    ...[...byName].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, text]) => text),
  ];
  const lines = texts.flatMap((text) => text.split('\n')).map((line) => line.trim());
  return lines.filter((line) => line !== '' && !/^[#;]/.test(line));
}

export const configDirectories: readonly string[] = [...directories, '/etc/modules'];
