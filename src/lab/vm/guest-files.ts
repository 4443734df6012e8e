export interface GuestFile {
  readonly text: string;
  readonly mode?: number;
}

export type GuestFiles = Readonly<Record<string, GuestFile>>;

/** File systems of the image. The boot menu and fstab name them, so they are the same in every image. */
export const BOOT_UUID = '7c9a1f3e-0b52-4d1c-9c53-6f1f4a7e0b01';
export const ROOT_UUID = '7c9a1f3e-0b52-4d1c-9c53-6f1f4a7e0b02';

/**
 * The guest's own kernel parameters. Everything is said on the serial line, which a file keeps, and nothing is `quiet`: of a machine
 * that does not come up there is nothing else to look at. Detours around an emulated processor's leaks guard nothing and cost time.
 * Where QEMU is not given a processor for a moment the kernel takes its timer for broken and panics, unless it is told to trust
 * it, as under KVM (Documentation/admin-guide/kernel-parameters.txt, no_timer_check).
 */
export const GUEST_PARAMETERS = 'console=ttyS0 mitigations=off no_timer_check';

const GRUB_DEFAULT = `# If you change this file, run 'update-grub' afterwards to update
# /boot/grub/grub.cfg.
# For full documentation of the options in this file, see:
#   info -f grub -n 'Simple configuration'

GRUB_DEFAULT=0
GRUB_TIMEOUT=0
GRUB_DISTRIBUTOR=\`lsb_release -i -s 2> /dev/null || echo Debian\`
GRUB_CMDLINE_LINUX_DEFAULT=""
GRUB_CMDLINE_LINUX="${GUEST_PARAMETERS}"
GRUB_TERMINAL=serial
GRUB_SERIAL_COMMAND="serial --unit=0 --speed=115200"
GRUB_DISABLE_OS_PROBER=true
`;

/** Two device managers and a network card are enough; addresses are those of QEMU's user network (-netdev user). */
const NETWORK = `[Match]
Driver=virtio_net

[Network]
Address=10.0.2.15/24
Gateway=10.0.2.2
LinkLocalAddressing=no
`;

const SSHD = `HostKey /etc/ssh/ssh_host_ed25519_key
PermitRootLogin prohibit-password
PasswordAuthentication no
UseDNS no
MaxStartups 100
`;

/**
 * A stand-in, and no Nova: a whole nova-compute is half a gigabyte of Python, and minutes for each start under software
 * emulation. It is a unit of the same name and form, so that the role finds, restarts and watches one; like the real one it ends
 * when it cannot read its configuration. What Nova thinks of the lines is tested where Nova is installed.
 */
const NOVA_COMPUTE = `#!/bin/sh
# Stands in for nova-compute on tsplay's virtual machine: it reads its files and stays.
for word do
  case $word in --config-file=*) cat -- "\${word#*=}" >/dev/null || exit 1 ;; esac
done
exec sleep infinity
`;

const NOVA_UNIT = `[Unit]
Description=OpenStack Nova Compute (stand-in)
After=network.target

[Service]
User=nova
ExecStart=/usr/bin/nova-compute --config-file=/etc/nova/nova.conf --config-file=/etc/nova/nova-compute.conf
Restart=on-failure

[Install]
WantedBy=multi-user.target
`;

const NOVA_CONF = `[DEFAULT]
my_ip = 10.0.2.15
compute_driver = libvirt.LibvirtDriver

[libvirt]
virt_type = kvm

[pci]
# device_spec = {"vendor_id":"8086","product_id":"1515"}
`;

/**
 * Software emulation translates code once for each address it runs at. With addresses drawn at random for each process a machine
 * that starts thousands, as update-initramfs does, drowns in translations: builds took three times as long, and after a
 * reboot GRUB wrote to such pages at three bytes a second.
 */
const SYSCTL = 'kernel.randomize_va_space = 0\n';

/**
 * On a busy machine the 90 seconds that systemd gives a disk or a service pass before udev has got to it, and the boot ends in a
 * shell that nobody sees (systemd-system.conf(5)).
 */
const SYSTEMD = `[Manager]
DefaultDeviceTimeoutSec=15min
DefaultTimeoutStartSec=15min
`;

/** Everything of the guest that its packages do not bring. */
export const GUEST_FILES: GuestFiles = {
  '/etc/hostname': { text: 'tsplay-vm\n' },
  '/etc/hosts': { text: '127.0.0.1\tlocalhost\n127.0.1.1\ttsplay-vm\n' },
  '/etc/fstab': { text: `UUID=${ROOT_UUID} / ext4 errors=remount-ro 0 1\nUUID=${BOOT_UUID} /boot ext4 defaults 0 2\n` },
  '/etc/default/grub': { text: GRUB_DEFAULT },
  '/etc/systemd/network/10-virtio.network': { text: NETWORK },
  '/etc/sysctl.d/tsplay-vm.conf': { text: SYSCTL },
  '/etc/systemd/system.conf.d/tsplay-vm.conf': { text: SYSTEMD },
  '/etc/ssh/sshd_config.d/tsplay-vm.conf': { text: SSHD },
  '/usr/bin/nova-compute': { text: NOVA_COMPUTE, mode: 0o755 },
  '/etc/systemd/system/nova-compute.service': { text: NOVA_UNIT },
  '/etc/nova/nova.conf': { text: NOVA_CONF, mode: 0o640 },
  '/etc/nova/nova-compute.conf': { text: '[DEFAULT]\n', mode: 0o640 },
  // The guest builds its images for its own hardware, and quickly: with the defaults one build took ten minutes under
  // software emulation.
  '/etc/initramfs-tools/conf.d/tsplay-vm': { text: 'MODULES=dep\nCOMPRESS=zstd\nCOMPRESSLEVEL=1\n' },
};

/** While the image is made there is no hardware to look at: the first initramfs gets what the machine's disk needs. */
export const FIRST_INITRAMFS: GuestFiles = {
  '/etc/initramfs-tools/conf.d/tsplay-vm': { text: 'MODULES=list\nCOMPRESS=zstd\nCOMPRESSLEVEL=1\n' },
  '/usr/share/initramfs-tools/modules.d/tsplay-vm': { text: 'virtio_pci\nvirtio_blk\next4\n' },
};

/** The menu of the very first boot. update-grub cannot make one in a chroot, where / is no file system of its own. */
export function firstBootMenu(kernel: string): string {
  return `serial --unit=0 --speed=115200
terminal_input serial
terminal_output serial
set default=0
set timeout=0
search --no-floppy --fs-uuid --set=root ${BOOT_UUID}
menuentry 'Debian GNU/Linux' --class debian --class gnu-linux --class gnu --class os {
  search --no-floppy --fs-uuid --set=root ${BOOT_UUID}
  echo 'Loading Linux ${kernel} ...'
  linux /vmlinuz-${kernel} root=UUID=${ROOT_UUID} ro ${GUEST_PARAMETERS}
  echo 'Loading initial ramdisk ...'
  initrd /initrd.img-${kernel}
}
`;
}
