import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Fault } from '../../src/lab/options.ts';
import { labObstacle } from '../lab/lab-fixture.ts';
import { type Fleet, GPU_CLOUD, ROLLING_REBOOT, startFleet, TOO_LONG } from './support/fleet.ts';
import { cardDrivers, complaints } from './support/look.ts';
import { until } from './support/until.ts';

const obstacle = labObstacle() ?? TOO_LONG;
const HOSTS = ['gpu01', 'gpu02', 'gpu03', 'gpu04', 'gpu05', 'gpu06'] as const;

describe.skipIf(obstacle)(
  `rolling-reboot.yaml${obstacle ? ` (left out: ${obstacle})` : ''}`,
  { timeout: 180_000 },
  () => {
    let fleet: Fleet;
    beforeAll(async () => {
      fleet = await startFleet(0, Object.fromEntries(HOSTS.map((host) => [host, { cards: ['k4200'] }])), {
        vars: { gpu_reboot_deadline: 15, gpu_reboot_stable: 4 },
      });
      const provisioned = await fleet.play(GPU_CLOUD);
      expect(complaints(provisioned)).toEqual(new Map());
    }, 180_000);
    afterAll(() => fleet?.close());

    const boots = (host: string) => fleet.lab.uptimes(host).length;
    /** The most hosts that were down at one instant since then, as the lab itself saw it. */
    const mostDown = (since: number): number => {
      const edges = HOSTS.flatMap((host) =>
        fleet.lab
          .uptimes(host)
          .flatMap(({ from, until: end }) => [
            { at: from, step: -1 },
            ...(end === undefined ? [] : [{ at: end, step: 1 }]),
          ]),
      ).filter(({ at }) => at > since);
      let down = 0;
      return Math.max(0, ...edges.toSorted((a, b) => a.at - b.at).map(({ step }) => (down += step)));
    };

    it('has no more hosts down at any instant than a batch holds', async () => {
      const began = performance.now();
      const before = new Map(HOSTS.map((host) => [host, boots(host)]));
      const played = await fleet.play(ROLLING_REBOOT, { extraVars: ['reboot_batch=2', 'gpu_reboot_stable=1'] });
      expect(complaints(played)).toEqual(new Map());
      expect(played.exitCode).toBe(0);
      expect(mostDown(began)).toBe(2);
      for (const host of HOSTS) {
        expect(boots(host)).toBe((before.get(host) ?? 0) + 1);
        expect(await cardDrivers(fleet, host)).toEqual(['0000:84:00.0 vfio-pci', '0000:84:00.1 vfio-pci']);
      }
    });

    it('reboots nobody without a reason when told so', async () => {
      const before = HOSTS.map(boots);
      const played = await fleet.play(ROLLING_REBOOT, { extraVars: ['reboot_batch=3', 'reboot_policy=if-needed'] });
      expect(played.exitCode).toBe(0);
      expect(HOSTS.map(boots)).toEqual(before);
    });

    it('finds nova-compute under the name that packages of the RHEL family give it', async () => {
      const [plain, prefixed] = ['nova-compute', 'openstack-nova-compute'];
      const rename = (from: string, to: string) => {
        const moved = `f=$(systemctl show -p FragmentPath --value ${from}) && mv "$f" /usr/lib/systemd/system/${to}.service`;
        return fleet.ssh('gpu06', `systemctl stop ${from} && ${moved} && systemctl daemon-reload`);
      };
      await rename(plain, prefixed);
      const played = await fleet.play(ROLLING_REBOOT, { limit: 'gpu06', extraVars: ['reboot_policy=if-needed'] });
      expect(complaints(played)).toEqual(new Map());
      expect(await fleet.ssh('gpu06', `systemctl is-active ${prefixed}`)).toBe('active\n');
      await rename(prefixed, plain);
      await fleet.ssh('gpu06', `systemctl start ${plain}`);
    });

    // A host that came back as another one stays so: each of these takes a host of its own.
    const FAULTS: readonly (readonly [string, Fault, RegExp])[] = [
      ['gpu01', { kind: 'never-returns' }, /never came back within 15 s/],
      ['gpu01', { kind: 'same-boot-id' }, /never went down: .*still runs the same boot/],
      ['gpu01', { kind: 'second-reboot', afterMs: 3_000 }, /came back and then booted once more .*boot loop/],
      ['gpu02', { kind: 'wrong-machine-id' }, /another machine came back .*machine-id/],
      ['gpu03', { kind: 'new-host-key' }, /another machine came back .*host key/],
    ];
    it.each(FAULTS)('ends with the batch of %s after %o', async (victim, fault, message) => {
      const [beside, later] = ['gpu04', 'gpu05'];
      await fleet.lab.fault(victim, fault);
      const before = [boots(beside), boots(later)];
      const played = await fleet.play(ROLLING_REBOOT, {
        extraVars: [`reboot_hosts=${victim},${beside},${later}`, 'reboot_batch=2'],
      });
      expect(complaints(played).get(victim)).toMatch(message);
      expect([...complaints(played).keys()]).toEqual([victim]);
      expect([2, 4]).toContain(played.exitCode);
      // The host beside it is finished; the next batch is not begun.
      expect([boots(beside), boots(later)]).toEqual([(before[0] ?? 0) + 1, before[1]]);
      const end = played.events.find((event) => event.type === 'play.finished');
      expect(end?.type === 'play.finished' && end.reason).toMatch(
        /1 of 2 hosts failed; the remaining 1 batch was not started/,
      );
      await fleet.lab.heal(victim);
      await until(`${victim} is up`, 20_000, () => fleet.lab.isUp(victim));
    });

    it('stops behind the host it is at when asked once, and says where each host stands', async () => {
      const before = HOSTS.map(boots);
      const run = fleet.tsplay('run', [
        ROLLING_REBOOT,
        ...['--output', 'json', '-e', 'reboot_hosts=gpu04,gpu05,gpu06', '-e', 'gpu_reboot_stable=1'],
      ]);
      await run.until((event) => event.type === 'task.started' && event.task.module === 'reboot-and-wait');
      run.kill('SIGINT');
      const ended = await run.ended();
      expect(ended.code).toBe(130);
      // The reboot that was ordered is seen through; no other is ordered.
      const after = HOSTS.map(boots);
      expect(after.map((count, index) => count - (before[index] ?? 0))).toEqual([0, 0, 0, 1, 0, 0]);
      const end = ended.events.find((event) => event.type === 'run.finished');
      const recap = end?.type === 'run.finished' ? end.recap : [];
      expect(recap).toMatchObject([{ host: 'gpu04', changed: 1, stoppedAt: expect.stringMatching(/^before /) }]);
      const stopped = ended.events.find((event) => event.type === 'play.finished');
      expect(stopped).toMatchObject({ reason: 'stopped by request; not begun: gpu05, gpu06' });
    });
  },
);
