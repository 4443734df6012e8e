/** One line of /proc/self/mountinfo, proc_pid_mountinfo(5). */
export interface Mount {
  readonly id: string;
  readonly parent: string;
  readonly point: string;
  readonly isReadOnly: boolean;
}

/** `36 35 98:0 /root /mnt rw,noatime master:1 - ext3 /dev/root ro,errors=continue`: of the mount, then of the file system. */
const LINE = /^(\d+) (\d+) \S+ \S+ (\S+) (\S+) .*?- \S+ \S+ (\S+)/;

export function parseMounts(text: string): readonly Mount[] {
  return text.split('\n').flatMap((line) => {
    const [, id = '', parent = '', point = '', ofMount = '', ofFileSystem = ''] = LINE.exec(line) ?? [];
    if (id === '') return [];
    return [{ id, parent, point: unescaped(point), isReadOnly: isReadOnly(ofMount) || isReadOnly(ofFileSystem) }];
  });
}

/**
 * The mount a real path lies on. Walked from the root as the kernel does, because a mount may hide another one that is
 * listed all the same. Undefined below a root that is no mount point, as chroot(1) makes one.
 */
export function mountOf(path: string, mounts: readonly Mount[]): Mount | undefined {
  const ids = new Set(mounts.map(({ id }) => id));
  let at = mounts.find(({ id, parent, point }) => point === '/' && (!ids.has(parent) || parent === id));
  for (let next = at; next; next = nextMount(path, mounts, next)) at = next;
  return at;
}

function nextMount(path: string, mounts: readonly Mount[], at: Mount): Mount | undefined {
  return mounts
    .filter(({ id, parent, point }) => parent === at.id && id !== at.id && isAtOrBelow(path, point))
    .sort((a, b) => a.point.length - b.point.length)[0];
}

function isAtOrBelow(path: string, point: string): boolean {
  return path === point || point === '/' || path.startsWith(`${point}/`);
}

function isReadOnly(options: string): boolean {
  return options.split(',').includes('ro');
}

/** Blanks, tabs, line ends and backslashes are written as `\040`. */
function unescaped(text: string): string {
  if (!text.includes('\\')) return text;
  const bytes = text.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
  return Buffer.from(bytes, 'latin1').toString();
}
