/** Names of the errors a simulated file answers with, and the numbers Linux gives them. */
export const errno = {
  ENOENT: 2,
  EIO: 5,
  E2BIG: 7,
  EACCES: 13,
  EBUSY: 16,
  EEXIST: 17,
  ENODEV: 19,
  ENOTDIR: 20,
  EISDIR: 21,
  EINVAL: 22,
  ENOSPC: 28,
  ENOSYS: 38,
} as const;

export type Errno = keyof typeof errno;

/** What a virtual file refuses an operation with. */
export class FileError extends Error {
  readonly code: Errno;
  constructor(code: Errno) {
    super(code);
    this.code = code;
  }
}

/** A file whose content is made when it is opened, and whose writes are answered only after they have acted. */
export interface VirtualFile {
  readonly kind: 'file';
  readonly mode: number;
  readonly read?: () => string | Uint8Array | Promise<string | Uint8Array>;
  readonly write?: (text: string) => void | Promise<void>;
  /** A conversation: what was written through a file descriptor decides what the same descriptor reads. */
  readonly converse?: (request: Uint8Array) => Promise<string | Uint8Array>;
}

export interface VirtualLink {
  readonly kind: 'link';
  readonly target: string;
}

export interface VirtualDirectory {
  readonly kind: 'directory';
  readonly names: () => readonly string[] | Promise<readonly string[]>;
  readonly child: (name: string) => VirtualNode | undefined;
}

export type VirtualNode = VirtualFile | VirtualLink | VirtualDirectory;

export const link = (target: string): VirtualLink => ({ kind: 'link', target });

/** A read-only file, with the newline sysfs attributes end in. */
export const attribute = (read: () => string | number): VirtualFile => ({
  kind: 'file',
  mode: 0o444,
  read: () => `${read()}\n`,
});

export const control = (write: (text: string) => void | Promise<void>): VirtualFile => ({
  kind: 'file',
  mode: 0o200,
  write,
});

type Entries = Readonly<Record<string, VirtualNode | undefined>>;

/** A directory of fixed or freshly computed entries; an entry that is `undefined` does not exist. */
export function directory(entries: Entries | (() => Entries)): VirtualDirectory {
  const current = typeof entries === 'function' ? entries : (): Entries => entries;
  return {
    kind: 'directory',
    names: () => Object.entries(current()).flatMap(([name, node]) => (node ? [name] : [])),
    child: (name) => {
      const all = current();
      return Object.hasOwn(all, name) ? all[name] : undefined;
    },
  };
}

/** The node at a path below `root`, or nothing. Links are left to the kernel to follow. */
export function resolve(root: VirtualDirectory, path: string): VirtualNode | undefined {
  let node: VirtualNode | undefined = root;
  for (const name of path.split('/').filter(Boolean)) {
    if (node?.kind !== 'directory') return undefined;
    node = node.child(name);
  }
  return node;
}
