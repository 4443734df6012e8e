import type { Played } from '../../support/play.ts';
import type { TestMachine } from './test-machine.ts';

export interface FunctionState {
  readonly id: string;
  readonly driver: string;
  readonly group: string;
}

const LIST = `cd /sys/bus/pci/devices && for d in *; do
  driver=none; [ -e "$d/driver" ] && driver=$(readlink "$d/driver")
  group=none; [ -e "$d/iommu_group" ] && group=$(readlink "$d/iommu_group")
  read -r vendor <"$d/vendor"; read -r device <"$d/device"
  echo "$d $vendor:$device \${driver##*/} \${group##*/}"
done`;

/** Every PCI function as the machine's own sysfs shows it, read without any of our probes. */
export async function pciFunctions(host: TestMachine): Promise<ReadonlyMap<string, FunctionState>> {
  const lines = (await host.ssh(LIST)).trim().split('\n');
  return new Map(
    lines.map((line) => {
      const [address = '', id = '', driver = '', group = ''] = line.replaceAll('0x', '').split(' ');
      return [address, { id, driver, group }];
    }),
  );
}

/** `address driver` of the functions at these addresses' slots. */
export async function driversOf(host: TestMachine, heads: readonly string[]): Promise<readonly string[]> {
  const slots = heads.map((head) => head.slice(0, -1));
  const functions = await pciFunctions(host);
  return [...functions]
    .filter(([address]) => slots.some((slot) => address.startsWith(slot)))
    .map(([address, { driver }]) => `${address} ${driver}`);
}

/**
 * The kernel's own word on whether an IOMMU group can be given to a guest: VFIO_GROUP_GET_STATUS, whose first flag is
 * VFIO_GROUP_FLAGS_VIABLE (linux/vfio.h).
 */
export async function isViable(host: TestMachine, group: string): Promise<boolean> {
  const script = `open(my $g, "+<", "/dev/vfio/${group}") or die "open: $!"; my $s = pack("LL", 8, 0); ioctl($g, 0x3b67, $s) or die "ioctl: $!"; print ((unpack("LL", $s))[1] & 1)`;
  return (await host.ssh(`perl -e '${script}'`)) === '1';
}

export const bootId = (host: TestMachine): Promise<string> => host.ssh('cat /proc/sys/kernel/random/boot_id');

/** Lines of grub.cfg that boot a kernel, recovery entries left out. */
export async function bootLines(host: TestMachine): Promise<readonly string[]> {
  const lines = (await host.ssh('cat /boot/grub/grub.cfg')).split('\n').map((line) => line.trim());
  return lines.filter((line) => /^linux\s/.test(line) && !/\ssingle\b/.test(line));
}

export interface ImageContent {
  readonly files: readonly string[];
  /** conf/modules: what is loaded before the root file system. */
  readonly early: string;
  readonly bindingScript: string;
}

/** What Debian's own tools find in the initramfs of each installed kernel. */
export async function initramfsContents(host: TestMachine): Promise<ReadonlyMap<string, ImageContent>> {
  const kernels = (await host.ssh('ls /lib/modules')).trim().split('\n');
  const contents = await Promise.all(kernels.map((kernel) => contentOf(host, `/boot/initrd.img-${kernel}`)));
  return new Map(
    kernels.map((kernel, index) => [kernel, contents[index] ?? { files: [], early: '', bindingScript: '' }]),
  );
}

async function contentOf(host: TestMachine, image: string): Promise<ImageContent> {
  const cut = '=====';
  const script = `d=$(mktemp -d /var/tmp/look.XXXXXX) && unmkinitramfs ${image} $d && cd $d && { [ -d main ] && cd main; find . -type f -o -type l; echo ${cut}; cat conf/modules; echo ${cut}; cat scripts/init-top/00-tsplay-pci-bind 2>/dev/null; cd /; rm -rf $d; }`;
  const [files = '', early = '', bindingScript = ''] = (await host.ssh(script)).split(`${cut}\n`);
  return { files: files.trim().split('\n'), early, bindingScript };
}

/** Names of the tasks that ended so. */
export function tasksOf(played: Played, status: string): readonly string[] {
  return played.events.flatMap((event) =>
    event.type === 'task.finished' && event.result.status === status ? [event.task.name] : [],
  );
}

/** `task: message` of everything that failed or was not reached. */
export function complaints(played: Pick<Played, 'events'>): readonly string[] {
  return played.events.flatMap((event) =>
    event.type === 'task.finished' && ['failed', 'unreachable'].includes(event.result.status)
      ? [`${event.task.name}: ${event.result.message ?? ''}`]
      : [],
  );
}

/** Checksums of what the next boot reads, and the boot that runs. Equal before and after: nothing was lost. */
export async function bootState(host: TestMachine): Promise<string> {
  return host.ssh(
    'cat /proc/sys/kernel/random/boot_id; cksum /boot/grub/grub.cfg /boot/initrd.img-* /boot/vmlinuz-*; ls -A /boot',
  );
}
