import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { labObstacle } from '../lab/lab-fixture.ts';
import { workspace } from '../support/play.ts';
import { type Fleet, GPU_CLOUD, startFleet } from './support/fleet.ts';
import { cardDrivers, complaints, tasksOf } from './support/look.ts';

const obstacle = labObstacle();
const BOUND = ['0000:84:00.0 vfio-pci', '0000:84:00.1 vfio-pci'];
const REBOOT = 'Reboot, because a card is in use';

/** The card back with its own driver, and a process that has its device file open until the next boot. */
const GIVE_BACK = `cd /sys/bus/pci/devices/0000:84:00.0 && echo nouveau >driver_override && echo 0000:84:00.0 >driver/unbind
modprobe nouveau && echo 0000:84:00.0 >/sys/bus/pci/drivers_probe && echo >driver_override`;
const HOLD = `g=$(basename "$(readlink /sys/bus/pci/devices/0000:84:00.0/iommu_group)"); mkdir -p /dev/vfio && : >/dev/vfio/$g
setsid sleep 600 </dev/vfio/$g >/dev/null 2>&1 &`;

describe.skipIf(obstacle)(`cards in use${obstacle ? ` (left out: ${obstacle})` : ''}`, { timeout: 120_000 }, () => {
  let fleet: Fleet;
  beforeAll(async () => {
    fleet = await startFleet(23, { gpu01: { cards: ['k4200'] } });
    const first = await fleet.play(GPU_CLOUD);
    expect(complaints(first)).toEqual(new Map());
    expect(fleet.lab.uptimes('gpu01')).toHaveLength(2);
  }, 120_000);
  afterAll(() => fleet?.close());
  const take = async (script: string) => {
    await fleet.ssh('gpu01', script);
    expect((await cardDrivers(fleet, 'gpu01'))[0]).toBe('0000:84:00.0 nouveau');
  };

  it('are bound at once while nothing holds them', async () => {
    await take(GIVE_BACK);
    const played = await fleet.play(GPU_CLOUD);
    expect(complaints(played)).toEqual(new Map());
    expect(await cardDrivers(fleet, 'gpu01')).toEqual(BOUND);
    expect(fleet.lab.uptimes('gpu01')).toHaveLength(2);
  });

  it('get back what was bound before a driver refused the next function', async () => {
    // nouveau takes the display, and finds nothing it knows in the audio function.
    const tasks =
      '- hosts: gpu01\n  gather_facts: false\n  tasks:\n    - sysfs-bind: {devices: ["84:00.0"], driver: nouveau}\n';
    const played = await fleet.play(join(workspace({ 'site.yaml': tasks }), 'site.yaml'));
    expect(complaints(played).get('gpu01')).toMatch(
      /nouveau did not take 0000:84:00\.1.*Taken back: bind 0000:84:00\.0 to vfio-pci/s,
    );
    expect(await cardDrivers(fleet, 'gpu01')).toEqual(BOUND);
  });

  it('stop a host whose reboots are left to a person, with the holder named', async () => {
    await take(`${GIVE_BACK}\n${HOLD}`);
    const played = await fleet.play(GPU_CLOUD, { extraVars: ['gpu_reboot=never'] });
    expect(complaints(played).get('gpu01')).toMatch(
      /not unbound while in use: sleep \(\d+\) has \/dev\/vfio\/\d+ open/,
    );
    expect(fleet.lab.uptimes('gpu01')).toHaveLength(2);
  });

  it('cost the one reboot that gpu_reboot allows, which check foretells', async () => {
    const checked = await fleet.play(GPU_CLOUD, { mode: 'check' });
    expect(tasksOf(checked, 'changed').get('gpu01')).toEqual([REBOOT]);
    const played = await fleet.play(GPU_CLOUD);
    expect(complaints(played)).toEqual(new Map());
    expect(tasksOf(played, 'changed').get('gpu01')).toEqual([REBOOT]);
    expect(await cardDrivers(fleet, 'gpu01')).toEqual(BOUND);
    expect(fleet.lab.uptimes('gpu01')).toHaveLength(3);
  });

  it('are nothing to do afterwards', async () => {
    const again = await fleet.play(GPU_CLOUD);
    expect(tasksOf(again, 'changed')).toEqual(new Map());
    expect((await fleet.play(GPU_CLOUD, { mode: 'check' })).exitCode).toBe(0);
    expect(fleet.lab.uptimes('gpu01')).toHaveLength(3);
  });

  it('cost a reboot too where a driver did not let go before', async () => {
    await take(GIVE_BACK);
    await fleet.lab.fault('gpu01', { kind: 'hang-unbind' });
    expect(complaints(await fleet.play(GPU_CLOUD)).get('gpu01')).toMatch(/did not let go/);
    const next = await fleet.play(GPU_CLOUD);
    expect(complaints(next)).toEqual(new Map());
    expect(await cardDrivers(fleet, 'gpu01')).toEqual(BOUND);
    expect(fleet.lab.uptimes('gpu01')).toHaveLength(4);
  });
});
