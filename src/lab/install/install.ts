import { quoted } from '../tools/tool.ts';
import type { HostOptions } from '../options.ts';
import { moduleTree } from './module-tree.ts';
import { servicesOf, type SystemFiles, systemFiles } from './system-files.ts';

// What the machine itself has there must not show through, nor the interpreters that a bare host lacks.
const replaced = [
  '/etc/default/grub',
  '/etc/default/grub.d',
  '/etc/initramfs-tools',
  '/etc/modprobe.d',
  '/etc/modules-load.d',
  '/usr/lib/modules-load.d',
  '/usr/lib/modprobe.d',
  '/etc/nova',
  '/etc/machine-id',
  '/etc/hostname',
  '/etc/tsplay',
  '/var/lib/tsplay',
];
const interpreters = '/usr/bin/python3* /usr/local/bin/python* /usr/bin/node /usr/local/bin/node /usr/bin/virsh';

export interface Identity {
  readonly machineId: string;
  readonly rootUuid: string;
}

const parent = (path: string): string => path.slice(0, path.lastIndexOf('/'));

function write(files: SystemFiles): readonly string[] {
  const paths = Object.keys(files);
  const directories = [...new Set(paths.map(parent))].map(quoted).join(' ');
  const modes = Map.groupBy(Object.entries(files), ([, file]) => file.mode ?? 0o644);
  return [
    `mkdir -p ${directories}`,
    // The file below may be a link or belong to the machine's packages: it is replaced, not written through.
    `rm -f ${paths.map(quoted).join(' ')}`,
    ...Object.entries(files).map(([path, { text }]) => `printf %s ${quoted(text)} > ${quoted(path)}`),
    ...[...modes].map(([mode, group]) => `chmod ${mode.toString(8)} ${group.map(([path]) => quoted(path)).join(' ')}`),
  ];
}

function modules(versions: readonly string[], builtin: readonly string[]): SystemFiles {
  const tree = [...moduleTree(builtin)];
  const entries = versions.flatMap((version) =>
    tree.map(([path, text]) => [`/usr/lib/modules/${version}/${path}`, { text }] as const),
  );
  const boot = versions.flatMap((version) => [
    [`/boot/vmlinuz-${version}`, { text: `simulated kernel ${version}\n` }] as const,
    [`/boot/config-${version}`, { text: 'CONFIG_VFIO_PCI=m\n' }] as const,
  ]);
  return Object.fromEntries([...entries, ...boot]);
}

/** The script that turns a fresh overlay of the machine into a host of the lab, run once inside it. */
export function installScript(
  host: HostOptions,
  identity: Identity,
  kernel: { readonly versions: readonly string[]; readonly builtin: readonly string[] },
): string {
  const wants = '/etc/systemd/system/multi-user.target.wants';
  const links = servicesOf(host).map((unit) => `ln -sf /usr/lib/systemd/system/${unit} ${wants}/${unit}`);
  return [
    'set -e',
    `rm -rf ${replaced.join(' ')} ${interpreters}`,
    ...write({ ...systemFiles(host, identity), ...modules(kernel.versions, kernel.builtin) }),
    'grep -q ^nova: /etc/group || echo nova:x:64060: >> /etc/group',
    'grep -q ^nova: /etc/passwd || echo nova:x:64060:64060::/var/lib/nova:/bin/sh >> /etc/passwd',
    'grep -q ^operator: /etc/passwd || { echo operator:x:1500:1500::/home/operator:/bin/sh >> /etc/passwd; echo operator:x:1500: >> /etc/group; }',
    'grep -q ^operator: /etc/shadow || echo "operator:*:19000:0:99999:7:::" >> /etc/shadow',
    'mkdir -p /home/operator /etc/sudoers.d; chown 1500:1500 /home/operator',
    'echo "operator ALL=(ALL) NOPASSWD: ALL" > /etc/sudoers.d/operator; chmod 440 /etc/sudoers.d/operator',
    'chown root:64060 /etc/nova/*.conf',
    `mkdir -p ${wants}`,
    ...links,
  ].join('\n');
}
