import type { RebootReason } from '../../contract/change.ts';
import type { DeviceHolder } from '../../probes/device-holders.ts';
import { normaliseModule } from '../../probes/modprobe-config.ts';
import type { PciFunction } from '../../probes/pci.ts';
import { isVfio } from './boot-binding.ts';
import { driverFor, type Variants } from './variant-drivers.ts';

export interface BindingWish {
  /** `native`: each function's own. */
  readonly driver: string;
  readonly variants?: Variants;
  readonly in_use: 'refuse' | 'leave';
}

export interface BindingFacts {
  readonly targets: readonly PciFunction[];
  readonly holders: readonly DeviceHolder[];
}

export function isMisbound(one: PciFunction, wish: Pick<BindingWish, 'driver' | 'variants'>): boolean {
  const driver = driverFor(one, wish);
  if (driver === 'native') return one.driverOverride !== null || isVfio(one.driver ?? '') || one.driver === 'pci-stub';
  return normaliseModule(one.driver ?? '') !== normaliseModule(driver);
}

/** Where a boot is needed for one card, the others need not be torn from their drivers before it. */
export function isLeft(given: BindingWish, { targets, holders }: BindingFacts): boolean {
  if (given.in_use === 'refuse') return false;
  const wrong = targets.filter((one) => isMisbound(one, given));
  return wrong.length > 0 && (holders.length > 0 || wrong.some((one) => isStuck(one, given)));
}

/** The override says what the driver does not do: an unbind that hung leaves it so, and would hang again. */
function isStuck(one: PciFunction, given: BindingWish): boolean {
  return one.driver !== null && normaliseModule(one.driverOverride ?? '') === normaliseModule(driverFor(one, given));
}

/** What only a boot can mend. */
export function bindingReasons(given: BindingWish, current: BindingFacts): readonly RebootReason[] {
  const why = isLeft(given, current) ? ` (${whyLeft(current)})` : '';
  return current.targets
    .filter((one) => isMisbound(one, given))
    .map((one) => ({
      kind: 'binding',
      detail: `${one.address} is bound to ${one.driver ?? 'no driver'}, not to ${driverFor(one, given)}${why}`,
    }));
}

/** No process ids: a reason that comes back after its reboot must read the same. */
function whyLeft({ holders }: BindingFacts): string {
  const commands = [...new Set(holders.map((one) => one.command || 'a process'))].sort();
  return commands.length > 0 ? `in use by ${commands.join(', ')}` : 'a driver did not let go';
}
