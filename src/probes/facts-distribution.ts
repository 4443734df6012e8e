import type { FactText, Facts } from './facts-parse.ts';

/** Ansible's family names by the ids of os-release(5). */
const FAMILIES: Readonly<Record<string, string>> = {
  debian: 'Debian',
  ubuntu: 'Debian',
  rhel: 'RedHat',
  fedora: 'RedHat',
  centos: 'RedHat',
  suse: 'Suse',
  opensuse: 'Suse',
  alpine: 'Alpine',
  arch: 'Archlinux',
};

/** Where Ansible's name is not simply the id with a capital. */
const NAMES: Readonly<Record<string, string>> = {
  rhel: 'RedHat',
  centos: 'CentOS',
  almalinux: 'AlmaLinux',
  rocky: 'Rocky',
  ol: 'OracleLinux',
  sles: 'SLES',
  'opensuse-leap': 'openSUSE Leap',
  arch: 'Archlinux',
  linuxmint: 'Linux Mint',
};

/** Distribution, family, package manager and init system under Ansible's names. */
export function distributionFacts(text: FactText): Facts {
  const release = parseOsRelease(text.file('/etc/os-release') ?? text.file('/usr/lib/os-release') ?? '');
  const id = release['ID'] ?? 'linux';
  const debian = id === 'debian' ? text.file('/etc/debian_version')?.trim() : undefined;
  const version = debian && /^\d/.test(debian) ? debian : (release['VERSION_ID'] ?? 'NA');
  return {
    distribution: NAMES[id] ?? id.charAt(0).toUpperCase() + id.slice(1),
    distribution_version: version,
    distribution_major_version: version.split('.')[0],
    distribution_release: release['VERSION_CODENAME'] ?? /\(([^)]+)\)/.exec(release['VERSION'] ?? '')?.[1] ?? 'NA',
    os_family: familyOf([id, ...(release['ID_LIKE'] ?? '').split(' ')]),
    ...toolFacts(text.lines('tools')),
  };
}

function familyOf(ids: readonly string[]): string {
  const id = ids.find((one) => Object.hasOwn(FAMILIES, one));
  return (id && FAMILIES[id]) ?? 'Linux';
}

/** `NAME="value"` lines, quoted as in shell. */
function parseOsRelease(text: string): Readonly<Record<string, string>> {
  const lines = [...text.matchAll(/^([A-Z][A-Z0-9_]*)=(.*)$/gm)];
  return Object.fromEntries(
    lines.map(([, name = '', value = '']) => [
      name,
      value.replace(/^(["'])(.*)\1$/, '$2').replace(/\\(["'$`\\])/g, '$1'),
    ]),
  );
}

const MANAGERS: readonly (readonly [program: string, name: string])[] = [
  ['apt-get', 'apt'],
  ['dnf', 'dnf'],
  ['yum', 'yum'],
  ['zypper', 'zypper'],
  ['apk', 'apk'],
  ['pacman', 'pacman'],
];

function toolFacts(tools: readonly string[]): Facts {
  return {
    pkg_mgr: MANAGERS.find(([program]) => tools.includes(program))?.[1] ?? 'unknown',
    service_mgr: tools.includes('systemd-is-running') ? 'systemd' : 'unknown',
  };
}
