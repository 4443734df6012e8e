import type { PciFunction } from '../../probes/pci.ts';
import { functionName } from './known-models.ts';

/**
 * What keeps a guest from starting with a function that is on vfio-pci in a viable group.
 */
export function obstacles(one: PciFunction): readonly string[] {
  const subject = `${functionName(one.class)} function ${one.address}`;
  return [
    ...(one.isSilent ? [`${subject} does not answer (all ones): a power cycle of the host may bring it back`] : []),
    ...(one.bootFramebuffer
      ? [
          `the firmware's picture (${one.bootFramebuffer}) lies in the memory of ${subject}, so guests fail with "BAR 0: can't reserve": make the BMC or onboard display the primary one`,
        ]
      : []),
    ...(one.isReserved
      ? [
          `the firmware reserves memory for ${subject} (RMRR), so VFIO refuses it: switch that off in the firmware, or take another slot`,
        ]
      : []),
  ];
}
