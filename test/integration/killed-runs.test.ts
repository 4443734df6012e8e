import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Event } from '../../src/contract/event.ts';
import { labObstacle } from '../lab/lab-fixture.ts';
import { type Fleet, GPU_CLOUD, startFleet, TOO_LONG } from './support/fleet.ts';
import { cardDrivers, complaints, leftovers, tasksOf } from './support/look.ts';
import { seeded } from './support/seeded.ts';
import { until } from './support/until.ts';

const obstacle = labObstacle();
const hasStarted =
  (task: string) =>
  (event: Event): boolean =>
    event.type === 'task.started' && event.task.name === task;

async function expectCompletion(fleet: Fleet, hosts: readonly string[]): Promise<void> {
  const next = await fleet.play(GPU_CLOUD);
  expect(complaints(next)).toEqual(new Map());
  expect(next.exitCode).toBe(0);
  const after = await fleet.play(GPU_CLOUD);
  expect(tasksOf(after, 'changed')).toEqual(new Map());
  expect(after.exitCode).toBe(0);
  for (const host of hosts) {
    for (const line of await cardDrivers(fleet, host)) expect(line).toMatch(/ vfio-pci$/);
    expect(await leftovers(fleet, host)).toBe('');
  }
}

describe.skipIf(obstacle)(
  `a run that was killed${obstacle ? ` (left out: ${obstacle})` : ''}`,
  { timeout: 180_000 },
  () => {
    let fleet: Fleet;
    beforeAll(async () => {
      fleet = await startFleet(2, { gpu01: { cards: ['k4200'] } });
    });
    afterAll(() => fleet?.close());

    it('between the edits and the rebuild of the initramfs is completed by the next', async () => {
      const killed = fleet.tsplay('run', [GPU_CLOUD, '--output', 'json']);
      await killed.until(hasStarted('The initramfs of every kernel'));
      killed.kill('SIGKILL');
      expect((await killed.ended()).signal).toBe('SIGKILL');
      // The edit is there and the image without it: what the kill was to hit.
      expect(await fleet.ssh('gpu01', 'grep -l ids= /etc/modprobe.d/*')).toContain('tsplay');
      expect(await fleet.ssh('gpu01', 'lsinitramfs /boot/initrd.img-$(uname -r) | grep -c tsplay || true')).toBe('0\n');
      await expectCompletion(fleet, ['gpu01']);
      await fleet.lab.reset('gpu01');
      expect(await cardDrivers(fleet, 'gpu01')).toEqual(['0000:84:00.0 vfio-pci', '0000:84:00.1 vfio-pci']);
    });

    it.skipIf(TOO_LONG)(`between the edit of nova.conf and the restart is completed by the next`, async () => {
      // A systemctl that never gets to a restart keeps the moment open in which the run dies.
      const stuck =
        '#!/bin/sh\\n[ "$1" = restart ] && : > /tmp/asked && exec sleep 60\\nexec /usr/bin/systemctl "$@"\\n';
      await fleet.ssh(
        'gpu01',
        `sed -i /^device_spec/d /etc/nova/nova.conf; printf '${stuck}' > /usr/local/sbin/systemctl; chmod 755 /usr/local/sbin/systemctl`,
      );
      const killed = fleet.tsplay('run', [GPU_CLOUD, '--output', 'json']);
      await until('the request to restart', 60_000, async () =>
        (await fleet.ssh('gpu01', 'ls /tmp')).includes('asked'),
      );
      killed.kill('SIGKILL');
      await killed.ended();
      await fleet.ssh('gpu01', 'rm /usr/local/sbin/systemctl /tmp/asked; pkill -x sleep || true');
      expect(await fleet.ssh('gpu01', 'grep -c ^device_spec /etc/nova/nova.conf')).toBe('1\n');
      const next = await fleet.play(GPU_CLOUD);
      expect(tasksOf(next, 'changed')).toEqual(new Map([['gpu01', ['Cards and aliases in nova.conf']]]));
      const restart = next.results('Cards and aliases in nova.conf').get('gpu01');
      expect(restart?.actions).toEqual([expect.stringContaining('restart nova-compute')]);
      await expectCompletion(fleet, ['gpu01']);
    });
  },
);

describe.skipIf(obstacle ?? TOO_LONG)(
  `runs killed anywhere${obstacle || TOO_LONG ? ` (left out: ${obstacle ?? TOO_LONG})` : ''}`,
  { timeout: 400_000 },
  () => {
    const hosts = Array.from({ length: 8 }, (_, index) => `gpu0${index + 1}`);
    let fleet: Fleet;
    beforeAll(async () => {
      fleet = await startFleet(3, Object.fromEntries(hosts.map((host) => [host, { cards: ['tu116'] }])));
    });
    afterAll(() => fleet?.close());

    /** Events of a whole run on one of these hosts; the last ones come after the reboot. */
    const EVENTS = 60;

    /** The number of the event behind which the run was killed, or -1 when it had ended before. */
    async function killSomewhere(host: string, random: () => number): Promise<number> {
      const at = Math.floor(random() * EVENTS);
      const killed = fleet.tsplay('run', [GPU_CLOUD, '--output', 'json', '--limit', host]);
      await killed.until((_, index) => index >= at).catch(() => {});
      await sleep(random() * 150);
      killed.kill('SIGKILL');
      return (await killed.ended()).signal === 'SIGKILL' ? at : -1;
    }

    it('are completed by the next run, and the one after changes nothing', async () => {
      const random = seeded(20160823);
      const killedAt: number[] = [];
      for (const host of hosts) killedAt.push(await killSomewhere(host, random));
      expect(new Set(killedAt.filter((at) => at >= 0)).size).toBeGreaterThan(4);
      // A reboot that was under way ends by itself.
      await sleep(2_000);
      await until('all hosts up', 30_000, () => hosts.every((host) => fleet.lab.isUp(host)));
      await expectCompletion(fleet, hosts);
      for (const host of hosts) expect(fleet.lab.uptimes(host).length).toBeLessThanOrEqual(2);
    });
  },
);
