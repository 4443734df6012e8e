import { chmod, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { FIRST_INITRAMFS, firstBootMenu, GUEST_FILES, type GuestFiles } from './guest-files.ts';
import { runProgram } from './run.ts';

export const SUITE = 'bookworm';

export const PACKAGES = [
  'linux-image-amd64',
  'systemd-sysv',
  'udev',
  'openssh-server',
  'initramfs-tools',
  'kmod',
  'pciutils',
  'grub-pc',
  'zstd',
  'iproute2',
  'procps',
] as const;

/** Timers and consoles that would only take time from a machine under software emulation. */
const MASKED = [
  'apt-daily.timer',
  'apt-daily-upgrade.timer',
  'dpkg-db-backup.timer',
  'e2scrub_all.timer',
  'e2scrub_reap.service',
  'fstrim.timer',
  'systemd-networkd-wait-online.service',
  'systemd-pcrphase.service',
  'systemd-pcrphase-sysinit.service',
  'systemd-update-utmp.service',
  'getty-static.service',
  'getty@tty1.service',
  'serial-getty@ttyS0.service',
] as const;

/** Runs inside the new system, as its root. */
export const CONFIGURE = `set -e
groupadd --system nova
useradd --system --gid nova --home-dir /var/lib/nova --shell /usr/sbin/nologin nova
chown root:nova /etc/nova/nova.conf /etc/nova/nova-compute.conf
systemctl enable --quiet systemd-networkd nova-compute
systemctl mask --quiet ${MASKED.join(' ')}
cp -r /usr/lib/grub/i386-pc /boot/grub/
rm -f /etc/ssh/ssh_host_*
`;

export interface GuestKeys {
  readonly login: { readonly publicKey: string };
  readonly host: { readonly privateKey: string; readonly publicKey: string };
}

/**
 * Makes the guest's file tree with mmdebstrap(1), from the same package sources as this machine, and configures it.
 * @throws Error with the failing program's last words.
 */
export async function makeGuestSystem(root: string, keys: GuestKeys): Promise<void> {
  const first = `${root}.first`;
  try {
    await writeFiles(first, { ...GUEST_FILES, ...FIRST_INITRAMFS });
    await runProgram(bootstrapWords(root, first));
    await writeFiles(root, GUEST_FILES);
    for (const path of Object.keys(FIRST_INITRAMFS)) if (!(path in GUEST_FILES)) await rm(join(root, path));
    await runProgram(['chroot', root, 'sh', '-c', CONFIGURE]);
    await writeIdentity(root, keys);
    await writeFile(join(root, 'boot/grub/grub.cfg'), firstBootMenu(await kernelOf(root)), { mode: 0o600 });
  } finally {
    await rm(first, { recursive: true, force: true });
  }
}

/** The files are there before any package is: the kernel's own installation makes the first initramfs of them. */
function bootstrapWords(root: string, first: string): readonly [string, ...string[]] {
  return [
    'mmdebstrap',
    '--quiet',
    '--mode=root',
    '--variant=minbase',
    '--format=directory',
    `--include=${PACKAGES.join(',')}`,
    '--aptopt=APT::Install-Recommends "false"',
    '--aptopt=Acquire::Languages "none"',
    '--dpkgopt=force-unsafe-io',
    '--dpkgopt=force-confold',
    `--setup-hook=cp -a ${first}/. "$1"`,
    SUITE,
    root,
    ...packageSources(),
  ];
}

/** deb822 and one-line files of Debian's; mmdebstrap reads both. Others' repositories have no part in a Debian image. */
function packageSources(): readonly string[] {
  const known = ['/etc/apt/sources.list.d/debian.sources', '/etc/apt/sources.list'];
  return known.filter((path) => existsSync(path)).slice(0, 1);
}

async function writeFiles(root: string, files: GuestFiles): Promise<void> {
  for (const [path, { text, mode = 0o644 }] of Object.entries(files)) {
    const target = join(root, path);
    await mkdir(dirname(target), { recursive: true });
    await writeFile(target, text);
    await chmod(target, mode);
  }
}

async function writeIdentity(root: string, { login, host }: GuestKeys): Promise<void> {
  await mkdir(join(root, 'root/.ssh'), { recursive: true, mode: 0o700 });
  await writeFile(join(root, 'root/.ssh/authorized_keys'), `${login.publicKey.trim()}\n`, { mode: 0o600 });
  await writeFile(join(root, 'etc/ssh/ssh_host_ed25519_key'), host.privateKey, { mode: 0o600 });
  await writeFile(join(root, 'etc/ssh/ssh_host_ed25519_key.pub'), `${host.publicKey.trim()}\n`);
  await writeFile(join(root, 'etc/machine-id'), `${crypto.randomUUID().replaceAll('-', '')}\n`, { mode: 0o444 });
  // mmdebstrap copies the file of this machine, for the download.
  await writeFile(join(root, 'etc/resolv.conf'), '');
}

async function kernelOf(root: string): Promise<string> {
  const image = (await readdir(join(root, 'boot'))).find((name) => name.startsWith('vmlinuz-'));
  if (!image) throw new Error(`no kernel was installed below ${root}/boot`);
  return image.slice('vmlinuz-'.length);
}
