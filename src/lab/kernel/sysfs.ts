import {
  attribute,
  control,
  directory,
  FileError,
  link,
  type VirtualDirectory,
  type VirtualNode,
} from '../fuse/tree.ts';
import { modalias, type PciFunction } from './cards.ts';
import type { SimulatedKernel } from './kernel.ts';

type Entries = Record<string, VirtualNode | undefined>;

/** What the tree shows of one host. The kernel changes at every boot, so it is asked for each time. */
export interface SysfsSource {
  readonly kernel: () => SimulatedKernel;
  /** The table the firmware publishes when it exposes an IOMMU. */
  readonly firmwareTable: 'DMAR' | 'IVRS' | undefined;
  readonly productUuid: string;
  /** Stands between a write to an unbind file and its effect; may never settle. */
  readonly beforeUnbind: (bdf: string) => Promise<void>;
}

const root = 'devices/pci0000:00';

const storable = (read: () => string, write: (text: string) => void): VirtualNode => ({
  kind: 'file',
  mode: 0o644,
  read: () => `${read()}\n`,
  write,
});

const records = <T>(all: Iterable<T>, entry: (item: T) => readonly [string, VirtualNode]): Entries =>
  Object.fromEntries(Array.from(all, entry));

function identity(pci: PciFunction): Entries {
  return {
    vendor: attribute(() => `0x${pci.vendor}`),
    device: attribute(() => `0x${pci.device}`),
    subsystem_vendor: attribute(() => `0x${pci.subsystem[0]}`),
    subsystem_device: attribute(() => `0x${pci.subsystem[1]}`),
    class: attribute(() => `0x${pci.class}`),
    revision: attribute(() => '0xa1'),
    modalias: attribute(() => modalias(pci)),
    numa_node: attribute(() => pci.numaNode),
    power_state: attribute(() => 'D0'),
    reset_method: attribute(() => pci.resetMethods.join(' ')),
    boot_vga: pci.class.startsWith('0300') ? attribute(() => (pci.bootVga ? 1 : 0)) : undefined,
    physfn: pci.physfn ? link(`../${pci.physfn}`) : undefined,
    ...records(pci.consumers, (bdf) => [
      `consumer:pci:${bdf}`,
      link(`../../virtual/devlink/pci:${pci.bdf}--pci:${bdf}`),
    ]),
  };
}

/** Where consumer links lead: one directory for each pair that shares its power state. */
function deviceLinks(kernel: SimulatedKernel): Entries {
  const pairs = kernel.options.functions.flatMap(({ bdf, consumers }) =>
    consumers.map((other) => `pci:${bdf}--pci:${other}`),
  );
  return records(pairs, (name) => [name, directory({ status: attribute(() => 'active') })]);
}

function uevent(pci: PciFunction, driver: string | undefined): string {
  const lines = [
    ...(driver ? [`DRIVER=${driver}`] : []),
    `PCI_CLASS=${pci.class.toUpperCase().replace(/^0/, '')}`,
    `PCI_ID=${pci.vendor}:${pci.device}`.toUpperCase(),
    `PCI_SLOT_NAME=${pci.bdf}`,
    `MODALIAS=${modalias(pci)}`,
  ];
  return lines.join('\n');
}

/** Virtual functions are counted only: creating them is not simulated beyond the file's own rules. */
function sriov(kernel: SimulatedKernel, pci: PciFunction): Entries {
  const total = pci.totalVfs;
  if (total === undefined) return {};
  const set = (text: string): void => {
    const wanted = Number(text.trim());
    if (!Number.isInteger(wanted) || wanted < 0 || wanted > total) throw new FileError('EINVAL');
    if (wanted > 0 && (kernel.virtualFunctions.get(pci.bdf) ?? 0) > 0) throw new FileError('EBUSY');
    kernel.virtualFunctions.set(pci.bdf, wanted);
  };
  return {
    sriov_totalvfs: attribute(() => total),
    sriov_numvfs: storable(() => String(kernel.virtualFunctions.get(pci.bdf) ?? 0), set),
  };
}

function pciDevice(source: SysfsSource, pci: PciFunction): VirtualDirectory {
  return directory(() => {
    const kernel = source.kernel();
    const driver = kernel.bound.get(pci.bdf);
    const backs = driver && driver !== 'vfio-pci' ? pci.backs : undefined;
    return {
      ...identity(pci),
      ...sriov(kernel, pci),
      uevent: attribute(() => uevent(pci, driver)),
      driver_override: storable(
        () => kernel.overrides.get(pci.bdf) ?? '(null)',
        (text) => kernel.setOverride(pci.bdf, text),
      ),
      driver: driver ? link(`../../../bus/pci/drivers/${driver}`) : undefined,
      iommu_group: kernel.options.iommu ? link(`../../../kernel/iommu_groups/${pci.group}`) : undefined,
      subsystem: link('../../../bus/pci'),
      net: backs?.kind === 'net' ? directory({ [backs.name]: link(`../../../../class/net/${backs.name}`) }) : undefined,
    };
  });
}

function pciDriver(source: SysfsSource, name: string): VirtualDirectory {
  return directory(() => {
    const kernel = source.kernel();
    const module = kernel.drivers.get(name)?.module.name;
    const unbind = async (bdf: string): Promise<void> => {
      await source.beforeUnbind(bdf.trim());
      kernel.unbind(name, bdf);
    };
    const taken = [...kernel.bound].flatMap(([bdf, by]) => (by === name ? [bdf] : []));
    return {
      bind: control((bdf) => kernel.bind(name, bdf)),
      unbind: control(unbind),
      new_id: control((text) => kernel.newId(name, text)),
      remove_id: control((text) => kernel.removeId(name, text)),
      module: module ? link(`../../../../module/${module}`) : undefined,
      ...records(taken, (bdf) => [bdf, link(`../../../../${root}/${bdf}`)]),
    };
  });
}

function pciBus(source: SysfsSource): VirtualDirectory {
  const autoprobe = storable(
    () => (source.kernel().autoprobe ? '1' : '0'),
    (text) => {
      source.kernel().autoprobe = !text.startsWith('0');
    },
  );
  return directory({
    devices: directory(() =>
      records(source.kernel().options.functions, ({ bdf }) => [bdf, link(`../../../${root}/${bdf}`)]),
    ),
    drivers: directory(() => records(source.kernel().drivers.keys(), (name) => [name, pciDriver(source, name)])),
    drivers_probe: control((bdf) => source.kernel().probe(bdf)),
    drivers_autoprobe: autoprobe,
    rescan: control(() => {}),
  });
}

function iommuGroups(kernel: SimulatedKernel): Entries {
  if (!kernel.options.iommu) return {};
  const groups = Map.groupBy(kernel.options.functions, ({ group }) => group);
  const translation = /\biommu=pt\b/.test(kernel.options.cmdline) ? 'identity' : 'DMA-FQ';
  return records(groups, ([group, members]) => [
    String(group),
    directory({
      devices: directory(records(members, ({ bdf }) => [bdf, link(`../../../../${root}/${bdf}`)])),
      type: attribute(() => translation),
      reserved_regions: attribute(() => '0x00000000fee00000 0x00000000feefffff msi'),
    }),
  ]);
}

function moduleDirectory(source: SysfsSource, name: string): VirtualDirectory {
  return directory(() => {
    const kernel = source.kernel();
    const module = kernel.modules.get(name);
    if (!module) return {};
    const builtin = kernel.isBuiltin(name);
    const driver = module.spec.driver?.name;
    const parameter = (key: string): VirtualNode =>
      storable(
        () => module.params[key] ?? '',
        (text) => {
          module.params[key] = text.trim();
        },
      );
    return {
      parameters: directory(records(Object.keys(module.params), (key) => [key, parameter(key)])),
      holders: builtin
        ? undefined
        : directory(records(kernel.holders(name), (other) => [other, link(`../../${other}`)])),
      refcnt: builtin ? undefined : attribute(() => kernel.holders(name).length),
      initstate: builtin ? undefined : attribute(() => 'live'),
      drivers: driver ? directory({ [`pci:${driver}`]: link(`../../../bus/pci/drivers/${driver}`) }) : undefined,
    };
  });
}

function interfaces(kernel: SimulatedKernel, kind: 'net' | 'block'): Entries {
  const backing = kernel.options.functions.filter((pci) => pci.backs?.kind === kind);
  const prefix = kind === 'net' ? '../../../' : '../../';
  return records(backing, (pci) => [pci.backs?.name ?? '', directory({ device: link(`${prefix}${root}/${pci.bdf}`) })]);
}

/** /sys of one host. */
export function sysfs(source: SysfsSource): VirtualDirectory {
  const { kernel, firmwareTable } = source;
  const unit = firmwareTable === 'IVRS' ? 'ivhd0' : 'dmar0';
  const table: Entries = firmwareTable ? { [firmwareTable]: attribute(() => firmwareTable) } : {};
  return directory({
    bus: directory({ pci: pciBus(source) }),
    devices: directory({
      'pci0000:00': directory(() => records(kernel().options.functions, (pci) => [pci.bdf, pciDevice(source, pci)])),
      virtual: directory({ devlink: directory(() => deviceLinks(kernel())) }),
      system: directory({ node: directory({ node0: directory({}), node1: directory({}) }) }),
    }),
    class: directory({
      iommu: directory(() => (kernel().options.iommu ? { [unit]: directory({}) } : {})),
      net: directory(() => interfaces(kernel(), 'net')),
      block: directory(() => interfaces(kernel(), 'block')),
      dmi: directory({
        id: directory({ product_uuid: attribute(() => source.productUuid), sys_vendor: attribute(() => 'tsplay lab') }),
      }),
    }),
    firmware: directory({ acpi: directory({ tables: directory(table) }) }),
    kernel: directory({ iommu_groups: directory(() => iommuGroups(kernel())) }),
    module: directory(() => records(kernel().modules.keys(), (name) => [name, moduleDirectory(source, name)])),
    block: directory(() => interfaces(kernel(), 'block')),
    fs: directory({ cgroup: directory({}) }),
  });
}

/** The text of /proc/modules. Drivers built into the kernel image are not in it. */
export function procModules(kernel: SimulatedKernel): string {
  const lines = [...kernel.modules.values()].filter(({ spec }) => !kernel.isBuiltin(spec.name));
  return lines
    .map(({ spec }) => {
      const holders = kernel.holders(spec.name);
      return `${spec.name} 16384 ${holders.length} ${holders.length ? `${holders.join(',')},` : '-'} Live 0x0000000000000000\n`;
    })
    .reverse()
    .join('');
}

/** /proc/iomem: the boot framebuffer lies in the primary display's memory. */
export function procIomem(kernel: SimulatedKernel): string {
  const primary = kernel.options.functions.find((pci) => pci.bootVga);
  if (!primary) return '';
  return `e0000000-efffffff : PCI Bus ${primary.bdf.slice(0, 7)}\n  e0000000-e0ffffff : ${primary.bdf}\n    e0000000-e02fffff : BOOTFB\n`;
}

/** /proc/interrupts: with an IOMMU in use, interrupts go through it. */
export function procInterrupts(kernel: SimulatedKernel): string {
  const chip = kernel.options.iommu ? 'IR-IO-APIC' : 'IO-APIC';
  return `           CPU0\n   9:          0  ${chip}    9-fasteoi   acpi\n`;
}
