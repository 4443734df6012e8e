import { type Probe, probe } from '../contract/probe.ts';
import { recordsOf, scriptKind } from './script-kind.ts';

/** PCI functions that the host itself cannot do without, by address, with the reason. */
export type PciAnchors = ReadonlyMap<string, string>;

/**
 * Disks behind mounted file systems and swap, through partitions, device mapper, md and NVMe multipath; network devices
 * that carry a route, through bonds, bridges and VLANs. A path in sysfs names every PCI function above the device.
 *
 * Two links are in no sysfs: from ZFS to its disks, and from an Open vSwitch bridge to its ports. There every disk, and
 * every port of any bridge, is taken for one the host needs. `$1` is a root prefix, empty outside tests.
 */
const SCRIPT = `root=$1 s=$1/sys ovs=
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
  if cd -P "$s/class/net/$1/device" 2>/dev/null; then report "carries the network ($1)"
  elif [ -z "$ovs" ] && [ "$1" != lo ]; then
    ovs=1
    for l in "$s"/class/net/ovs-system/lower_*; do [ -e "$l" ] && net "\${l##*/lower_}"; done
  fi
}
while read -r _ _ device _ at _; do
  case $device in 0:*) continue;; esac
  block "$s/dev/block/$device" "holds $at"
done <"$root/proc/self/mountinfo"
while read -r _ _ _ _ at rest; do
  rest=\${rest#*- }; set -- $rest
  case "$1 \${2-}" in
    zfs\\ *) for b in "$s"/class/block/*; do [ -e "$b/device" ] && block "$b" "may hold $at (ZFS)"; done;;
    *\\ /dev/*) n=\${2##*/}; [ -e "$s/class/block/$n" ] && block "$s/class/block/$n" "holds $at";;
  esac
done <"$root/proc/self/mountinfo"
while read -r d _; do case $d in /dev/*) block "$s/class/block/\${d##*/}" 'holds swap';; esac; done <"$root/proc/swaps"
while read -r i _; do [ "$i" = Iface ] || net "$i"; done <"$root/proc/net/route"
[ -r "$root/proc/net/ipv6_route" ] && while read -r to _ _ _ _ _ _ _ _ i; do
  case $to in fe80*|ff*) ;; *) net "\${i##* }";; esac
done <"$root/proc/net/ipv6_route"
exit 0`;

const kind = scriptKind<string, PciAnchors>({
  name: 'pci-anchors',
  script: SCRIPT,
  args: (root) => [root],
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
export function pciAnchors(root = ''): Probe<PciAnchors> {
  return probe(kind, root, ['pci:/']);
}
