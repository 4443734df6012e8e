import { type Probe, probe } from '../contract/probe.ts';
import { recordsOf, scriptKind } from './script-kind.ts';

/** A process with a device file open. */
export interface DeviceHolder {
  readonly pid: number;
  readonly command: string;
  readonly device: string;
}

/**
 * One ls over all descriptors: readlink for each would be a fork for each. Device files of a function are found by its
 * sysfs children (drm, sound, vfio-dev for IOMMUFD), by its IOMMU group, and for the NVIDIA driver by name, since all its cards share some.
 */
const SCRIPT = `wanted=' '
for a do
  d=/sys/bus/pci/devices/$a
  for n in "$d"/drm/card* "$d"/drm/renderD*; do [ -e "$n" ] && wanted="$wanted/dev/dri/\${n##*/} "; done
  for n in "$d"/sound/card*/pcm* "$d"/sound/card*/controlC*; do [ -e "$n" ] && wanted="$wanted/dev/snd/\${n##*/} "; done
  [ -e "$d/iommu_group" ] && cd -P "$d/iommu_group" && wanted="$wanted/dev/vfio/\${PWD##*/} "
  for n in "$d"/vfio-dev/vfio*; do [ -e "$n" ] && wanted="$wanted/dev/vfio/devices/\${n##*/} "; done
  [ -e "$d/driver" ] && cd -P "$d/driver" && [ "\${PWD##*/}" = nvidia ] && nvidia=1
done
cd /
ls -l /proc/[0-9]*/fd 2>/dev/null | grep -E -e '^/proc/' -e '-> /dev/(nvidia|vfio/|dri/|snd/)' | while IFS= read -r l; do
  case $l in
    /proc/*/fd:) pid=\${l#/proc/}; pid=\${pid%%/*};;
    *) f=\${l##*-> }
      case $wanted in *" $f "*) ;; *) case $f in /dev/nvidia*) [ "\${nvidia-}" ] || continue;; *) continue;; esac;; esac
      c=; [ -r "/proc/$pid/comm" ] && IFS= read -r c <"/proc/$pid/comm"
      printf 'holder %s %s %s\\n' "$pid" "$f" "$c";;
  esac
done
exit 0`;

const kind = scriptKind<readonly string[], readonly DeviceHolder[]>({
  name: 'device-holders',
  script: SCRIPT,
  args: (addresses) => addresses,
  parse: (stdout) =>
    recordsOf(stdout).map(([, value]) => {
      const [pid, device = '', ...command] = value.split(' ');
      return { pid: Number(pid), device, command: command.join(' ') };
    }),
  predict: (_, value) => value,
});

/** Who has device files of these PCI functions open. Without root only one's own processes are seen. */
export function deviceHolders(addresses: readonly string[]): Probe<readonly DeviceHolder[]> {
  return probe(kind, addresses, ['pci:/', 'service:/']);
}
