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

  it.each(['gpu01', 'gpu02', 'gpu03'])('lists the ids of the functions that %s has', (name) => {
    const cards = defaultHosts.find((host) => host.name === name)?.cards ?? [];
    const functions = functionsOf({ cards, interface: 'eth0' }).filter(({ bdf }) => bdf >= '0000:80');
    const ids = new Set(functions.map(({ vendor, device }) => `${vendor}:${device}`));
    const listed = [...text(`host_vars/${name}.yaml`).matchAll(/[0-9a-f]{4}:[0-9a-f]{4}/g)].map(([id]) => id);
    expect(new Set(listed)).toEqual(ids);
  });
});
