import { type Probe, probe } from '../contract/probe.ts';
import { recordsOf, scriptKind } from './script-kind.ts';

/** Names of the display controllers and accelerators of a host, as its own files have them. */
export interface PciNames {
  /** By vendor id, four hexadecimal digits: `10de` is NVIDIA Corporation. */
  readonly vendors: ReadonlyMap<string, string>;
  /** By `vendor:device`. */
  readonly devices: ReadonlyMap<string, string>;
}

/** Where pciutils (Debian, Red Hat) and update-pciids(8) keep the list. */
const PCI_IDS = ['/usr/share/misc/pci.ids', '/usr/share/hwdata/pci.ids', '/var/lib/pciutils/pci.ids'];

/**
 * The list has 1.5 MB, so it is searched where it is: only the lines of this host's cards travel. A host without it, but
 * with systemd, has the same names in udev's hardware database, which is asked once for each kind of card. `$1` is where
 * sysfs is mounted, the rest are candidates for pci.ids. The format is described at the top of pci.ids itself.
 */
const SCRIPT = `s=$1; shift
want=' '
for d in "$s"/bus/pci/devices/*; do
  [ -r "$d/class" ] && IFS= read -r c <"$d/class" || continue
  case $c in 0x03*|0x12*) ;; *) continue;; esac
  IFS= read -r v <"$d/vendor" && IFS= read -r p <"$d/device" || continue
  id=\${v#0x}:\${p#0x}
  case $want in *" $id "*) continue;; esac
  want="$want$id "
  a=; [ -r "$d/modalias" ] && IFS= read -r a <"$d/modalias"
  set -- "$@" "$id=$a"
done
[ "$want" = ' ' ] && exit 0
found=
for f do
  case $f in /*) ;; *) break;; esac
  [ -r "$f" ] || continue
  found=$(awk -v want="$want" '
    /^[0-9a-fA-F]/ { v = tolower(substr($0, 1, 4)); if (index(want, " " v ":")) print "vendor " v " " substr($0, 7); next }
    /^[^\\t#]/ { v = "" }
    v != "" && /^\\t[^\\t]/ { d = tolower(substr($0, 2, 4)); if (index(want, " " v ":" d " ")) print "device " v ":" d " " substr($0, 8) }
  ' "$f" 2>/dev/null)
  [ "$found" ] && printf '%s\\n' "$found" && break
done
command -v systemd-hwdb >/dev/null 2>&1 || exit 0
for f do
  case $f in /*) continue;; esac
  id=\${f%%=*}
  case $found in *"device $id "*) continue;; esac
  systemd-hwdb query "\${f#*=}" 2>/dev/null | while IFS= read -r l; do case $l in
    ID_VENDOR_FROM_DATABASE=*) printf 'vendor %s %s\\n' "\${id%%:*}" "\${l#*=}";;
    ID_MODEL_FROM_DATABASE=*) printf 'device %s %s\\n' "$id" "\${l#*=}";;
  esac; done
done
exit 0`;

const kind = scriptKind<readonly string[], PciNames>({
  name: 'pci-names',
  script: SCRIPT,
  args: (subject) => subject,
  parse: parseNames,
  predict: (_, names) => names,
});

/** @example (await read(pciNames())).devices.get('10de:11b4') // 'GK104GL [Quadro K4200]' */
export function pciNames(sysfs = '/sys', files: readonly string[] = PCI_IDS): Probe<PciNames> {
  return probe(kind, [sysfs, ...files], ['pci:/']);
}

function parseNames(stdout: string): PciNames {
  const records = recordsOf(stdout).map(([what, rest]) => {
    const space = rest.indexOf(' ');
    return { what, id: rest.slice(0, space).toLowerCase(), name: rest.slice(space + 1).trim() };
  });
  const named = (wanted: string) =>
    new Map(records.flatMap(({ what, id, name }) => (what === wanted && name !== '' ? [[id, name] as const] : [])));
  return { vendors: named('vendor'), devices: named('device') };
}
