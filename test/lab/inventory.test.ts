import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { functionsOf } from '../../src/lab/kernel/cards.ts';
import { defaultHosts } from '../../src/lab/options.ts';

const inventory = join(import.meta.dirname, '../../inventory');
const text = (path: string): string => readFileSync(join(inventory, path), 'utf8');

describe('the inventory that comes with tsplay', () => {
  it('names the hosts of the lab at their addresses and port', () => {
    const listed = [...text('hosts.yaml').matchAll(/^ +(\w+):\n +ansible_host: (\S+)$/gm)].map(
      ([, name, address]) => `${name} ${address}`,
    );
    expect(listed.sort()).toEqual(defaultHosts.map(({ name, address }) => `${name} ${address}`).sort());
    const ports = new Set(defaultHosts.map(({ port }) => `ansible_port: ${port}`));
    expect([...ports].map((line) => text('group_vars/all.yaml').includes(line))).toEqual([true]);
  });

  it.each(['gpu01', 'gpu02', 'gpu03'])('asks only for devices that %s has in the lab', (name) => {
    const cards = defaultHosts.find((host) => host.name === name)?.cards ?? [];
    const functions = functionsOf({ cards, interface: 'eth0' });
    const devices = text(`host_vars/${name}.yaml`);
    const addresses = [...devices.matchAll(/"(0000:\S+)"/g)].map(([, address]) => address);
    const ids = [...devices.matchAll(/"([0-9a-f]{4}:[0-9a-f]{4})"/g)].map(([, id]) => id);
    const classes = [...devices.matchAll(/class: "(\w+)"/g)].map(([, prefix = '']) => prefix);
    expect([...addresses, ...ids, ...classes]).not.toEqual([]);
    expect(functions.map(({ bdf }) => bdf)).toEqual(expect.arrayContaining(addresses));
    expect(functions.map(({ vendor, device }) => `${vendor}:${device}`)).toEqual(expect.arrayContaining(ids));
    expect(classes.every((prefix) => functions.some((pci) => pci.class.startsWith(prefix)))).toBe(true);
  });
});
