/** What a PCI driver's id table or a dynamic id says; an absent field matches everything. */
export interface PciId {
  readonly vendor?: string;
  readonly device?: string;
  /** Leading hexadecimal digits of the class, e.g. `03` or `0403`. */
  readonly class?: string;
}

/** A kernel module of the simulated distribution. Names are written with underscores, as the kernel does. */
export interface ModuleSpec {
  readonly name: string;
  /** Below /lib/modules/VERSION/kernel. */
  readonly path: string;
  readonly depends: readonly string[];
  readonly driver?: { readonly name: string; readonly ids: readonly PciId[] };
  /** Parameters and their defaults; `null` has permission 0 and is not to be seen in sysfs. */
  readonly params: Readonly<Record<string, string | null>>;
}

type Extra = Partial<Pick<ModuleSpec, 'depends' | 'driver' | 'params'>>;

const spec = (path: string, extra: Extra = {}): ModuleSpec => ({
  name: (path.split('/').at(-1) ?? '').replaceAll('-', '_'),
  path: `${path}.ko`,
  depends: [],
  params: {},
  ...extra,
});

const driver = (name: string, ...ids: readonly PciId[]) => ({ driver: { name, ids } });

export const catalog: readonly ModuleSpec[] = [
  spec('virt/lib/irqbypass'),
  spec('drivers/vfio/vfio', { params: { enable_unsafe_noiommu_mode: 'N' } }),
  spec('drivers/vfio/vfio_iommu_type1', { depends: ['vfio'], params: { allow_unsafe_interrupts: 'N' } }),
  spec('drivers/vfio/pci/vfio-pci-core', { depends: ['vfio', 'irqbypass'] }),
  // Its own table is marked override_only, hence no ids here: only driver_override and dynamic ids match.
  spec('drivers/vfio/pci/vfio-pci', {
    depends: ['vfio_pci_core', 'vfio'],
    params: { ids: null, disable_vga: 'N', disable_idle_d3: 'N', nointxmask: 'N' },
    ...driver('vfio-pci'),
  }),
  spec('drivers/pci/pci-stub', { params: { ids: null }, ...driver('pci-stub') }),
  spec('drivers/gpu/drm/drm'),
  spec('drivers/gpu/drm/nouveau/nouveau', {
    depends: ['drm'],
    params: { modeset: '-1' },
    ...driver('nouveau', { vendor: '10de', class: '03' }),
  }),
  spec('drivers/gpu/drm/amd/amdgpu/amdgpu', { depends: ['drm'], ...driver('amdgpu', { vendor: '1002', class: '03' }) }),
  spec('drivers/gpu/drm/ast/ast', { depends: ['drm'], ...driver('ast', { vendor: '1a03', device: '2000' }) }),
  spec('sound/core/snd'),
  spec('sound/pci/hda/snd-hda-codec', { depends: ['snd'] }),
  spec('sound/pci/hda/snd-hda-intel', {
    depends: ['snd_hda_codec', 'snd'],
    ...driver('snd_hda_intel', { class: '0403' }),
  }),
  spec('drivers/usb/host/xhci-hcd'),
  spec('drivers/usb/host/xhci-pci', { depends: ['xhci_hcd'], ...driver('xhci_hcd', { class: '0c0330' }) }),
  spec('drivers/i2c/busses/i2c-nvidia-gpu', { ...driver('nvidia-gpu', { vendor: '10de', class: '0c80' }) }),
  spec('drivers/net/ethernet/intel/e1000e/e1000e', { ...driver('e1000e', { vendor: '8086', device: '10d3' }) }),
  spec('drivers/nvme/host/nvme-core'),
  spec('drivers/nvme/host/nvme', { depends: ['nvme_core'], ...driver('nvme', { class: '010802' }) }),
  spec('drivers/ata/ahci', { ...driver('ahci', { class: '010601' }) }),
  spec('drivers/pci/pcie/pcieport', { ...driver('pcieport', { class: '0604' }) }),
  spec('arch/x86/kvm/kvm', { depends: ['irqbypass'] }),
  spec('arch/x86/kvm/kvm-intel', { depends: ['kvm'], params: { nested: 'Y' } }),
  spec('arch/x86/kvm/kvm-amd', { depends: ['kvm'], params: { nested: '1' } }),
  spec('drivers/net/dummy', { params: { numdummies: '1' } }),
];

/** Part of the kernel image unless a host says otherwise. */
export const usuallyBuiltin: readonly string[] = ['pcieport', 'pci_stub'];

/** What a distribution's initramfs carries without being asked: disks, USB, and the display drivers of its splash screen. */
export const imageModules: readonly string[] = [
  'nvme',
  'ahci',
  'xhci_pci',
  'nouveau',
  'amdgpu',
  'ast',
  'snd_hda_intel',
  'i2c_nvidia_gpu',
];

export const underscored = (name: string): string => name.replaceAll('-', '_');

export const moduleNamed = (name: string): ModuleSpec | undefined => {
  const wanted = underscored(name);
  return catalog.find((module) => module.name === wanted);
};

/** A module in the kernel image has all it depends on in there too. */
export function withDependencies(names: readonly string[]): readonly string[] {
  const all = new Set<string>();
  const add = (name: string): void => {
    all.add(name);
    for (const dependency of moduleNamed(name)?.depends ?? []) add(dependency);
  };
  for (const name of names) add(underscored(name));
  return [...all];
}

const upper = (text: string | undefined, width: number): string =>
  text ? text.toUpperCase().padStart(width, '0') : '*';

/** The line of modules.alias for an id, without module name. */
export function aliasPattern(id: PciId): string {
  const [base, sub, prog] = [id.class?.slice(0, 2), id.class?.slice(2, 4), id.class?.slice(4, 6)];
  return `pci:v${upper(id.vendor, 8)}d${upper(id.device, 8)}sv*sd*bc${upper(base, 2)}sc${upper(sub, 2)}i${upper(prog, 2)}`;
}
