import type { CmdlineToken } from '../../probes/kernel-cmdline-tokens.ts';
import { effectiveOption, type ModprobeDirective } from '../../probes/modprobe-config.ts';
import type { PciFunction } from '../../probes/pci.ts';

export const BINDING_SCRIPT = '/etc/initramfs-tools/scripts/init-top/00-tsplay-pci-bind';

export type BootBinding = ReadonlyMap<string, string>;

/**
 * Binding by address at boot, for a host with identical cards of which it keeps one: an id in vfio-pci's `ids` would take
 * them all. It must be done before udev: a systemd unit, and even a udev rule, lose the race against the first card's
 * event, which loads a driver that then takes every card it knows. Scripts of init-top run before any module is
 * loaded; those without prerequisites in the order of their names (initramfs-tools(7)), hence `00`, before `udev`.
 */
export function bindingScript(binding: BootBinding): string {
  const list = [...binding].sort(([a], [b]) => (a < b ? -1 : 1)).map(([address, driver]) => `${address} ${driver}\n`);
  return `#!/bin/sh
# Kept by tsplay (module sysfs-bind): PCI functions that only the named driver may take.
case "$1" in prereqs) echo ""; exit 0 ;; esac
while read -r address driver; do
  if [ -w "/sys/bus/pci/devices/$address/driver_override" ]; then
    printf '%s' "$driver" >"/sys/bus/pci/devices/$address/driver_override"
  fi
done <<'LIST'
${list.join('')}LIST
`;
}

export function parseBinding(text: string): BootBinding {
  const list = /<<'LIST'\n([\s\S]*?)^LIST$/m.exec(text)?.[1] ?? '';
  return new Map(
    list.split('\n').flatMap((line) => (line.includes(' ') ? [line.split(' ', 2) as [string, string]] : [])),
  );
}

/** Ids that vfio-pci will take at boot, by modprobe.d or by the command line of the next boot. */
export function bootIds(directives: readonly ModprobeDirective[], cmdline: readonly CmdlineToken[]): readonly string[] {
  const token = cmdline.filter((one) => one.key === 'vfio_pci.ids').at(-1);
  const option = token?.value ?? effectiveOption(directives, 'vfio_pci', 'ids')?.value ?? '';
  return option
    .toLowerCase()
    .split(',')
    .filter(Boolean)
    .map((id) => id.split(':').slice(0, 2).join(':'));
}

export function idOf(one: PciFunction): string {
  return `${one.vendor}:${one.device}`;
}
