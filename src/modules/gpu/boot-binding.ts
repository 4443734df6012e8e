import type { CmdlineToken } from '../../probes/kernel-cmdline-tokens.ts';
import { effectiveOption, listedParams, type ModprobeDirective } from '../../probes/modprobe-config.ts';
import type { PciFunction } from '../../probes/pci.ts';

export const BINDING_SCRIPT = '/etc/initramfs-tools/scripts/init-top/00-tsplay-pci-bind';

/** A module of dracut is a directory here; none is read from /etc (dracut.modules(7)). */
export const BINDING_MODULE = '/usr/lib/dracut/modules.d/90tsplay-pci-bind';
export const BINDING_SETUP = `${BINDING_MODULE}/module-setup.sh`;
export const BINDING_HOOK = `${BINDING_MODULE}/tsplay-pci-bind.sh`;

export type BootBinding = ReadonlyMap<string, string>;

/**
 * Binding by address at boot, for a host with identical cards of which it keeps one: an id in vfio-pci's `ids` would take
 * them all. It must be done before udev: a systemd unit, and even a udev rule, lose the race against the first card's
 * event, which loads a driver that then takes every card it knows. Scripts of init-top run before any module is
 * loaded; those without prerequisites in the order of their names (initramfs-tools(7)), hence `00`, before `udev`.
 * Only built-in drivers (often xhci_pci, pci-stub) were there before: they have to let go.
 */
export function bindingScript(binding: BootBinding): string {
  return `#!/bin/sh
# Kept by tsplay (module sysfs-bind): PCI functions that only the named driver may take.
case "$1" in prereqs) echo ""; exit 0 ;; esac
${bindingLoop(binding)}`;
}

/**
 * The same for dracut, whose hooks are sourced, hence the subshell. pre-udev runs before systemd-udevd and before
 * rd.driver.pre is obeyed (dracut-pre-udev.service(8)).
 */
export function bindingHook(binding: BootBinding): string {
  return `#!/bin/sh
# Kept by tsplay (module sysfs-bind): PCI functions that only the named driver may take.
(
${bindingLoop(binding)})
`;
}

/** What dracut asks a module: whether it belongs into every image, what it needs, and what it brings. */
export const BINDING_SETUP_TEXT = `#!/bin/bash
# Kept by tsplay (module sysfs-bind).
check() { return 0; }
depends() { return 0; }
install() { inst_hook pre-udev 00 "$moddir/tsplay-pci-bind.sh"; }
`;

function bindingLoop(binding: BootBinding): string {
  const list = [...binding].sort(([a], [b]) => (a < b ? -1 : 1)).map(([address, driver]) => `${address} ${driver}\n`);
  return `while read -r address driver; do
  device=/sys/bus/pci/devices/$address
  [ -w "$device/driver_override" ] || continue
  printf '%s' "$driver" >"$device/driver_override"
  bound=$(readlink "$device/driver" 2>/dev/null)
  [ -n "$bound" ] && [ "\${bound##*/}" != "$driver" ] && printf '%s' "$address" >"$device/driver/unbind"
  printf '%s' "$address" >/sys/bus/pci/drivers_probe
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

/** What decides at boot which ids a driver takes. */
export interface BootConfig {
  readonly directives: readonly ModprobeDirective[];
  readonly cmdline: readonly CmdlineToken[];
  /** /etc/initramfs-tools/modules: its lines are modprobe's arguments. */
  readonly early: string;
}

/**
 * Ids that vfio-pci, or pci-stub, will take at boot. modprobe(8) hands the kernel the options of modprobe.d, then those of
 * the command line, then its own arguments, and of one parameter the kernel takes the last.
 */
export function bootIds(
  module: 'vfio_pci' | 'pci_stub',
  { directives, cmdline, early }: BootConfig,
): readonly string[] {
  const token = cmdline.filter((one) => one.key === `${module}.ids`).at(-1);
  const value = listedParams(early, module)['ids'] ?? token?.value ?? effectiveOption(directives, module, 'ids')?.value;
  return (value ?? '')
    .toLowerCase()
    .split(',')
    .filter(Boolean)
    .map((id) => id.split(':').slice(0, 2).join(':'));
}

export function idOf(one: PciFunction): string {
  return `${one.vendor}:${one.device}`;
}

/** vfio-pci itself, or a driver made of it for one kind of device (`nvgrace_gpu_vfio_pci`). */
export function isVfio(driver: string): boolean {
  return /(^|[-_])vfio[-_]pci$/.test(driver);
}
