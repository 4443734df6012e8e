import type { Container } from '../../support/containers.ts';

// A change time is set by every write and by nothing else. What is in memory is left out, and logs and systemd's own state,
// which belong to nobody's run.
const OUTSIDE = ['/proc', '/sys', '/run', '/tmp', '/dev', '/var/log', '/var/lib/systemd'];
const TREE = `find / /boot -xdev \\( ${OUTSIDE.map((path) => `-path ${path}`).join(' -o ')} \\) -prune -o -printf '%p %y %m %U %G %s %C@ %l\\n' | sort -u`;

/** One line for everything on the host's disk. */
export async function diskTree(container: Container): Promise<readonly string[]> {
  return (await container.look(['sh', '-c', TREE])).trim().split('\n');
}

/** Temporary files and directories of tsplay's. */
export async function leftovers(container: Container): Promise<string> {
  const names = "-name '.tsplay-*' -o -name 'tsplay-initramfs.*' -o -name '*.dpkg-bak' -o -name '*.new'";
  return container.look([
    'sh',
    '-c',
    `find /boot /etc /run /tmp /var/tmp /var/lib/tsplay \\( ${names} \\) 2>/dev/null; true`,
  ]);
}

export async function kernels(container: Container): Promise<readonly string[]> {
  return (await container.look(['linux-version', 'list'])).trim().split('\n');
}

/** The `linux` lines of grub.cfg, without those of recovery entries. */
export async function bootLines(container: Container): Promise<readonly string[]> {
  const config = await container.look(['cat', '/boot/grub/grub.cfg']);
  return config.split('\n').filter((line) => /^\s*linux\s/.test(line) && !/ single\b/.test(line));
}

/** What lsinitramfs(8) lists. */
export async function imageFiles(container: Container, kernel: string): Promise<readonly string[]> {
  return (await container.look(['lsinitramfs', `/boot/initrd.img-${kernel}`])).split('\n');
}

/** One file out of an image, by unmkinitramfs(8). */
export async function imageFile(container: Container, kernel: string, path: string): Promise<string> {
  const script = `d=$(mktemp -d); unmkinitramfs "$1" "$d"; cat "$d/$2" "$d/main/$2" 2>/dev/null; rm -r "$d"`;
  return container.look(['sh', '-c', script, 'sh', `/boot/initrd.img-${kernel}`, path]);
}
