import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface CardFunction {
  readonly address: string;
  readonly id: string;
  readonly class: string;
  readonly driver?: string;
  readonly group?: number;
  readonly files?: Readonly<Record<string, string>>;
  readonly physfn?: string;
  readonly consumers?: readonly string[];
}

/** A sysfs of plain files and links, for the scripts that read one. Nothing in it acts. */
export function makeSysfs(root: string, functions: readonly CardFunction[]): void {
  mkdirSync(join(root, 'bus/pci/devices'), { recursive: true });
  for (const one of functions) makeFunction(root, one);
}

function makeFunction(root: string, one: CardFunction): void {
  const place = join(root, 'devices/pci0000:00', one.address);
  const [vendor, device] = one.id.split(':');
  mkdirSync(place, { recursive: true });
  symlinkSync(place, join(root, 'bus/pci/devices', one.address));
  const files = {
    vendor: `0x${vendor}`,
    device: `0x${device}`,
    class: `0x${one.class}`,
    driver_override: '(null)',
    numa_node: '-1',
    ...one.files,
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(place, name), `${text}\n`);
  if (one.driver) link(root, place, 'driver', `bus/pci/drivers/${one.driver}`);
  if (one.group !== undefined) link(root, place, 'iommu_group', `kernel/iommu_groups/${one.group}`);
  if (one.physfn) link(root, place, 'physfn', `devices/pci0000:00/${one.physfn}`);
  for (const consumer of one.consumers ?? []) mkdirSync(join(place, `consumer:pci:${consumer}`));
}

function link(root: string, place: string, name: string, target: string): void {
  mkdirSync(join(root, target), { recursive: true });
  symlinkSync(join(root, target), join(place, name));
}
