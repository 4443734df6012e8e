import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { labObstacle } from '../lab/lab-fixture.ts';
import { type Fleet, startFleet } from './support/fleet.ts';
import { configurationTrees } from './support/look.ts';
import { verb } from './support/verb.ts';

const obstacle = labObstacle();

const PCI_IDS = `10de  NVIDIA \u001b]0;owned\u0007Corporation
\t11b4  K4200 of its own list\u001b[2J
`;

interface Document {
  readonly hosts: readonly {
    readonly host: string;
    readonly status: string;
    readonly cards?: readonly Readonly<Record<string, unknown>>[];
  }[];
  readonly summary: Readonly<Record<string, number>>;
}

describe.skipIf(obstacle)(`tsplay gpus${obstacle ? ` (left out: ${obstacle})` : ''}`, { timeout: 120_000 }, () => {
  let fleet: Fleet;
  beforeAll(async () => {
    fleet = await startFleet(12, {
      amd01: { cards: ['a100', 'k4200'], cpu: 'amd', vars: { gpu_exclude: ['0000:88:00.0'] } },
      nic: { cards: ['k4200-with-nic'], cpu: 'amd' },
      first: { cards: ['k4200-primary'], cpu: 'amd', vars: { gpu_devices: ['10de:11b4'] } },
      ctl01: { role: 'controller' },
    });
    const bound = ['0000:84:00.0', '0000:84:00.1'].map(
      (address) => `cd /sys/bus/pci/devices/${address} && echo vfio-pci >driver_override &&
        { [ ! -e driver ] || echo ${address} >driver/unbind; } && echo ${address} >/sys/bus/pci/drivers_probe`,
    );
    await fleet.ssh('amd01', `modprobe vfio-pci && ${bound[0]}`);
    for (const host of ['nic', 'first']) await fleet.ssh(host, `modprobe vfio-pci && ${bound.join('\n')}`);
  });
  afterAll(() => fleet?.close());

  it('one line a card where nobody watches: ready, kept, and what is missing in words', async () => {
    const before = await configurationTrees(fleet, 'amd01');
    const { out, code } = await verb(fleet, 'gpus');
    expect(out).toMatch(/^amd01 +0000:84:00\.0 .* 10de:20f1 +vfio-pci \.0 +40 +yes +0 +type-PF +flr,bus +ready$/m);
    expect(out).toMatch(/^amd01 +0000:88:00\.0 .* nouveau \.0, snd_hda_intel \.1 .* kept: excluded$/m);
    expect(out).toMatch(
      /^nic .* vfio-pci \.0 \.1 +40 \+0000:84:01\.0 e1000e +no .* not ready: IOMMU group 40 is shared with network function 0000:84:01\.0 on e1000e$/m,
    );
    expect(out).toMatch(
      /^first .* vfio-pci \.0 \.1 +40 +yes .* not ready: the firmware's picture \(BOOTFB\) lies in the memory of display function 0000:84:00\.0/m,
    );
    expect(out).toMatch(/^Hosts +4 hosts\n +ctl01: no GPU\nCards +4 cards: 1 ready, 2 not ready, 1 kept$/m);
    expect(code).toBe(0);
    expect(await configurationTrees(fleet, 'amd01')).toEqual(before);
  });

  it('as a document, with a pattern, and what is unreachable', async () => {
    const words = ['amd01,gone', '-i', 'gone,', '-e', 'ansible_timeout=5', '--output', 'json'];
    const { out, code } = await verb(fleet, 'gpus', ...words);
    const { hosts, summary } = JSON.parse(out) as Document;
    expect(hosts).toMatchObject([
      {
        host: 'amd01',
        status: 'seen',
        firmware_tables: ['IVRS'],
        cards: [{ nova_type: 'type-PF', state: 'ready' }, {}],
      },
      { host: 'gone', status: 'unreachable', message: expect.stringMatching(/^(?!gone: ).*gone/) },
    ]);
    expect(summary).toEqual({
      hosts: 2,
      seen: 1,
      unreachable: 1,
      failed: 0,
      cards: 2,
      ready: 1,
      not_ready: 0,
      kept: 1,
    });
    expect(code).toBe(4);
  });

  it('only what is not ready, and an exit code for it by request', async () => {
    const { out, code } = await verb(fleet, 'gpus', '--only', 'not-ready', '--require-ready');
    expect(out.split('\n').filter((line) => /0000:8\d:00\.0/.test(line))).toEqual([
      expect.stringMatching(/^nic /),
      expect.stringMatching(/^first /),
    ]);
    expect(code).toBe(3);
  });

  it("names come from the host's own pci.ids, and cannot act on the terminal", async () => {
    await fleet.ssh('nic', `mkdir -p /usr/share/misc && printf %s '${PCI_IDS}' >/usr/share/misc/pci.ids`);
    const { out } = await verb(fleet, 'gpus', 'nic');
    expect(out).toContain('K4200 of its own list\\e[2J');
    expect(out).not.toContain('\u001b');
  });

  it('a pattern that matches nothing is an error before any host is asked', async () => {
    const { code, err } = await verb(fleet, 'gpus', 'amd0l');
    expect(err).toMatch(/amd0l/);
    expect(code).toBe(1);
  });

  it('a host costs one round trip of reads', async () => {
    const { out } = await verb(fleet, 'gpus', 'amd01', '--output', 'json');
    expect((JSON.parse(out) as { readonly frames: number }).frames).toBe(1);
  });
});
