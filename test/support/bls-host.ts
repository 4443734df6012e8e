import type { FileContent } from '../../src/contract/file-state.ts';
import { parseBlsEntries } from '../../src/probes/bls-entries.ts';
import { parseGrubEnvironment } from '../../src/probes/grub-environment.ts';
import type { BlsMenu } from '../../src/modules/gpu/boot-menu.ts';

export const MACHINE = '5f1c0b6dbf3e4b0f9a0d6a6c1f2e3d4c';

/** A file as the probes report one; null for one that is not there. */
export function fileAt(path: string, text: string | null): FileContent {
  if (text === null) return { kind: 'absent', path, realPath: path };
  const bytes = Buffer.from(text);
  const owner = { mode: 0o644, uid: 0, gid: 0, owner: 'root', group: 'root' };
  const state = { kind: 'file', path, ...owner, size: bytes.length, version: 'v', mtime: 0, links: 1 } as const;
  return { kind: 'file', path, realPath: path, bytes, state };
}

/** An entry in the shape that kernel-install of RHEL 9 gives it. */
export function entryText(kernel: string, options: string): string {
  return `title Red Hat Enterprise Linux (${kernel}) 9.4 (Plow)
version ${kernel}
linux /vmlinuz-${kernel}
initrd /initramfs-${kernel}.img $tuned_initrd
options ${options}
grub_users $grub_users
grub_arg --unrestricted
grub_class rhel
`;
}

/** An environment block of the usual size. */
export function environmentBlock(...lines: readonly string[]): string {
  return `# GRUB Environment Block\n${lines.map((line) => `${line}\n`).join('')}`.padEnd(1024, '#');
}

/** A menu from entries by id and an environment block. */
export function menuOf(entries: Readonly<Record<string, string>>, block: string | null): BlsMenu {
  const files = Object.entries(entries).map(([id, text]) => fileAt(`/boot/loader/entries/${id}.conf`, text));
  const environment = fileAt('/boot/grub2/grubenv', block);
  return { files: parseBlsEntries(files), environment, variables: parseGrubEnvironment(block ?? '') };
}
