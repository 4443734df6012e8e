import { type Probe, probe } from '../contract/probe.ts';
import { recordsOf, scriptKind } from './script-kind.ts';

/** What libvirt, whom nova-compute asks, knows of PCI functions. */
export type LibvirtDevices =
  | { readonly kind: 'no-virsh' }
  | { readonly kind: 'no-answer'; readonly complaint: string }
  | {
      readonly kind: 'answered';
      /** By address; those it does not know are absent. */
      readonly capabilities: ReadonlyMap<string, readonly string[]>;
    };

/**
 * Read-only connection. `timeout` where there is one: a libvirtd that hangs must not hold up the whole frame. The first
 * call tells a libvirt that does not answer from one that does not know a device.
 */
const SCRIPT = `command -v virsh >/dev/null 2>&1 || { echo none; exit 0; }
command -v timeout >/dev/null 2>&1 && t='timeout 10' || t=
ask() { LC_ALL=C $t virsh -r -q -c qemu:///system "$@" </dev/null 2>&1; }
if ! said=$(ask nodedev-list --cap pci); then printf 'mute %s\\n' "$(printf '%s' "$said" | tail -n 1)"; exit 0; fi
echo answered
for a do
  n=pci_$(printf '%s' "$a" | tr ':.' '__')
  xml=$(ask nodedev-dumpxml "$n") || continue
  printf 'device %s' "$a"
  printf '%s\\n' "$xml" | sed -n "s/.*<capability type='\\([a-z_]*\\)'.*/\\1/p" | while IFS= read -r c; do printf ' %s' "$c"; done
  echo
done
exit 0`;

const kind = scriptKind<readonly string[], LibvirtDevices>({
  name: 'libvirt-devices',
  script: SCRIPT,
  args: (addresses) => addresses,
  parse: (stdout) => {
    const records = recordsOf(stdout);
    const mute = records.find(([key]) => key === 'mute');
    if (mute) return { kind: 'no-answer', complaint: mute[1].trim() || 'virsh failed without a word' };
    if (!records.some(([key]) => key === 'answered')) return { kind: 'no-virsh' };
    const devices = records.flatMap(([key, value]) => (key === 'device' ? [value.split(' ')] : []));
    return { kind: 'answered', capabilities: new Map(devices.map(([address = '', ...found]) => [address, found])) };
  },
});

/**
 * Node devices of libvirt for PCI functions, with the types of their capabilities: `virt_functions` is what makes Nova
 * call one a PF, `phys_function` a VF (virsh(1) nodedev-dumpxml, nova virt/libvirt/host.py).
 */
export function libvirtDevices(addresses: readonly string[]): Probe<LibvirtDevices> {
  return probe(kind, addresses, ['service:/', 'pci:/']);
}
