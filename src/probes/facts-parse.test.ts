import { expect, it } from 'vitest';
import { parseFacts } from './facts-parse.ts';

const ROCKY_9 = `
@@files
/etc/os-release:NAME="Rocky Linux"
/etc/os-release:VERSION="9.4 (Blue Onyx)"
/etc/os-release:ID="rocky"
/etc/os-release:ID_LIKE="rhel centos fedora"
/etc/os-release:VERSION_ID="9.4"
/proc/meminfo:MemTotal:       65536000 kB
/proc/meminfo:MemFree:        1024 kB
/proc/cmdline:BOOT_IMAGE=(hd0,gpt2)/vmlinuz ro intel_iommu=on iommu=pt
/proc/uptime:3712.55 7000.10
/proc/mounts:/dev/mapper/rl-root / xfs rw,relatime 0 0
/proc/mounts:proc /proc proc rw 0 0
/proc/mounts:nas:/export /mnt/with\\040blank nfs4 rw 0 0
/sys/class/dmi/id/sys_vendor:Supermicro
/etc/resolv.conf:# by NetworkManager
/etc/resolv.conf:search example.org lab.example.org
/etc/resolv.conf:nameserver 192.0.2.53
/sys/class/net/br-ex/address:02:00:00:00:00:07
/sys/class/net/br-ex/mtu:9000
/sys/class/net/br-ex/type:1
/sys/class/net/br-ex/operstate:up
/sys/class/net/br-ex/bridge/bridge_id:8000.020000000007
/sys/class/net/bond0/address:02:00:00:00:00:08
/sys/class/net/bond0/type:1
/sys/class/net/bond0/operstate:down
/sys/class/net/bond0/bonding/mode:802.3ad 4
/sys/class/net/bond0/bonding/slaves:eth0 eth1
/sys/class/net/lo/address:00:00:00:00:00:00
/sys/class/net/lo/mtu:65536
/sys/class/net/lo/type:772
/sys/class/net/lo/operstate:unknown

@@uname
Linux gpu01.example.org 5.14.0-427.el9.x86_64 #1 SMP PREEMPT_DYNAMIC Wed May 8 x86_64

@@cpu
processor	: 0
model name	: AMD EPYC 9654 96-Core Processor
physical id	: 0
cpu cores	: 2
processor	: 1
model name	: AMD EPYC 9654 96-Core Processor
physical id	: 0
cpu cores	: 2
processor	: 2
model name	: AMD EPYC 9654 96-Core Processor
physical id	: 1
cpu cores	: 2
processor	: 3
model name	: AMD EPYC 9654 96-Core Processor
physical id	: 1
cpu cores	: 2

@@fqdn
gpu01.example.org

@@addresses
1: lo    inet 127.0.0.1/8 scope host lo
3: br-ex    inet 192.0.2.7/24 brd 192.0.2.255 scope global br-ex
3: br-ex    inet 198.51.100.200/26 scope global secondary br-ex
3: br-ex    inet6 2001:db8::7/64 scope global
3: br-ex    inet6 fe80::7/64 scope link

@@route
default via 192.0.2.1 dev br-ex proto static metric 100

@@ipvsix
00000000000000000000000000000000 00 00000000000000000000000000000000 00 fd000000000000000000000000000001 00000064 00000001 00000000 00000003    br-ex
00000000000000000000000000000000 00 00000000000000000000000000000000 00 00000000000000000000000000000000 ffffffff 00000001 00000000 00200200       lo

@@df
Filesystem 1024-blocks Used Available Capacity Mounted on
/dev/mapper/rl-root 1000 400 600 40% /

@@date
1795335660 2026-11-22T08:21:00 +0000 UTC

@@id
root
0
0

@@passwd
root:x:0:0:the root:/root:/bin/bash

@@env
HOME=/root
PS1=a=b

@@tools
dnf
yum
systemctl
systemd-is-running

@@virt
none

@@selinux
1

@@interfaces
bond0
br-ex
lo
`;

it('understands a Rocky Linux 9 host', () => {
  expect(parseFacts(ROCKY_9)).toMatchObject({
    ansible_distribution: 'Rocky',
    ansible_distribution_version: '9.4',
    ansible_distribution_major_version: '9',
    ansible_distribution_release: 'Blue Onyx',
    ansible_os_family: 'RedHat',
    ansible_pkg_mgr: 'dnf',
    ansible_service_mgr: 'systemd',
    ansible_kernel: '5.14.0-427.el9.x86_64',
    ansible_architecture: 'x86_64',
    ansible_hostname: 'gpu01',
    ansible_fqdn: 'gpu01.example.org',
    ansible_domain: 'example.org',
    ansible_memtotal_mb: 64000,
    ansible_processor_count: 2,
    ansible_processor_cores: 2,
    ansible_processor_vcpus: 4,
    ansible_processor_threads_per_core: 1,
    ansible_cmdline: { ro: true, intel_iommu: 'on', iommu: 'pt' },
    ansible_default_ipv4: {
      ...{ interface: 'br-ex', alias: 'br-ex', gateway: '192.0.2.1', type: 'bridge', mtu: 9000 },
      ...{ macaddress: '02:00:00:00:00:07', address: '192.0.2.7', prefix: '24', netmask: '255.255.255.0' },
      ...{ network: '192.0.2.0', broadcast: '192.0.2.255' },
    },
    ansible_default_ipv6: { interface: 'br-ex', address: '2001:db8::7', gateway: 'fd00::1', scope: 'global' },
    ansible_all_ipv4_addresses: ['192.0.2.7', '198.51.100.200'],
    ansible_br_ex: {
      ...{ device: 'br-ex', active: true, type: 'bridge', mtu: 9000, macaddress: '02:00:00:00:00:07' },
      ipv4: { address: '192.0.2.7' },
      ipv4_secondaries: [{ address: '198.51.100.200', netmask: '255.255.255.192', network: '198.51.100.192' }],
      ipv6: [{ address: '2001:db8::7', prefix: '64' }, { scope: 'link' }],
    },
    ansible_bond0: { active: false, type: 'bonding', slaves: ['eth0', 'eth1'] },
    ansible_lo: { type: 'loopback', mtu: 65536, ipv4: { address: '127.0.0.1', netmask: '255.0.0.0', broadcast: '' } },
    ansible_dns: { nameservers: ['192.0.2.53'], search: ['example.org', 'lab.example.org'] },
    ansible_user_dir: '/root',
    ansible_user_shell: '/bin/bash',
    ansible_user_gid: 0,
    ansible_mounts: [
      { device: '/dev/mapper/rl-root', mount: '/', fstype: 'xfs', size_total: 1024000, size_available: 614400 },
      { device: 'nas:/export', mount: '/mnt/with blank', fstype: 'nfs4' },
    ],
    ansible_env: { HOME: '/root', PS1: 'a=b' },
    ansible_selinux: { status: 'enabled', mode: 'enforcing' },
    ansible_virtualization_role: 'NA',
    ansible_system_vendor: 'Supermicro',
    ansible_product_name: 'NA',
    ansible_date_time: { date: '2026-11-22', hour: '08', iso8601: '2026-11-22T08:21:00Z' },
  });
});

it.each([
  [
    'ubuntu',
    'ID=ubuntu\nID_LIKE=debian\nVERSION_ID="24.04"\nVERSION_CODENAME=noble',
    ['Ubuntu', 'Debian', '24.04', 'noble'],
  ],
  ['debian', 'ID=debian\nVERSION_ID="12"\nVERSION_CODENAME=bookworm', ['Debian', 'Debian', '12', 'bookworm']],
  ['alpine', 'ID=alpine\nVERSION_ID=3.20.1', ['Alpine', 'Alpine', '3.20.1', 'NA']],
  ['an unknown one', 'ID=homemade', ['Homemade', 'Linux', 'NA', 'NA']],
])('names %s as Ansible does', (_, release, expected) => {
  const lines = release.split('\n').map((line) => `/etc/os-release:${line}`);
  const facts = parseFacts(`\n@@files\n${lines.join('\n')}\n@@interfaces\n`);
  const names = ['distribution', 'os_family', 'distribution_version', 'distribution_release'];
  expect(names.map((name) => facts[`ansible_${name}`])).toEqual(expected);
});

it('finds the default gateway in the kernel’s table where there is no ip(8)', () => {
  const table = ['Iface Destination Gateway', 'eth0\t00000000\t010200C0\t0003']
    .map((line) => `/proc/net/route:${line}`)
    .join('\n');
  expect(parseFacts(`\n@@files\n${table}\n@@interfaces\n`)['ansible_default_ipv4']).toEqual({
    interface: 'eth0',
    alias: 'eth0',
    gateway: '192.0.2.1',
    type: 'unknown',
  });
});
