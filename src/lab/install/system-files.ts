import type { HostOptions } from '../options.ts';
import { standIns, standInScript } from '../tools/call.ts';
import { grubMkconfig, updateGrub } from './grub-scripts.ts';

export interface SystemFile {
  readonly text: string;
  readonly mode?: number;
}

export type SystemFiles = Readonly<Record<string, SystemFile>>;

const program = (text: string): SystemFile => ({ text, mode: 0o755 });

const grubDefault = `# If you change this file, run 'update-grub' afterwards to update
# /boot/grub/grub.cfg.
GRUB_DEFAULT=0
GRUB_TIMEOUT=5
GRUB_DISTRIBUTOR=Debian
GRUB_CMDLINE_LINUX_DEFAULT="quiet"
GRUB_CMDLINE_LINUX=""
`;

const initramfsModules = `# List of modules that you want to include in your initramfs.
# They will be loaded at boot time in the order below.
#
# Syntax:  module_name [args ...]
`;

const boot = {
  '/etc/default/grub': { text: grubDefault },
  '/etc/default/grub.d/.keep': { text: '' },
  '/etc/initramfs-tools/modules': { text: initramfsModules },
  '/etc/initramfs-tools/initramfs.conf': { text: 'MODULES=most\nBUSYBOX=auto\nCOMPRESS=zstd\n' },
  '/etc/initramfs-tools/conf.d/.keep': { text: '' },
  '/etc/initramfs-tools/scripts/init-top/.keep': { text: '' },
  '/etc/modules': { text: '# /etc/modules: kernel modules to load at boot time.\n' },
  '/etc/modprobe.d/.keep': { text: '' },
  '/etc/modules-load.d/.keep': { text: '' },
  '/usr/lib/modprobe.d/aliases.conf': { text: '# /usr/lib/modprobe.d/aliases.conf\nalias net-pf-12 off\n' },
} as const;

const unit = (service: string, files: readonly string[]): SystemFile => ({
  text: `[Unit]
Description=OpenStack ${service}
After=network-online.target

[Service]
Type=notify
User=nova
ExecStart=/usr/bin/${service} ${files.map((file) => `--config-file=${file}`).join(' ')}
Restart=on-failure

[Install]
WantedBy=multi-user.target
`,
});

const compute = {
  '/etc/nova/nova.conf': {
    mode: 0o640,
    text: `[DEFAULT]
# Managed by hand until now.
my_ip = 10.20.0.21
transport_url = rabbit://openstack:lab-only@ctl01:5672/
compute_driver = libvirt.LibvirtDriver
reserved_host_memory_mb = 4096

[libvirt]
virt_type = kvm

[pci]
# device_spec = {"vendor_id":"8086","product_id":"1515"}
`,
  },
  '/etc/nova/nova-compute.conf': { mode: 0o640, text: '[DEFAULT]\ncompute_driver = libvirt.LibvirtDriver\n' },
  '/usr/lib/systemd/system/nova-compute.service': unit('nova-compute', [
    '/etc/nova/nova.conf',
    '/etc/nova/nova-compute.conf',
  ]),
} as const;

// The lines of 2016 that a controller upgraded ever since still carries: Nova ignores the filters since 24.0.0.
const controller = {
  '/etc/nova/nova.conf': {
    mode: 0o640,
    text: `[DEFAULT]
my_ip = 10.20.0.2
transport_url = rabbit://openstack:lab-only@127.0.0.1:5672/
pci_alias = {"name":"K4200","vendor_id":"10de","product_id":"11b4"}
scheduler_available_filters = nova.scheduler.filters.all_filters
scheduler_available_filters = nova.scheduler.filters.pci_passthrough_filter.PciPassthroughFilter
scheduler_default_filters = DifferentHostFilter,RetryFilter,AvailabilityZoneFilter,RamFilter,CoreFilter,DiskFilter,ComputeFilter,ComputeCapabilitiesFilter,ImagePropertiesFilter,ServerGroupAntiAffinityFilter,ServerGroupAffinityFilter,AggregateInstanceExtraSpecsFilter,PciPassthroughFilter

[api]
auth_strategy = keystone

[database]
connection = mysql+pymysql://nova:lab-only@127.0.0.1/nova

[filter_scheduler]
track_instance_changes = true
`,
  },
  '/usr/lib/systemd/system/nova-api.service': unit('nova-api', ['/etc/nova/nova.conf']),
  '/usr/lib/systemd/system/nova-scheduler.service': unit('nova-scheduler', ['/etc/nova/nova.conf']),
  '/usr/lib/systemd/system/nova-conductor.service': unit('nova-conductor', ['/etc/nova/nova.conf']),
} as const;

export const servicesOf = (host: HostOptions): readonly string[] =>
  host.role === 'compute'
    ? ['nova-compute.service']
    : ['nova-api.service', 'nova-scheduler.service', 'nova-conductor.service'];

/** Everything a host is born with, apart from what its boot chain then builds. */
export function systemFiles(
  host: HostOptions,
  identity: { readonly machineId: string; readonly rootUuid: string },
): SystemFiles {
  const programs = Object.keys(standIns).map((path) => [path, program(standInScript)] as const);
  return {
    '/etc/hostname': { text: `${host.name}\n` },
    '/etc/hosts': { text: `127.0.0.1\tlocalhost\n127.0.1.1\t${host.name}\n` },
    '/etc/machine-id': { text: `${identity.machineId}\n`, mode: 0o444 },
    '/etc/tsplay-lab-root-uuid': { text: `${identity.rootUuid}\n` },
    '/usr/sbin/grub-mkconfig': program(grubMkconfig),
    '/usr/sbin/update-grub': program(updateGrub),
    ...Object.fromEntries(programs),
    ...boot,
    ...(host.role === 'compute' ? compute : controller),
  };
}
