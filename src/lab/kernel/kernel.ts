import { FileError } from '../fuse/tree.ts';
import type { PciFunction } from './cards.ts';
import { type ModuleSpec, moduleNamed, type PciId } from './catalog.ts';

interface Driver {
  readonly name: string;
  readonly module: ModuleSpec;
  readonly dynamic: PciId[];
}

interface LoadedModule {
  readonly spec: ModuleSpec;
  readonly params: Record<string, string>;
}

export interface KernelOptions {
  readonly functions: readonly PciFunction[];
  readonly iommu: boolean;
  readonly cmdline: string;
  readonly builtin: readonly string[];
}

function matches(id: PciId, pci: PciFunction): boolean {
  if (id.vendor !== undefined && id.vendor !== pci.vendor) return false;
  if (id.device !== undefined && id.device !== pci.device) return false;
  return id.class === undefined || pci.class.startsWith(id.class);
}

const hex = (field: string | undefined): string | undefined =>
  field !== undefined && /^(0x)?[0-9a-f]{1,8}$/i.test(field)
    ? Number.parseInt(field, 16).toString(16).padStart(4, '0')
    : undefined;

/** `vendor device [subvendor subdevice class classmask data]`, as drivers/pci/pci-driver.c reads it. */
function parseId(text: string): PciId {
  const [vendor, device] = text.trim().split(/\s+/).map(hex);
  if (vendor === undefined || device === undefined) throw new FileError('EINVAL');
  return { vendor, device };
}

/**
 * The part of a booted kernel that decides which driver has which PCI function, after drivers/base/bus.c,
 * drivers/base/dd.c and drivers/pci/pci-driver.c. One boot, one instance.
 */
export class SimulatedKernel {
  readonly options: KernelOptions;
  readonly modules = new Map<string, LoadedModule>();
  readonly drivers = new Map<string, Driver>();
  readonly bound = new Map<string, string>();
  readonly overrides = new Map<string, string>();
  readonly virtualFunctions = new Map<string, number>();
  autoprobe = true;

  constructor(options: KernelOptions) {
    this.options = options;
    for (const name of options.builtin) this.load(name, this.bootParams(name));
  }

  /** Parameters of a module on the kernel command line: `vfio-pci.ids=…`, with `-` and `_` alike. The last one wins. */
  bootParams(name: string): Record<string, string> {
    const prefix = `${name}.`;
    const params: Record<string, string> = {};
    for (const token of this.options.cmdline.split(/\s+/)) {
      const dot = token.indexOf('.');
      if (dot < 0 || `${token.slice(0, dot).replaceAll('-', '_')}.` !== prefix) continue;
      const [key = '', ...value] = token.slice(dot + 1).split('=');
      params[key.replaceAll('-', '_')] = value.join('=');
    }
    return params;
  }

  isBuiltin(name: string): boolean {
    return this.options.builtin.includes(name);
  }

  holders(name: string): readonly string[] {
    return [...this.modules.values()].filter(({ spec }) => spec.depends.includes(name)).map(({ spec }) => spec.name);
  }

  /** insmod: what it depends on is loaded with it. A module that is there already keeps its parameters. */
  load(name: string, params: Readonly<Record<string, string>>): void {
    const spec = moduleNamed(name);
    if (!spec) throw new FileError('ENOENT');
    if (this.modules.has(spec.name)) return;
    for (const dependency of spec.depends) this.load(dependency, this.bootParams(dependency));
    const visible = Object.fromEntries(
      Object.entries(spec.params).flatMap(([key, value]) => (value === null ? [] : [[key, value]])),
    );
    const given = Object.entries(params).filter(([key]) => spec.params[key] !== null);
    this.modules.set(spec.name, { spec, params: { ...visible, ...Object.fromEntries(given) } });
    if (spec.driver) this.#register(spec, spec.driver.name, params.ids);
  }

  #register(module: ModuleSpec, name: string, ids: string | undefined): void {
    const dynamic = (ids ?? '')
      .split(',')
      .filter(Boolean)
      .map((id) => parseId(id.replaceAll(':', ' ')));
    const driver = { name, module, dynamic };
    this.drivers.set(name, driver);
    if (this.autoprobe) this.#attachAll(driver);
  }

  #attachAll(driver: Driver): void {
    for (const pci of this.options.functions) {
      if (!this.bound.has(pci.bdf) && this.#accepts(driver, pci) && this.#refusal(driver, pci) === undefined) {
        this.bound.set(pci.bdf, driver.name);
      }
    }
  }

  unload(name: string): void {
    if (this.isBuiltin(name) || this.holders(name).length > 0) throw new FileError('EBUSY');
    const module = this.modules.get(name);
    if (!module) throw new FileError('ENOENT');
    const driver = module.spec.driver?.name;
    for (const [bdf, bound] of this.bound) if (bound === driver) this.bound.delete(bdf);
    if (driver) this.drivers.delete(driver);
    this.modules.delete(name);
  }

  #function(bdf: string): PciFunction {
    const found = this.options.functions.find((pci) => pci.bdf === bdf.trim());
    if (!found) throw new FileError('ENODEV');
    return found;
  }

  #driver(name: string): Driver {
    const driver = this.drivers.get(name);
    if (!driver) throw new FileError('ENODEV');
    return driver;
  }

  /** An override excludes every other driver and needs no id. */
  #accepts(driver: Driver, pci: PciFunction): boolean {
    const override = this.overrides.get(pci.bdf);
    if (override !== undefined) return override === driver.name;
    return [...driver.dynamic, ...(driver.module.driver?.ids ?? [])].some((id) => matches(id, pci));
  }

  /**
   * What the driver's probe function answers. vfio-pci takes nothing that has no IOMMU group, and no bridge; a driver for one kind
   * of hardware finds nothing it knows in another, whatever an override says.
   */
  #refusal(driver: Driver, pci: PciFunction): 'EINVAL' | 'ENODEV' | undefined {
    const { ids = [] } = driver.module.driver ?? {};
    if (ids.length > 0 && !ids.some((id) => matches(id, pci))) return 'ENODEV';
    if (driver.name !== 'vfio-pci') return undefined;
    return this.options.iommu && !pci.class.startsWith('06') ? undefined : 'EINVAL';
  }

  bind(name: string, bdf: string): void {
    const driver = this.#driver(name);
    const pci = this.#function(bdf);
    if (!this.#accepts(driver, pci)) throw new FileError('ENODEV');
    if (this.bound.has(pci.bdf)) throw new FileError('EBUSY');
    const refusal = this.#refusal(driver, pci);
    if (refusal) throw new FileError(refusal);
    this.bound.set(pci.bdf, name);
  }

  unbind(name: string, bdf: string): void {
    const pci = this.#function(bdf);
    if (this.bound.get(pci.bdf) !== name) throw new FileError('ENODEV');
    this.bound.delete(pci.bdf);
  }

  /** drivers_probe: neither finding no driver nor a driver's refusal is an error, the next driver is tried (dd.c). */
  probe(bdf: string): void {
    const pci = this.#function(bdf);
    if (this.bound.has(pci.bdf)) return;
    const willing = (driver: Driver): boolean => this.#accepts(driver, pci) && this.#refusal(driver, pci) === undefined;
    const driver = [...this.drivers.values()].find(willing);
    if (driver) this.bound.set(pci.bdf, driver.name);
  }

  newId(name: string, text: string): void {
    const driver = this.#driver(name);
    const id = parseId(text);
    const known = driver.dynamic.some((other) => other.vendor === id.vendor && other.device === id.device);
    if (known) throw new FileError('EEXIST');
    driver.dynamic.push(id);
    this.#attachAll(driver);
  }

  removeId(name: string, text: string): void {
    const { dynamic } = this.#driver(name);
    const id = parseId(text);
    const index = dynamic.findIndex((other) => other.vendor === id.vendor && other.device === id.device);
    if (index < 0) throw new FileError('ENODEV');
    dynamic.splice(index, 1);
  }

  /** A newline alone clears it. */
  setOverride(bdf: string, text: string): void {
    const pci = this.#function(bdf);
    if (text.length >= 4095) throw new FileError('EINVAL');
    const name = text.split('\n')[0] ?? '';
    if (name === '') this.overrides.delete(pci.bdf);
    else this.overrides.set(pci.bdf, name);
  }
}
