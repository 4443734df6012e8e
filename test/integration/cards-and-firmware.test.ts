import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { labObstacle } from '../lab/lab-fixture.ts';
import type { Played } from '../support/play.ts';
import { type Fleet, GPU_CLOUD, startFleet, TOO_LONG } from './support/fleet.ts';
import { cardDrivers, complaints, pciFunctions, tasksOf } from './support/look.ts';

const obstacle = labObstacle() ?? TOO_LONG;

describe.skipIf(obstacle)(
  `cards, groups and firmware${obstacle ? ` (left out: ${obstacle})` : ''}`,
  { timeout: 180_000 },
  () => {
    let fleet: Fleet;
    beforeAll(async () => {
      fleet = await startFleet(7, {
        twins: { cards: ['k4200', 'k4200'], vars: { gpu_exclude: ['0000:88:00.0'] } },
        nic: { cards: ['k4200-with-nic'] },
        amdnic: { cards: ['k4200-with-nic'], cpu: 'amd' },
        bridge: { cards: ['k4200-with-bridge'] },
        bare: { cards: ['k4200'], firmwareIommu: false },
        builtin: { cards: ['k4200'], builtin: ['vfio_pci'] },
        none: { cards: [] },
        patient: { cards: ['k4200'], vars: { gpu_reboot: 'never' } },
      });
    });
    afterAll(() => fleet?.close());
    const expectSettled = async (host: string): Promise<Played> => {
      const played = await fleet.play(GPU_CLOUD, { limit: host });
      expect(complaints(played)).toEqual(new Map());
      const after = await fleet.play(GPU_CLOUD, { limit: host });
      expect(tasksOf(after, 'changed')).toEqual(new Map());
      return played;
    };

    it('a card kept for the host stays on its driver beside its twin for guests, at every boot', async () => {
      await expectSettled('twins');
      const apart = [
        '0000:84:00.0 vfio-pci',
        '0000:84:00.1 vfio-pci',
        '0000:88:00.0 nouveau',
        '0000:88:00.1 snd_hda_intel',
      ];
      expect(await cardDrivers(fleet, 'twins')).toEqual(apart);
      await fleet.lab.reset('twins');
      expect(await cardDrivers(fleet, 'twins')).toEqual(apart);
      expect(await fleet.ssh('twins', 'cat /proc/cmdline; cat /etc/modprobe.d/*.conf')).not.toContain('ids=');
    });

    it('a bridge in the group does no harm', async () => {
      await expectSettled('bridge');
      expect(await cardDrivers(fleet, 'bridge')).toEqual(['0000:84:00.0 vfio-pci', '0000:84:00.1 vfio-pci']);
    });

    it.each(['nic', 'amdnic'])(
      '%s: a card that shares its IOMMU group with a network card is refused by name',
      async (host) => {
        const played = await fleet.play(GPU_CLOUD, { limit: host });
        expect(complaints(played).get(host)).toMatch(
          /IOMMU group is not viable: 0000:84:01\.0 \(8086:10d3, e1000e\) in group 40/,
        );
        expect(played.exitCode).toBe(2);
        // Where the IOMMU is on already, before anything is written.
        if (host === 'amdnic') expect(tasksOf(played, 'changed')).toEqual(new Map());
        const nic = (await pciFunctions(fleet, host)).find(({ address }) => address === '0000:84:01.0');
        expect(nic?.driver).toBe('e1000e');
        expect(await fleet.ssh(host, 'cat /etc/nova/nova.conf')).not.toMatch(/^device_spec/m);
      },
    );

    it('where the groups are known before a reboot, no host is rebooted for a card that is refused', async () => {
      expect(fleet.lab.uptimes('amdnic')).toHaveLength(1);
    });

    it('firmware without IOMMU table is refused with what to switch on, and nothing is changed', async () => {
      const played = await fleet.play(GPU_CLOUD, { limit: 'bare' });
      expect(complaints(played).get('bare')).toMatch(/no DMAR \(Intel\) or IVRS \(AMD\) table.*VT-d or AMD-Vi/);
      expect(tasksOf(played, 'changed')).toEqual(new Map());
      expect(fleet.lab.uptimes('bare')).toHaveLength(1);
    });

    it('with gpu_reboot: never all is prepared, and the rest is done after a reboot by hand', async () => {
      const played = await fleet.play(GPU_CLOUD, { limit: 'patient' });
      expect(complaints(played)).toEqual(new Map());
      expect(played.results('What waits for a reboot').get('patient')).toMatchObject({ status: 'ok' });
      expect(fleet.lab.uptimes('patient')).toHaveLength(1);
      expect(await fleet.ssh('patient', 'cat /etc/nova/nova.conf')).not.toMatch(/^device_spec/m);
      await fleet.lab.reset('patient');
      const after = await fleet.play(GPU_CLOUD, { limit: 'patient' });
      expect(tasksOf(after, 'changed')).toEqual(new Map([['patient', ['Cards and aliases in nova.conf']]]));
      expect(fleet.lab.uptimes('patient')).toHaveLength(2);
      expect(await cardDrivers(fleet, 'patient')).toEqual(['0000:84:00.0 vfio-pci', '0000:84:00.1 vfio-pci']);
    });

    it('a host without a GPU is refused', async () => {
      const played = await fleet.play(GPU_CLOUD, { limit: 'none' });
      expect(complaints(played).get('none')).toMatch(/no GPU for guests/);
      expect(tasksOf(played, 'changed')).toEqual(new Map());
    });

    it('a vfio-pci inside the kernel image gets its ids from the command line', async () => {
      await expectSettled('builtin');
      expect(await fleet.ssh('builtin', 'cat /proc/cmdline')).toMatch(/ vfio-pci\.ids=10de:0e0a,10de:11b4( |$)/m);
      expect(await cardDrivers(fleet, 'builtin')).toEqual(['0000:84:00.0 vfio-pci', '0000:84:00.1 vfio-pci']);
      await fleet.lab.reset('builtin');
      expect(await cardDrivers(fleet, 'builtin')).toEqual(['0000:84:00.0 vfio-pci', '0000:84:00.1 vfio-pci']);
    });
  },
);
