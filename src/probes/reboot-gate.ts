import { type Probe, probe } from '../contract/probe.ts';
import { recordsOf, scriptKind } from './script-kind.ts';

/** What the next boot entry names. */
export interface BootFiles {
  /** The kernel and every initrd. */
  readonly named: readonly string[];
  /** The kernel, where the entry names no initrd. */
  readonly kernelAlone: string | null;
}

/** What speaks against rebooting a host now. */
export interface RebootGate {
  /** Boot files of the next entry that are absent, empty or, an initramfs, not to be read to its end. */
  readonly brokenFiles: readonly string[];
  /** An initramfs of the next entry's kernel that the entry does not name. */
  readonly unnamedImage: string | null;
  /** Active guests by name, paused ones too: a reboot ends them all. */
  readonly guests: readonly string[];
  /** `virsh` is there but gave no answer: then nobody knows whether guests run. */
  readonly guestsUnknown: string | null;
}

/**
 * GRUB names files from the root of their file system: `/vmlinuz` where /boot is a partition, `/@/boot/vmlinuz` on a
 * btrfs subvolume. A size of nothing is a rebuild that ran out of space, an archive that ends early one that was interrupted.
 *
 * Where libvirt lives in a container (Kolla), the host has no virsh, or one that knows no guests; QEMU's processes are
 * there for all to see. They count whatever virsh says, except that its names are nicer.
 */
const SCRIPT = `whole() {
  case \${1##*/} in initr*) ;; *) return 0;; esac
  if command -v lsinitramfs >/dev/null 2>&1; then lsinitramfs "$1" >/dev/null 2>&1
  elif command -v lsinitrd >/dev/null 2>&1; then lsinitrd "$1" >/dev/null 2>&1; fi
}
k=\${1##*/vmlinu?-}; shift
for c in "/boot/initrd.img-$k" "/boot/initramfs-$k.img"; do
  if [ -n "$k" ] && [ -s "$c" ]; then printf 'unnamed %s\\n' "$c"; fi
done
for p do
  ok=
  for c in "$p" "/boot$p" "/\${p#/*/}"; do [ -s "$c" ] && whole "$c" && { ok=1; break; }; done
  [ -n "$ok" ] || printf 'broken %s\\n' "$p"
done
for p in /proc/[0-9]*; do
  c=; IFS= read -r c <"$p/comm" || continue
  case $c in qemu-system-*|qemu-kvm*|kvm) ;; *) continue;; esac
  w=$(tr '\\000' '\\n' <"$p/cmdline") && [ -n "$w" ] || continue
  n=$(printf '%s\\n' "$w" | sed -n -e '/^-name$/{' -e n -e 's/^guest=//' -e 's/,.*//' -e p -e q -e '}')
  printf 'guest %s\\n' "\${n:-$c (process \${p#/proc/})}"
done 2>/dev/null
command -v virsh >/dev/null 2>&1 || exit 0
command -v timeout >/dev/null 2>&1 && t='timeout 20' || t=
if said=$($t virsh -c qemu:///system list --name 2>&1); then
  printf '%s\\n' "$said" | while IFS= read -r g; do [ -n "$g" ] && printf 'guest %s\\n' "$g"; done
else printf 'unknown %s\\n' "$(printf '%s' "$said" | head -n 1)"; fi
exit 0`;

const kind = scriptKind<BootFiles, RebootGate>({
  name: 'reboot-gate',
  script: SCRIPT,
  args: ({ named, kernelAlone }) => [kernelAlone ?? '', ...named],
  parse(stdout) {
    const records = recordsOf(stdout);
    const of = (key: string) => records.filter(([name]) => name === key).map(([, value]) => value);
    return {
      brokenFiles: of('broken'),
      unnamedImage: of('unnamed')[0] ?? null,
      guests: [...new Set(of('guest'))],
      guestsUnknown: of('unknown')[0] ?? null,
    };
  },
  // Planned rebuilds leave files that boot, or fail; they start no guests.
  predict: (_, value) => value,
});

/** @example await read(rebootGate({ named: ['/boot/vmlinuz-6.1.0-18-amd64'], kernelAlone: null })) */
export function rebootGate(bootFiles: BootFiles): Probe<RebootGate> {
  return probe(kind, bootFiles, ['path:/boot', 'service:/libvirtd']);
}
