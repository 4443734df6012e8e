import type { Change } from '../../contract/change.ts';
import type { FileContent } from '../../contract/file-state.ts';
import { TaskError } from '../../contract/task-error.ts';
import type { CmdlineToken } from '../../probes/kernel-cmdline-tokens.ts';
import type { KernelModule } from '../../probes/kernel-modules.ts';
import { type ModprobeDirective, normaliseModule } from '../../probes/modprobe-config.ts';
import { type ModprobeDesire, modulesLoadText, planOwnFile } from './module-files.ts';

/** Whether a module is loaded at every boot; absent: left as it is. */
export interface BootLoadWish {
  readonly name: string;
  readonly persistent?: boolean | undefined;
  readonly block?: ModprobeDesire['block'] | undefined;
}

export interface BootLoadFacts {
  readonly module: KernelModule;
  readonly ownLoad: FileContent;
  readonly ownOptions: FileContent;
  readonly directives: readonly ModprobeDirective[];
  /** Of the next boot. */
  readonly cmdline: readonly CmdlineToken[];
  /** What all files in force of modules-load.d(5) list. */
  readonly listed: readonly { readonly module: string; readonly path: string }[];
}

export function planModulesLoad(given: BootLoadWish, current: BootLoadFacts): readonly Change[] {
  const { name, persistent } = given;
  const { module, ownLoad, listed } = current;
  if (persistent === undefined) return [];
  const own = normaliseModule(name);
  const elsewhere = listed.find((one) => one.module === own && one.path !== ownLoad.path);
  if (!persistent && elsewhere)
    throw new TaskError(`${elsewhere.path} lists ${name}, so every boot loads it; take it out there`);
  if (!persistent) return planOwnFile(ownLoad, '');
  if (module.isBuiltin) return [];
  refuseUnloadable(given, current);
  return elsewhere ? [] : planOwnFile(ownLoad, modulesLoadText(own));
}

/** systemd-modules-load(8) obeys blacklists, and complains of modules that do not exist only in its journal. */
function refuseUnloadable({ name, block }: BootLoadWish, facts: BootLoadFacts): void {
  const { module, directives, ownOptions, cmdline } = facts;
  if (module.hasIndex && !module.isAvailable && !module.isLoaded) throw missingModule(name, module);
  const obstacle = directives.find(
    (one) =>
      one.module === normaliseModule(name) &&
      (one.verb === 'blacklist' || one.verb === 'install') &&
      (one.path !== ownOptions.path || block === undefined),
  );
  if (obstacle)
    throw new TaskError(
      `${obstacle.path}:${obstacle.line} keeps ${name} from being loaded at boot (${obstacle.verb}); take that line out, or do not say persistent: true`,
    );
  const token = cmdline.find((one) => isBlockedBy(one, name, ['modprobe.blacklist', 'module_blacklist']));
  if (token)
    throw new TaskError(
      `the kernel command line of the next boot has ${token.text}, which keeps ${name} from being loaded; change it there (kernel-cmdline)`,
    );
  if (block === 'alias' || block === 'modprobe')
    throw new TaskError(`block: ${block} keeps ${name} from being loaded at boot, which persistent: true asks for`);
}

/** Whether a token of one of the keys names the module. */
export function isBlockedBy({ key, value }: CmdlineToken, name: string, keys: readonly string[]): boolean {
  return keys.includes(key) && (value ?? '').split(',').map(normaliseModule).includes(normaliseModule(name));
}

export function missingModule(name: string, { kernelRelease }: KernelModule): TaskError {
  return new TaskError(
    `kernel ${kernelRelease} has no module ${name}: check the name, install the package it comes in, or say optional: true`,
  );
}
