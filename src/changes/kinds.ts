import type { Change, ChangeKind } from '../contract/change.ts';
import { bindPciFunctionKind } from './bind-pci-function.ts';
import { callApiKind } from './call-api.ts';
import { loadKernelModuleKind } from './load-kernel-module.ts';
import { makeDirectoryKind } from './make-directory.ts';
import { makeLinkKind } from './make-link.ts';
import { rebootKind } from './reboot.ts';
import { removePathKind } from './remove-path.ts';
import { runCommandKind } from './run-command.ts';
import { setAttributesKind } from './set-attributes.ts';
import { unloadKernelModuleKind } from './unload-kernel-module.ts';
import { writeFileKind } from './write-file.ts';

type KindTable = { readonly [Kind in Change['kind']]: ChangeKind<Extract<Change, { kind: Kind }>> };

const KINDS: KindTable = {
  'write-file': writeFileKind,
  'make-directory': makeDirectoryKind,
  'make-link': makeLinkKind,
  'remove-path': removePathKind,
  'set-attributes': setAttributesKind,
  'run-command': runCommandKind,
  'load-kernel-module': loadKernelModuleKind,
  'unload-kernel-module': unloadKernelModuleKind,
  'bind-pci-function': bindPciFunctionKind,
  reboot: rebootKind,
  'call-api': callApiKind,
};

/** The behaviour of a change. @example kindOf(change).describe(change) */
export function kindOf(change: Change): ChangeKind<Change> {
  const kind = KINDS[change.kind];
  // The table pairs each kind with its own change, which the compiler cannot carry through the lookup.
  return kind as unknown as ChangeKind<Change>;
}
