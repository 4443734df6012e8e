import { attribute, directory, link, type VirtualDirectory } from '../fuse/tree.ts';

export interface ProcSource {
  readonly cmdline: () => string;
  readonly modules: () => string;
  readonly iomem: () => string;
  readonly interrupts: () => string;
  readonly uptime: () => string;
  /** Names in the host's real procfs. */
  readonly real: () => Promise<readonly string[]>;
}

/**
 * /proc as links into the real procfs, mounted at /dev/.proc, except for what the simulated kernel answers itself.
 * Binding files over a procfs is not enough: a machine whose kernel has no modules has no /proc/modules to bind over.
 */
export function procTree(source: ProcSource): VirtualDirectory {
  const own = directory({
    cmdline: attribute(source.cmdline),
    uptime: attribute(source.uptime),
    modules: { kind: 'file', mode: 0o444, read: source.modules },
    interrupts: { kind: 'file', mode: 0o444, read: source.interrupts },
    iomem: { kind: 'file', mode: 0o400, read: source.iomem },
  });
  return {
    kind: 'directory',
    names: async () => [...new Set([...(await own.names()), ...(await source.real().catch(() => []))])],
    child: (name) => own.child(name) ?? link(`/dev/.proc/${name}`),
  };
}
