import type { Change, ChangeKind } from '../contract/change.ts';
import { bindPciFunctionKind } from './bind-pci-function.ts';
import { loadKernelModuleKind } from './load-kernel-module.ts';
import { makeDirectoryKind } from './make-directory.ts';
import { makeLinkKind } from './make-link.ts';
import { rebootKind } from './reboot.ts';
import { removePathKind } from './remove-path.ts';
import { runCommandKind } from './run-command.ts';
import { setAttributesKind } from './set-attributes.ts';
import { unloadKernelModuleKind } from './unload-kernel-module.ts';
import { writeFileKind } from './write-file.ts';

/** API calls are made on the controller, not on a host. */
type HostKind = Exclude<Change['kind'], 'call-api'>;

type KindTable = { readonly [Kind in HostKind]: ChangeKind<Extract<Change, { kind: Kind }>> };

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
};

/** The behaviour of a change. @example kindOf(change).describe(change) */
export function kindOf(change: Change): ChangeKind<Change> {
  if (change.kind === 'call-api') throw new Error('no module calls an API through a host');
  const kind = KINDS[change.kind];
  // The table pairs each kind with its own change, which the compiler cannot carry through the lookup.
  return kind as unknown as ChangeKind<Change>;
}
