import { type Probe, probe } from '../contract/probe.ts';
import { recordsOf, scriptKind } from './script-kind.ts';

/** PCI functions that the host itself cannot do without, by address, with the reason. */
export type PciAnchors = ReadonlyMap<string, string>;

/**
 * Disks behind mounted file systems and swap, through partitions, device mapper, md and NVMe multipath; network devices
 * that carry a route, through bonds, bridges and VLANs. A path in sysfs names every PCI function above the device.
 */
const SCRIPT = `s=/sys
report() { # reason; the current directory is a device's
  IFS=/; set -f; set -- "$1" $PWD; unset IFS; set +f
  r=$1; shift
  for w do case $w in *:??:??.?) printf 'anchor %s %s\\n' "$w" "$r";; esac; done
}
block() { # directory of a block device, reason
  cd -P "$1" 2>/dev/null || return 0
  report "$2"
  for n in "$1"/slaves/*; do [ -e "$n" ] && block "$n" "$2"; done
  for n in "$1"/../slaves/*; do [ -e "$n" ] && block "$n" "$2"; done
  cd -P "$1" 2>/dev/null || return 0
  case $PWD in */nvme-subsystem/*) for n in "$PWD"/../nvme[0-9]* "$PWD"/../../nvme[0-9]*; do cd -P "$n" 2>/dev/null && report "$2"; done;; esac
}
net() { # name
  for l in "$s/class/net/$1"/lower_*; do [ -e "$l" ] && net "\${l##*/lower_}"; done
  cd -P "$s/class/net/$1/device" 2>/dev/null && report "carries the network ($1)"
}
while read -r _ _ device _ at _; do
  case $device in 0:*) continue;; esac
  block "$s/dev/block/$device" "holds $at"
done </proc/self/mountinfo
while read -r _ _ _ _ at rest; do
  rest=\${rest#*- }; set -- $rest
  case \${2-} in /dev/*) n=\${2##*/}; [ -e "$s/class/block/$n" ] && block "$s/class/block/$n" "holds $at";; esac
done </proc/self/mountinfo
while read -r d _; do case $d in /dev/*) block "$s/class/block/\${d##*/}" 'holds swap';; esac; done </proc/swaps
while read -r i _; do [ "$i" = Iface ] || net "$i"; done </proc/net/route
[ -r /proc/net/ipv6_route ] && while read -r to bits _ _ _ _ _ _ _ i; do [ "$to$bits" = 0000000000000000000000000000000000 ] && net "\${i##* }"; done </proc/net/ipv6_route
exit 0`;

const kind = scriptKind<string, PciAnchors>({
  name: 'pci-anchors',
  script: SCRIPT,
  parse: (stdout) =>
    new Map(
      recordsOf(stdout).flatMap(([key, value]) => {
        const [address = '', ...reason] = value.split(' ');
        return key === 'anchor' ? [[address.toLowerCase(), reason.join(' ')] as const] : [];
      }),
    ),
  predict: (_, value) => value,
});

/** @example (await read(pciAnchors())).get('0000:01:00.0') // 'holds /' */
export function pciAnchors(): Probe<PciAnchors> {
  return probe(kind, '', ['pci:/']);
}
