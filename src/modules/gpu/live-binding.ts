import { bindPciFunction } from '../../changes/bind-pci-function.ts';
import type { Change } from '../../contract/change.ts';
import { TaskError } from '../../contract/task-error.ts';
import type { DeviceHolder } from '../../probes/device-holders.ts';
import type { PciFunction } from '../../probes/pci.ts';
import { type BindingFacts, type BindingWish, isLeft, isMisbound } from './binding-reasons.ts';
import { refuseWithoutIommu } from './binding-targets.ts';
import { isVfio } from './boot-binding.ts';
import { driverFor } from './variant-drivers.ts';

/** One function after the other; where one is refused, those before it go back. */
export function planLive(given: BindingWish, current: BindingFacts): readonly Change[] {
  const { targets, holders } = current;
  const wrong = targets.filter((one) => isMisbound(one, given));
  if (isVfio(given.driver)) refuseWithoutIommu(targets);
  if (isLeft(given, current)) return [];
  if (wrong.length > 0) refuseHeld(holders);
  const driverOf = (one: PciFunction) => (given.driver === 'native' ? null : driverFor(one, given));
  return wrong.map((one, index) => ({
    ...bindPciFunction({ address: one.address, driver: driverOf(one), before: one.driver }),
    ...(index > 0 && { onFailure: wrong.slice(0, index).toReversed().map(backFrom(driverOf)) }),
  }));
}

/** To the driver it had, by name only where a name had put it there: else by clearing the override, as on a fresh boot. */
function backFrom(driverOf: (one: PciFunction) => string | null) {
  return (one: PciFunction): Change => {
    const isNamed = one.driverOverride !== null || isVfio(one.driver ?? '');
    return bindPciFunction({ address: one.address, driver: isNamed ? one.driver : null, before: driverOf(one) });
  };
}

function refuseHeld(holders: readonly DeviceHolder[]): void {
  if (holders.length === 0) return;
  const users = [...new Set(holders.map((one) => `${one.command || 'process'} (${one.pid}) has ${one.device} open`))];
  throw new TaskError(
    `not unbound while in use: ${users.join('; ')}. Stop these, or bind at boot (mode: persist, then reboot; in_use: leave gives the reason).`,
    { failure: 'in-use', holders },
  );
}
