import { type Overlay, type Probe, ProbeError, probe } from '../contract/probe.ts';
import type { Resource } from '../contract/resource.ts';
import { recordsOf, scriptKind } from './script-kind.ts';

export type NovaType = 'type-PCI' | 'type-PF' | 'type-VF';

/** One function of a PCI device, as sysfs shows it (Documentation/ABI/testing/sysfs-bus-pci). */
export interface PciFunction {
  /** `0000:88:00.0`, lower case. */
  readonly address: string;
  /** The address without the function: what a card is. */
  readonly slot: string;
  /** Four hexadecimal digits, lower case, as are device. */
  readonly vendor: string;
  readonly device: string;
  /** Six hexadecimal digits: `030200` is a 3D controller. */
  readonly class: string;
  readonly driver: string | null;
  /** The driver is part of the kernel: it is bound before any module, at every boot. */
  readonly isDriverBuiltin: boolean;
  readonly driverOverride: string | null;
  readonly iommuGroup: number | null;
  readonly numaNode: number | null;
  readonly bootVga: boolean;
  readonly sriovTotalVfs: number;
  /** The physical function this is a virtual one of. */
  readonly physfn: string | null;
  readonly resetMethods: readonly string[];
  readonly powerState: string | null;
  /** Its configuration space reads as ones: powered off for good, or fallen off the bus. Looked at for GPUs only. */
  readonly isSilent: boolean;
  /** What the firmware's picture is called that lies in its memory (`BOOTFB`, `simple-framebuffer`, `efifb`). */
  readonly bootFramebuffer: string | null;
  /** The kernel refused it to VFIO in this boot, for memory that the firmware reserved for itself (RMRR). */
  readonly isReserved: boolean;
  readonly modalias: string;
  /** Functions that depend on this one's power: how a card's audio names its display function. */
  readonly consumers: readonly string[];
  /** As Nova will classify it (nova/virt/libvirt/host.py): a PF as soon as it can have VFs. */
  readonly novaType: NovaType;
}

export interface PciTree {
  readonly functions: readonly PciFunction[];
  /** /sys/class/iommu: `dmar0`, `ivhd0`; empty when no IOMMU is in use. */
  readonly iommuUnits: readonly string[];
  /** Firmware tables that announce one: DMAR (Intel), IVRS (AMD). */
  readonly firmwareTables: readonly string[];
  /** Interrupts go through the IOMMU, without which VFIO takes no device; null where nobody can tell (not x86). */
  readonly hasInterruptRemapping: boolean | null;
}

/**
 * One process for the whole bus: sysfs files are read by the shell itself, links followed by `cd -P`. On a host with a
 * thousand functions a fork for each file would take a minute. `$1` is where sysfs is mounted, `$2` procfs. Only modules that were
 * loaded have an `initstate` (kernel/module/sysfs.c); built-in ones have a directory too. What /proc/iomem shows indented
 * below a function lies in its memory. Chips whose names begin with `IR-` send interrupts through the IOMMU.
 */
const SCRIPT = `s=$1 p=$2
say() { [ -r "$d/$1" ] && IFS= read -r v <"$d/$1" && [ -n "$v" ] && printf '%s %s\\n' "$1" "$v"; }
follow() { [ -e "$d/$1" ] && cd -P "$d/$1" 2>/dev/null && printf '%s %s\\n' "$1" "\${PWD##*/}"; }
for d in "$s"/bus/pci/devices/*; do
  [ -e "$d/vendor" ] || continue
  printf 'function %s\\n' "\${d##*/}"
  IFS= read -r class <"$d/class"
  for f in vendor device class driver_override numa_node boot_vga sriov_totalvfs reset_method power_state modalias; do say "$f"; done
  for l in driver iommu_group physfn; do follow "$l"; done
  [ -d "$d/driver/module" ] && [ ! -e "$d/driver/module/initstate" ] && echo builtin
  case $class in 0x03*|0x12*) [ -r "$d/config" ] && [ "$(od -An -tx1 -N2 "$d/config" 2>/dev/null)" = ' ff ff' ] && echo silent;; esac
  for c in "$d"/consumer:pci:*; do [ -e "$c" ] && printf 'consumer %s\\n' "\${c##*/consumer:pci:}"; done
done
if [ -r "$p/iomem" ]; then
  at= deep=
  while IFS= read -r l; do
    name=\${l##* : } blanks=\${l%%[! ]*}
    case $blanks in "$deep "*) ;; *) at=;; esac
    case $name in
      *:??:??.?) at=$name deep=$blanks;;
      BOOTFB|simple-framebuffer*|simpledrm|efifb|vesafb) [ -n "$at" ] && printf 'framebuffer %s %s\\n' "$at" "$name";;
    esac
  done <"$p/iomem"
fi
dmesg 2>/dev/null | sed -n 's/.* \\([0-9a-f]*:[0-9a-f][0-9a-f]:[0-9a-f][0-9a-f]\\.[0-7]\\): Device is ineligible for IOMMU domain attach due to platform RMRR.*/reserved \\1/p'
if grep -qs 'IR-' "$p/interrupts"; then echo 'remapping on'; elif grep -qs 'IO-APIC' "$p/interrupts"; then echo 'remapping off'; fi
for u in "$s"/class/iommu/*; do [ -e "$u" ] && printf 'unit %s\\n' "\${u##*/}"; done
for t in DMAR IVRS IORT; do [ -e "$s/firmware/acpi/tables/$t" ] && printf 'table %s\\n' "$t"; done
exit 0`;

const kind = scriptKind<string, PciTree>({
  name: 'pci',
  script: SCRIPT,
  args: (sysfs) => [sysfs, sysfs === '/sys' ? '/proc' : `${sysfs}/proc`],
  parse: parsePciTree,
  predict: (_, tree, overlay) => ({ ...tree, functions: tree.functions.map((one) => predicted(one, overlay)) }),
});

/** @example (await read(pciTree())).functions.filter((one) => one.class.startsWith('03')) */
export function pciTree(sysfs = '/sys'): Probe<PciTree> {
  return probe(kind, sysfs, ['pci:/']);
}

function pciResource(address: string): Resource {
  return `pci:/${address}`;
}

export const ADDRESS = /^[0-9a-f]{4,8}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]$/;

/** @example normaliseAddress('88:00.0') // '0000:88:00.0' */
export function normaliseAddress(text: string): string {
  const lower = text.trim().toLowerCase();
  return /^[0-9a-f]{2}:/.test(lower) ? `0000:${lower}` : lower;
}

export function parsePciTree(stdout: string): PciTree {
  const functions: { readonly address: string; readonly fields: Map<string, string>; readonly consumers: string[] }[] =
    [];
  const units: string[] = [];
  const tables: string[] = [];
  const records = recordsOf(stdout);
  const remarks = { framebuffers: new Map(pairsOf(records, 'framebuffer')), reserved: new Set<string>() };
  for (const [key, value] of records) {
    if (key === 'function') functions.push({ address: value.toLowerCase(), fields: new Map(), consumers: [] });
    else if (key === 'unit') units.push(value);
    else if (key === 'table') tables.push(value);
    else if (key === 'reserved') remarks.reserved.add(value);
    else if (key === 'framebuffer' || key === 'remapping') continue;
    else if (key === 'consumer') functions.at(-1)?.consumers.push(value);
    else functions.at(-1)?.fields.set(key, value);
  }
  const remapping = records.find(([key]) => key === 'remapping')?.[1];
  return {
    functions: functions.map((one) => functionOf(one, remarks)),
    iommuUnits: units,
    firmwareTables: tables,
    hasInterruptRemapping: remapping === undefined ? null : remapping === 'on',
  };
}

function pairsOf(records: ReturnType<typeof recordsOf>, wanted: string): readonly (readonly [string, string])[] {
  return records.flatMap(([key, value]) => {
    const [first = '', ...rest] = value.split(' ');
    return key === wanted ? [[first, rest.join(' ')] as const] : [];
  });
}

/** What the kernel says of functions elsewhere than in sysfs, by address. */
interface Remarks {
  readonly framebuffers: ReadonlyMap<string, string>;
  readonly reserved: ReadonlySet<string>;
}

interface Found {
  readonly address: string;
  readonly fields: ReadonlyMap<string, string>;
  readonly consumers: readonly string[];
}

function functionOf({ address, fields, consumers }: Found, { framebuffers, reserved }: Remarks): PciFunction {
  if (!ADDRESS.test(address)) throw new ProbeError(`not a PCI address: ${JSON.stringify(address)}`);
  const numaNode = Number(fields.get('numa_node') ?? -1);
  const group = fields.get('iommu_group');
  return {
    address,
    slot: address.slice(0, -2),
    vendor: hex(fields.get('vendor'), 4),
    device: hex(fields.get('device'), 4),
    class: hex(fields.get('class'), 6),
    driver: fields.get('driver') ?? null,
    isDriverBuiltin: fields.has('builtin'),
    driverOverride: overrideOf(fields.get('driver_override')),
    iommuGroup: group === undefined ? null : Number(group),
    numaNode: numaNode >= 0 ? numaNode : null,
    bootVga: fields.get('boot_vga') === '1',
    sriovTotalVfs: Number(fields.get('sriov_totalvfs') ?? 0),
    physfn: fields.get('physfn') ?? null,
    resetMethods: fields.get('reset_method')?.split(' ').filter(Boolean) ?? [],
    powerState: fields.get('power_state') ?? null,
    isSilent: fields.has('silent'),
    bootFramebuffer: framebuffers.get(address) ?? null,
    isReserved: reserved.has(address),
    modalias: fields.get('modalias') ?? '',
    consumers: consumers.toSorted(),
    novaType: novaTypeOf(fields),
  };
}

function novaTypeOf(fields: ReadonlyMap<string, string>): NovaType {
  if (fields.has('physfn')) return 'type-VF';
  return Number(fields.get('sriov_totalvfs') ?? 0) > 0 ? 'type-PF' : 'type-PCI';
}

function hex(text: string | undefined, digits: number): string {
  return (text ?? '').replace(/^0x/, '').toLowerCase().padStart(digits, '0');
}

/** The kernel prints `(null)` for an override that is not set (drivers/pci/pci-sysfs.c driver_override_show). */
function overrideOf(text: string | undefined): string | null {
  return text === undefined || text === '(null)' || text === '' ? null : text;
}

function predicted(one: PciFunction, overlay: Overlay): PciFunction {
  const fact = overlay.fact(pciResource(one.address));
  return isBinding(fact) ? { ...one, driver: fact.driver, driverOverride: fact.driver, isDriverBuiltin: false } : one;
}

function isBinding(fact: unknown): fact is { readonly driver: string | null } {
  return typeof fact === 'object' && fact !== null && 'driver' in fact;
}
