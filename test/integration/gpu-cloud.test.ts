import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Played } from '../support/play.ts';
import { labObstacle } from '../lab/lab-fixture.ts';
import { type Fleet, GPU_CLOUD, startFleet } from './support/fleet.ts';
import { bootId, cardDrivers, complaints, configurationTrees, tasksOf } from './support/look.ts';

const obstacle = labObstacle();
const COMPUTES = ['gpu01', 'gpu02', 'gpu03', 'gpu04'] as const;

const CARDS: Readonly<Record<(typeof COMPUTES)[number], readonly string[]>> = {
  gpu01: ['0000:84:00.0', '0000:84:00.1', '0000:88:00.0', '0000:88:00.1'],
  gpu02: ['0000:84:00.0', '0000:84:00.1', '0000:84:00.2', '0000:84:00.3'],
  gpu03: ['0000:84:00.0', '0000:88:00.0'],
  gpu04: ['0000:84:00.0', '0000:88:00.0', '0000:88:00.1'],
};

describe.skipIf(obstacle)(
  `gpu-cloud.yaml on a fleet${obstacle ? ` (left out: ${obstacle})` : ''}`,
  { timeout: 120_000 },
  () => {
    let fleet: Fleet;
    let boots: ReadonlyMap<string, string>;
    const bootIds = async () =>
      new Map(await Promise.all(COMPUTES.map(async (host) => [host, await bootId(fleet, host)] as const)));
    const expectNothingToDo = (played: Played) => {
      expect(complaints(played)).toEqual(new Map());
      expect(tasksOf(played, 'changed')).toEqual(new Map());
      expect(tasksOf(played, 'unknown')).toEqual(new Map());
      expect(played.exitCode).toBe(0);
    };

    beforeAll(async () => {
      fleet = await startFleet(1, {
        gpu01: { cards: ['k4200', 'k4200'], vars: { gpu_devices: ['0000:84:00.0', '0000:88:00.0'] } },
        gpu02: { cards: ['tu116'], vars: { gpu_devices: ['10de:2184'] } },
        gpu03: { cards: ['a100', 'a100'], cpu: 'amd', vars: { gpu_devices: [{ class: '0302', vendor: '10de' }] } },
        gpu04: { cards: ['h100', 'radeon'] },
        ctl01: { role: 'controller' },
      });
      boots = await bootIds();
    });
    afterAll(() => fleet?.close());

    it('shows what it would do to bare hosts and does none of it', async () => {
      const before = await configurationTrees(fleet, 'gpu01');
      const checked = await fleet.play(GPU_CLOUD, { mode: 'check' });
      expect(complaints(checked)).toEqual(new Map());
      expect(checked.exitCode).toBe(3);
      expect([...(await configurationTrees(fleet, 'gpu01'))].filter((line) => !before.has(line))).toEqual([]);
      expect(await bootIds()).toEqual(boots);
    });

    it('takes bare hosts to every GPU function on vfio-pci, over one reboot each', async () => {
      for (const host of COMPUTES) expect((await cardDrivers(fleet, host)).join()).not.toContain('vfio-pci');
      const first = await fleet.play(GPU_CLOUD);
      expect(complaints(first)).toEqual(new Map());
      expect(first.exitCode).toBe(0);
      for (const host of COMPUTES) {
        expect(await cardDrivers(fleet, host)).toEqual(CARDS[host].map((address) => `${address} vfio-pci`));
        expect(fleet.lab.uptimes(host)).toHaveLength(2);
      }
      expect(fleet.lab.uptimes('ctl01')).toHaveLength(1);
      boots = await bootIds();
    });

    it('has the vfio-pci binding from the boot itself, not from a write to sysfs afterwards', async () => {
      await fleet.lab.reset('gpu02');
      expect(await cardDrivers(fleet, 'gpu02')).toEqual(CARDS.gpu02.map((address) => `${address} vfio-pci`));
      boots = await bootIds();
    });

    it('gives function 0 of each card to Nova, with the type Nova will see', async () => {
      const conf = await fleet.ssh('gpu01', 'grep -E "^(device_spec|alias)" /etc/nova/nova.conf');
      expect(
        conf
          .split('\n')
          .filter((line) => line.startsWith('device_spec'))
          .map(jsonOf),
      ).toEqual([
        { vendor_id: '10de', product_id: '11b4', address: '0000:84:00.0' },
        { vendor_id: '10de', product_id: '11b4', address: '0000:88:00.0' },
      ]);
      expect(conf.match(/"name": ?"\w+"/g)).toHaveLength(3);
      expect(await fleet.ssh('gpu03', 'grep -c "^device_spec.*20f1" /etc/nova/nova.conf')).toBe('2\n');
      expect(await fleet.ssh('gpu03', 'stat -c "%a %U:%G" /etc/nova/nova.conf')).toBe('640 root:nova\n');
      expect(await fleet.ssh('gpu03', 'systemctl is-active nova-compute')).toBe('active\n');
    });

    it('moves the lines of 2016 on the controller to options that Nova reads today', async () => {
      const conf = await fleet.ssh('ctl01', 'cat /etc/nova/nova.conf');
      expect(conf).not.toMatch(/^(pci_alias|scheduler_\w+_filters)/m);
      const sections = new Map(conf.split(/^\[/m).map((text) => [text.slice(0, text.indexOf(']')), text]));
      expect(
        sections
          .get('pci')
          ?.match(/^alias\s*=.*$/gm)
          ?.map(jsonOf),
      ).toEqual(
        expect.arrayContaining([
          { name: 'K4200', vendor_id: '10de', product_id: '11b4' },
          { name: 'A100', vendor_id: '10de', product_id: '20f1', device_type: 'type-PF' },
        ]),
      );
      expect(sections.get('filter_scheduler')).toMatch(
        /^enabled_filters = DifferentHostFilter,ComputeFilter,ComputeCapabilitiesFilter,ImagePropertiesFilter,ServerGroupAntiAffinityFilter,ServerGroupAffinityFilter,AggregateInstanceExtraSpecsFilter,PciPassthroughFilter$/m,
      );
      expect(sections.get('filter_scheduler')).toMatch(/^track_instance_changes = true$/m);
      for (const unit of ['nova-api', 'nova-scheduler', 'nova-conductor']) {
        expect(await fleet.ssh('ctl01', `systemctl is-active ${unit}`)).toBe('active\n');
      }
    });

    it('changes nothing and reboots nobody the second time', async () => {
      expectNothingToDo(await fleet.play(GPU_CLOUD));
      expect(await bootIds()).toEqual(boots);
    });

    it('finds no drift in what it made', async () => {
      expectNothingToDo(await fleet.play(GPU_CLOUD, { mode: 'check' }));
    });

    describe('after four things were changed by hand on one host', () => {
      let before: ReadonlySet<string>;
      beforeAll(async () => {
        await fleet.ssh('gpu01', 'sed -i \'s/10de:11b4/10de:ffff/\' "$(grep -l ids= /etc/modprobe.d/*vfio*)"');
        await fleet.ssh('gpu01', "sed -i 's/ *iommu=pt//' /etc/default/grub.d/zz-tsplay.cfg");
        await fleet.ssh('gpu01', 'echo 0000:88:00.1 > /sys/bus/pci/devices/0000:88:00.1/driver/unbind');
        await fleet.ssh(
          'gpu01',
          `sed -i '/^\\[pci\\]/a device_spec = {"vendor_id":"10de","product_id":"0e0a"}' /etc/nova/nova.conf`,
        );
        before = await configurationTrees(fleet, 'gpu01');
      });
      const FOUR = [
        'Kernel command line',
        "vfio-pci at every boot, with the cards' ids",
        'Every function of the cards on vfio-pci',
        'Cards and aliases in nova.conf',
      ];

      it('shows exactly these four, and writes nothing', async () => {
        const checked = await fleet.play(GPU_CLOUD, { mode: 'check' });
        expect(complaints(checked)).toEqual(new Map());
        expect(tasksOf(checked, 'changed')).toEqual(new Map([['gpu01', FOUR]]));
        expect(tasksOf(checked, 'unknown')).toEqual(new Map());
        expect(checked.exitCode).toBe(3);
        expect([...(await configurationTrees(fleet, 'gpu01'))].filter((line) => !before.has(line))).toEqual([]);
        expect((await cardDrivers(fleet, 'gpu01')).at(-1)).toBe('0000:88:00.1 none');
      });

      it('repairs them without a reboot, and then finds no drift', async () => {
        const repaired = await fleet.play(GPU_CLOUD);
        expect(complaints(repaired)).toEqual(new Map());
        expect(tasksOf(repaired, 'changed')).toEqual(new Map([['gpu01', FOUR]]));
        expect(await bootIds()).toEqual(boots);
        expectNothingToDo(await fleet.play(GPU_CLOUD, { mode: 'check' }));
      });
    });
  },
);

const jsonOf = (line: string): unknown => JSON.parse(line.slice(line.indexOf('=') + 1));
