import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CARDS } from '../../src/lab/vm/inventory.ts';
import { tsplay } from '../integration/support/tsplay.ts';
import { complaints, driversOf, initramfsContents, tasksOf } from './support/look.ts';
import { BOOT_MS, GPU_CLOUD, startTestMachine, type TestMachine, vmObstacle } from './support/test-machine.ts';

const obstacle = vmObstacle();

/**
 * After which task has begun, and how many seconds later, the power fails: or when the task is over, where the machine is faster than
 * that. In the order of the role, each run going on from the last.
 */
const CUTS: readonly (readonly [task: string, seconds: number])[] = [
  ['Kernel command line', 0.3],
  ['Kernel command line', 12],
  ['Drivers that wait for vfio-pci', 1],
  ['The initramfs of every kernel', 5],
  ['The initramfs of every kernel', 60],
  ['Reboot, if anything needs it', 4],
  ['Cards and aliases in nova.conf', 0.3],
];

/**
 * Files of ours are there whole or not at all: shell that parses, nothing empty, and the boot menu ends where menus end. What GRUB
 * and the kernel read was proven by the boot itself.
 */
const WHOLE = `set -e
for f in /etc/default/grub /etc/default/grub.d/*.cfg /etc/initramfs-tools/scripts/init-top/*; do [ ! -e "$f" ] || sh -n "$f"; done
find /etc/modprobe.d /etc/modules-load.d /etc/default /etc/initramfs-tools /etc/nova -type f -size 0
grep -q '### END /etc/grub.d/41_custom ###' /boot/grub/grub.cfg || grep -q class.gnu-linux /boot/grub/grub.cfg
grep -c . /etc/nova/nova.conf`;

describe.skipIf(obstacle)(`power cuts${obstacle ? ` (left out: ${obstacle})` : ''}`, { timeout: 3_600_000 }, () => {
  let host: TestMachine;
  beforeAll(async () => {
    host = await startTestMachine({ name: 'vm01', diskCache: 'none' });
  });
  afterAll(() => host?.close());

  /** What the run was at when the power failed. */
  const cutDuring = async (task: string, seconds: number): Promise<string> => {
    const running = tsplay(['run', GPU_CLOUD, '-i', host.inventory, '--output', 'json', '--timeout', '60']);
    const ended = running.ended(1_800_000);
    const began = await running
      .until((event) => event.type === 'task.started' && event.task.name === task)
      .then(
        () => true,
        () => false,
      );
    const over = running.until((event) => event.type === 'task.finished' && event.task.name === task).catch(() => {});
    await Promise.race([sleep(seconds * 1000), over]);
    await host.machine.powerCut();
    running.kill('SIGKILL');
    const { signal, code, events, stderr } = await ended;
    if (signal === 'SIGKILL') return began ? 'at work' : `before ${task}`;
    return [`over, exit ${code}`, ...complaints({ events }), stderr].join('\n');
  };

  it.each(CUTS)(
    'during "%s", after %d s or at its end: the machine boots, and no file is half written',
    async (task, seconds) => {
      expect(await cutDuring(task, seconds)).toBe('at work');
      await host.machine.powerOn();
      await host.machine.waitForSsh(BOOT_MS);
      const empty = (await host.ssh(WHOLE)).trim().split('\n');
      expect(empty.filter((line) => line.includes('tsplay') || line.includes('nova.conf'))).toEqual([]);
    },
  );

  it('the next run completes what all of them left, and the one after changes nothing', async () => {
    const next = await host.play(GPU_CLOUD);
    expect(complaints(next)).toEqual([]);
    expect(next.exitCode).toBe(0);
    for (const line of await driversOf(host, [CARDS.guest, CARDS.bridged])) expect(line).toMatch(/ vfio-pci$/);
    for (const image of (await initramfsContents(host)).values()) expect(image.bindingScript).toContain(CARDS.guest);
    const after = await host.play(GPU_CLOUD);
    expect(tasksOf(after, 'changed')).toEqual([]);
    expect(after.exitCode).toBe(0);
  });
});
