import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseOslo } from '../../probes/nova/oslo-ini.ts';
import { aspectFaults } from './checks.ts';
import { assign, type HostFunction } from './cross-check.ts';
import { specRules } from './device-spec.ts';
import { defaultFilters, filtersOf } from './filters.ts';

// What Nova 26's own code said to the same values; see capture-nova.py beside the captures.
interface Case<Result> {
  readonly name: string;
  readonly values: readonly string[];
  readonly result: Result & { readonly error?: string };
}
const nova = JSON.parse(readFileSync('test/fixtures/nova/nova-captures.json', 'utf8')) as {
  readonly release: number;
  readonly devices: readonly { readonly address: string; readonly vendor_id: string; readonly product_id: string }[];
  readonly aliases: readonly Case<{ readonly names?: readonly string[] }>[];
  readonly specs: readonly Case<{ readonly given?: Readonly<Record<string, number>> }>[];
  readonly filters: readonly string[];
  readonly default_filters: readonly string[];
};

function faultsOf(aspect: 'alias' | 'device_spec', values: readonly string[]): readonly string[] {
  const text = `[pci]\n${values.map((value) => `${aspect} = ${value}\n`).join('')}`;
  return aspectFaults(aspect, [{ path: 'nova.conf', file: parseOslo(text) }], nova.release);
}

describe('an alias', () => {
  for (const { name, values, result } of nova.aliases) {
    it(`${result.error ? 'is refused' : 'is taken'} as by Nova: ${name}`, () => {
      expect(faultsOf('alias', values).length > 0).toBe(result.error !== undefined);
    });
  }
});

describe('a device_spec', () => {
  const functions = nova.devices.map(
    (one): HostFunction => ({ address: one.address, vendor: one.vendor_id, device: one.product_id, type: 'type-PCI' }),
  );
  for (const { name, values, result } of nova.specs) {
    it(`${result.error ? 'is refused' : 'gives the same devices'} as by Nova: ${name}`, () => {
      expect(faultsOf('device_spec', values).length > 0).toBe(result.error !== undefined);
      if (result.error) return;
      const specs = values.flatMap((value) => specRules.read(value) ?? []);
      const given = [...assign(specs, functions)].map(([one, spec]) => [one.address, specs.indexOf(spec)]);
      expect(Object.fromEntries(given)).toEqual(result.given);
    });
  }
});

describe('filters', () => {
  it('are those Nova ships', () => {
    expect(filtersOf(nova.release)).toEqual(nova.filters);
  });
  it('have the default Nova has', () => {
    expect(defaultFilters(nova.release)).toEqual(nova.default_filters);
  });
});
