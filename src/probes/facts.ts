import { script } from '../contract/command.ts';
import { type Probe, type ProbeKind, probe } from '../contract/probe.ts';
import { parseFacts } from './facts-parse.ts';
import { failed, fuse, succeeded } from './fuse.ts';

/**
 * Everything setup tells, with about ten processes: files through one grep, which puts the path before every line. `df`
 * and a name lookup can hang for minutes on a dead server, so they have a few seconds each.
 */
const SCRIPT = `
limit=; command -v timeout >/dev/null && limit='timeout 3'
section() { printf '\\n@@%s\\n' "$1"; }
set --
for f in /etc/os-release /usr/lib/os-release /proc/meminfo /proc/cmdline /proc/uptime /proc/net/route /proc/mounts \\
  /proc/sys/kernel/random/boot_id /etc/machine-id /etc/debian_version /proc/swaps /sys/class/dmi/id/product_name \\
  /sys/class/dmi/id/sys_vendor /sys/class/dmi/id/product_version /sys/class/dmi/id/bios_version /sys/class/dmi/id/bios_date \\
  /sys/class/dmi/id/board_name /sys/class/dmi/id/product_serial /sys/class/dmi/id/product_uuid \\
  /etc/resolv.conf /sys/class/net/*/address /sys/class/net/*/mtu /sys/class/net/*/type \\
  /sys/class/net/*/operstate /sys/class/net/*/bridge/bridge_id /sys/class/net/*/bonding/mode \\
  /sys/class/net/*/bonding/slaves; do
  [ -r "$f" ] && set -- "$@" "$f"
done
section files; grep -aH '' -- "$@"
section uname; uname -srvmn
section cpu; grep -E '^(processor|model name|vendor_id|physical id|core id|cpu cores)[[:space:]]*:' /proc/cpuinfo
section fqdn; $limit hostname -f 2>/dev/null
section addresses; ip -o addr show 2>/dev/null
section route; ip -o route show default 2>/dev/null
section df; $limit df -Pkl 2>/dev/null
section date; date '+%s %Y-%m-%dT%H:%M:%S %z %Z'
section ipvsix; grep -sE '^0{32} 00 ' /proc/net/ipv6_route
section id; me=$(id -un); printf '%s\\n' "$me"; id -u; id -g
section passwd; while IFS= read -r line; do case $line in "$me":*) printf '%s\\n' "$line"; break;; esac; done < /etc/passwd
section env; env
section tools
for t in apt-get dnf yum zypper apk pacman systemctl python3 selinuxenabled systemd-detect-virt; do command -v "$t" >/dev/null && printf '%s\\n' "$t"; done
[ ! -d /run/systemd/system ] || echo systemd-is-running
section virt; systemd-detect-virt 2>/dev/null
section selinux; [ ! -r /sys/fs/selinux/enforce ] || { read -r mode < /sys/fs/selinux/enforce; echo "$mode"; }
section interfaces; for i in /sys/class/net/*; do [ ! -d "$i" ] || printf '%s\\n' "\${i##*/}"; done
exit 0`;

const kind: ProbeKind<null, Readonly<Record<string, unknown>>> = {
  name: 'facts',
  ...fuse({
    group: () => '',
    size: 1,
    command: () => script(SCRIPT),
    parse: (_, output) => {
      const text = Buffer.from(output.stdout).toString();
      return [
        text.includes('@@interfaces')
          ? succeeded(parseFacts(text))
          : failed('the host did not finish telling its facts'),
      ];
    },
  }),
  // Facts are a picture taken once; a planned change does not repaint it.
  predict: (_, value) => value,
};

/** The facts of a host under Ansible's names, with the prefix `ansible_`. */
export function hostFacts(): Probe<Readonly<Record<string, unknown>>> {
  return probe(kind, null, ['*']);
}
