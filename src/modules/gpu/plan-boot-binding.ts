import { makeDirectory } from '../../changes/make-directory.ts';
import { removePath } from '../../changes/remove-path.ts';
import { replaceContent } from '../../changes/write-file.ts';
import type { Change } from '../../contract/change.ts';
import type { FileContent, FileState } from '../../contract/file-state.ts';
import { TaskError } from '../../contract/task-error.ts';
import { normaliseModule } from '../../probes/modprobe-config.ts';
import type { PciFunction } from '../../probes/pci.ts';
import {
  type BootBinding,
  BINDING_MODULE,
  BINDING_SETUP_TEXT,
  bindingHook,
  bindingScript,
  idOf,
  isVfio,
  parseBinding,
} from './boot-binding.ts';
import { driverFor, type Variants } from './variant-drivers.ts';

/** What dracut needs besides the script itself, which is a hook there. */
export interface DracutModule {
  readonly directory: FileState;
  readonly setup: FileContent;
}

export interface BootBindingWish {
  readonly driver: string;
  readonly variants?: Variants;
  readonly functions: readonly PciFunction[];
  readonly targets: readonly PciFunction[];
  readonly script: FileContent;
  /** Null where initramfs-tools makes the images. */
  readonly dracut: DracutModule | null;
  readonly bootIds: readonly string[];
  readonly stubIds: readonly string[];
}

/** Ids are enough when no card that must stay has one of them; the others are bound by address. */
export function planBootBinding(wish: BootBindingWish): readonly Change[] {
  const { driver, targets, script } = wish;
  const present: BootBinding = script.kind === 'file' ? parseBinding(Buffer.from(script.bytes).toString()) : new Map();
  const others = new Map([...present].filter(([address]) => !targets.some((one) => one.address === address)));
  if (driver === 'native') return planFiles(wish, others);
  refuseGrabbed(wish);
  const byAddress = targets.filter(
    (one) => present.get(one.address) === driverFor(one, wish) || !isEnsuredById(one, wish),
  );
  return planFiles(wish, new Map([...others, ...byAddress.map((one) => [one.address, driverFor(one, wish)] as const)]));
}

function refuseGrabbed({ driver, functions, targets, bootIds }: BootBindingWish): void {
  const kept = functions.filter((one) => !targets.includes(one));
  const grabbed = kept.filter((one) => isVfio(driver) && bootIds.includes(idOf(one)));
  if (grabbed.length === 0) return;
  throw new TaskError(
    `vfio-pci's ids name ${[...new Set(grabbed.map(idOf))].join(', ')}, so every boot takes ${grabbed.map((one) => one.address).join(', ')} too, which the host should keep. Take the id out of modprobe.d, the command line and the list of early modules: this task binds by address.`,
    { failure: 'id-takes-others' },
  );
}

/** An id is of no use against a driver that is there first: pci-stub with the same id, or one built into the kernel. */
function isEnsuredById(one: PciFunction, wish: BootBindingWish): boolean {
  const { bootIds, stubIds } = wish;
  const isNamed = normaliseModule(driverFor(one, wish)) === 'vfio_pci' && bootIds.includes(idOf(one));
  return isNamed && !stubIds.includes(idOf(one)) && (!one.isDriverBuiltin || isVfio(one.driver ?? ''));
}

function planFiles({ script, dracut }: BootBindingWish, binding: BootBinding): readonly Change[] {
  if (!dracut) return planScript(script, binding.size > 0 ? bindingScript(binding) : null);
  return binding.size > 0 ? planModule(script, dracut, bindingHook(binding)) : planNoModule(script, dracut);
}

/** The set-up comes after the hook, and goes before it: dracut gives up on an image whose module names a file that is not there. */
function planModule(hook: FileContent, { directory, setup }: DracutModule, text: string): readonly Change[] {
  return [
    ...(directory.kind === 'absent' ? [makeDirectory(BINDING_MODULE)] : []),
    ...planScript(hook, text),
    ...planScript(setup, BINDING_SETUP_TEXT),
  ];
}

function planNoModule(hook: FileContent, { directory, setup }: DracutModule): readonly Change[] {
  return [
    ...planScript(setup, null),
    ...planScript(hook, null),
    ...(directory.kind === 'directory' ? [removePath(directory)] : []),
  ];
}

/** Null: there should be none. */
function planScript(script: FileContent, text: string | null): readonly Change[] {
  if (text === null) return script.kind === 'file' ? [removePath(script.state, { bytes: script.bytes })] : [];
  const isRunnable = script.kind === 'file' && (script.state.mode & 0o111) !== 0;
  if (script.kind === 'file' && isRunnable && Buffer.from(script.bytes).toString() === text) return [];
  // Without /etc/initramfs-tools/scripts/init-top the write itself fails and names the directory.
  return [replaceContent(script, Buffer.from(text), { mode: 0o755 })];
}
