import { type Probe, probe } from '../contract/probe.ts';
import { recordsOf, scriptKind } from './script-kind.ts';

/** What speaks against rebooting a host now. */
export interface RebootGate {
  /** Boot files of the next entry that are absent or empty. */
  readonly brokenFiles: readonly string[];
  readonly guests: readonly string[];
  /** `virsh` is there but gave no answer: then nobody knows whether guests run. */
  readonly guestsUnknown: string | null;
}

/**
 * GRUB names files from the root of their file system: `/vmlinuz` where /boot is a partition, `/@/boot/vmlinuz` on a
 * btrfs subvolume. A size of nothing is a rebuild that ran out of space.
 */
const SCRIPT = `for p do
  ok=
  for c in "$p" "/boot$p" "/\${p#/*/}"; do [ -s "$c" ] && { ok=1; break; }; done
  [ -n "$ok" ] || printf 'broken %s\\n' "$p"
done
command -v virsh >/dev/null 2>&1 || exit 0
command -v timeout >/dev/null 2>&1 && t='timeout 20' || t=
if said=$($t virsh -c qemu:///system list --state-running --name 2>&1); then
  printf '%s\\n' "$said" | while IFS= read -r g; do [ -n "$g" ] && printf 'guest %s\\n' "$g"; done
else printf 'unknown %s\\n' "$(printf '%s' "$said" | head -n 1)"; fi
exit 0`;

const kind = scriptKind<readonly string[], RebootGate>({
  name: 'reboot-gate',
  script: SCRIPT,
  args: (paths) => paths,
  parse(stdout) {
    const records = recordsOf(stdout);
    const of = (key: string) => records.filter(([name]) => name === key).map(([, value]) => value);
    return { brokenFiles: of('broken'), guests: of('guest'), guestsUnknown: of('unknown')[0] ?? null };
  },
  // Planned rebuilds leave files that boot, or fail; they start no guests.
  predict: (_, value) => value,
});

/** @example await read(rebootGate(['/boot/vmlinuz-6.1.0-18-amd64'])) */
export function rebootGate(bootFiles: readonly string[]): Probe<RebootGate> {
  return probe(kind, bootFiles, ['path:/boot', 'service:/libvirtd']);
}
