import type { PciFunction } from '../../probes/pci.ts';
import type { VfioAlias } from '../../probes/vfio-aliases.ts';

/** Which driver each function is to have, where one name does not do for all. */
export type Variants = ReadonlyMap<string, string>;

/**
 * The driver made most exactly for a function: of the aliases that match, the one with the fewest `*`, as libvirt and NVIDIA's
 * tools choose it; vfio-pci where none is made for it.
 *
 * Source: libvirt `src/util/virpci.c` `virPCIDeviceFindBestVFIOVariant`.
 */
export function variantFor({ modalias }: PciFunction, aliases: readonly VfioAlias[]): string {
  const subject = modalias.replace(/^pci:/, '');
  const stars = ({ pattern }: VfioAlias) => pattern.split('*').length - 1;
  const [best] = aliases.filter(({ pattern }) => isMatch(pattern, subject)).sort((a, b) => stars(a) - stars(b));
  return best === undefined || best.module === 'vfio_pci' ? 'vfio-pci' : best.module;
}

function isMatch(pattern: string, subject: string): boolean {
  const source = pattern
    .replaceAll(/[.+^${}()|\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${source}$`).test(subject);
}

/** The driver a task wants for one function. */
export function driverFor(one: PciFunction, wish: { readonly driver: string; readonly variants?: Variants }): string {
  return wish.variants?.get(one.address) ?? wish.driver;
}
