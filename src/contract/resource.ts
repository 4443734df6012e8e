/**
 * A name for a part of a host's state, so that a change can say what it may have altered and a reading what it
 * rests on. `*` is everything. Names form trees at `/`: `path:/etc` covers `path:/etc/default/grub`.
 *
 * Schemes in use: `path:/abs/path`, `pci:/0000:88:00.0`, `module:/vfio_pci`, `kernel:/cmdline`, `service:/nova-compute`,
 * `package:/pciutils`, `user:/root`. A bare `scheme:/` is the whole tree.
 */
export type Resource =
  | '*'
  | `${'path' | 'pci' | 'module' | 'kernel' | 'service' | 'package' | 'user' | 'api'}:/${string}`;

/** @example overlaps('path:/etc/', 'path:/etc/fstab') // true */
export function overlaps(a: Resource, b: Resource): boolean {
  if (a === '*' || b === '*' || a === b) return true;
  return covers(a, b) || covers(b, a);
}

function covers(outer: string, inner: string): boolean {
  const stem = outer.endsWith('/') ? outer : `${outer}/`;
  return inner.startsWith(stem);
}

/** @example pathResource('/etc/default/grub') // 'path:/etc/default/grub' */
export function pathResource(path: string): Resource {
  return `path:/${path.replace(/^\/+/, '')}`;
}
