import { lastValue, type OsloSource, placeOf } from '../../probes/nova/effective-config.ts';

const PINNED = { section: 'DEFAULT', key: 'vcpu_pin_set' };
const DEDICATED = { section: 'compute', key: 'cpu_dedicated_set' };
const SHARED = { section: 'compute', key: 'cpu_shared_set' };
const RESERVED = { section: 'DEFAULT', key: 'reserved_host_cpus' };

/**
 * Why nova-compute would not start with these sets of CPUs (20.0.0 and later).
 *
 * Source: nova `virt/libvirt/driver.py` `_check_cpu_set_configuration`, `virt/hardware.py` `parse_cpu_spec`.
 */
export function cpuProblems(sources: readonly OsloSource[], release: number): readonly string[] {
  if (release < 20) return [];
  const [pinned, dedicated, shared] = [PINNED, DEDICATED, SHARED].map((name) => setOf(sources, name));
  if (!pinned || !dedicated || !shared) return [];
  const broken = [pinned, dedicated, shared].flatMap(({ fault }) => fault ?? []);
  if (broken.length > 0) return broken;
  const isDedicated = dedicated.cpus.size > 0;
  if (pinned.cpus.size > 0)
    return isDedicated ? [`${pinned.place}: vcpu_pin_set and [compute] cpu_dedicated_set exclude each other`] : [];
  const both = [...dedicated.cpus].filter((cpu) => shared.cpus.has(cpu));
  const overlap =
    both.length > 0 ? [`${dedicated.place}: cpu_dedicated_set shares CPU ${both[0]} with cpu_shared_set`] : [];
  const reserved = lastValue(sources, [RESERVED]);
  const isReserved = Number(reserved?.value ?? 0) > 0 && (isDedicated || shared.cpus.size > 0);
  return isReserved && reserved
    ? [...overlap, `${placeOf(reserved)}: reserved_host_cpus excludes [compute] cpu_dedicated_set and cpu_shared_set`]
    : overlap;
}

interface CpuSet {
  readonly cpus: ReadonlySet<number>;
  readonly place: string;
  readonly fault?: string;
}

function setOf(sources: readonly OsloSource[], name: { readonly section: string; readonly key: string }): CpuSet {
  const found = lastValue(sources, [name]);
  if (!found || found.value === '') return { cpus: new Set(), place: '' };
  const place = placeOf(found);
  const cpus = cpuSpec(found.value);
  if (!cpus)
    return { cpus: new Set(), place, fault: `${place}: ${name.key} ${found.value} is no list such as 4-12,^8,15` };
  return cpus.size > 0 ? { cpus, place } : { cpus, place, fault: `${place}: ${name.key} ${found.value} leaves no CPU` };
}

/** @example cpuSpec('4-6,^5') // Set {4, 6} */
export function cpuSpec(text: string): ReadonlySet<number> | undefined {
  const rules = text.split(',').map((rule) => rule.trim());
  const taken = new Set<number>();
  const left = new Set<number>();
  for (const rule of rules.filter((one) => one !== '')) {
    const match = /^(\^?)\s*(\d+)\s*(?:-\s*(\d+))?$/.exec(rule);
    const [from, to] = [Number(match?.[2]), Number(match?.[3] ?? match?.[2])];
    if (!match || from > to || to > MOST_CPUS) return undefined;
    for (let cpu = from; cpu <= to; cpu += 1) (match[1] ? left : taken).add(cpu);
  }
  return new Set([...taken].filter((cpu) => !left.has(cpu)));
}

/** Linux' own limit; a longer range is a slip, and would be counted out here. */
const MOST_CPUS = 8192;
