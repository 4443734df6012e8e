import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { labObstacle } from '../lab/lab-fixture.ts';
import type { Played } from '../support/play.ts';
import { type Fleet, GPU_CLOUD, startFleet, TOO_LONG } from './support/fleet.ts';
import { cardDrivers, complaints, tasksOf } from './support/look.ts';

const obstacle = labObstacle() ?? TOO_LONG;
const BOUND = ['0000:84:00.0 vfio-pci', '0000:84:00.1 vfio-pci'];

describe.skipIf(obstacle)(
  `hosts that go wrong${obstacle ? ` (left out: ${obstacle})` : ''}`,
  { timeout: 180_000 },
  () => {
    let fleet: Fleet;
    let first: Played;
    beforeAll(async () => {
      const cards = ['k4200'] as const;
      fleet = await startFleet(6, {
        sound: { cards },
        full: { cards, faults: [{ kind: 'full-boot' }] },
        noisy: { cards, faults: [{ kind: 'noise' }] },
        cut: { cards, faults: [{ kind: 'drop-after-bytes', bytes: 20_000 }] },
        slow: { cards, faults: [{ kind: 'slow-link', delayMs: 150 }] },
      });
      first = await fleet.play(GPU_CLOUD);
    }, 180_000);
    afterAll(() => fleet?.close());

    it('are told apart, and nothing of theirs keeps the others back', () => {
      expect(Object.fromEntries(complaints(first))).toEqual({ cut: expect.any(String), full: expect.any(String) });
      expect(complaints(first).get('full')).toMatch(/\/boot has no space left for a new boot menu/);
      expect(complaints(first).get('cut')).toMatch(/connection.*(broke|lost|closed|ended)/i);
      expect(first.exitCode).toBe(4);
      for (const host of ['sound', 'noisy', 'slow']) {
        expect(first.recap.get(host)).toMatchObject({ failed: 0, unreachable: 0, stoppedAt: undefined });
      }
    });

    it.each(['sound', 'noisy', 'slow'])('%s has its cards on vfio-pci', async (host) => {
      const text = (await cardDrivers(fleet, host)).join('\n');
      for (const line of BOUND) expect(text).toContain(line);
    });

    it('a full /boot is refused before anything is rebuilt, and the host is not rebooted', () => {
      expect(fleet.lab.uptimes('full')).toHaveLength(1);
    });

    it('are completed by the next run once they are mended', async () => {
      for (const host of ['full', 'cut', 'slow', 'noisy']) await fleet.lab.heal(host);
      const next = await fleet.play(GPU_CLOUD);
      expect(complaints(next)).toEqual(new Map());
      for (const host of ['full', 'cut']) expect(await cardDrivers(fleet, host)).toEqual(BOUND);
      const after = await fleet.play(GPU_CLOUD);
      expect(tasksOf(after, 'changed')).toEqual(new Map());
    });

    it('a driver that does not let go is left alone with a clear message, and the next boot settles it', async () => {
      const path = '/sys/bus/pci/devices/0000:84:00.1';
      await fleet.ssh(
        'sound',
        `echo snd_hda_intel > ${path}/driver_override; echo 0000:84:00.1 > ${path}/driver/unbind; modprobe snd-hda-intel; echo 0000:84:00.1 > /sys/bus/pci/drivers_probe; echo > ${path}/driver_override`,
      );
      expect((await cardDrivers(fleet, 'sound'))[1]).toBe('0000:84:00.1 snd_hda_intel');
      await fleet.lab.fault('sound', { kind: 'hang-unbind' });
      const played = await fleet.play(GPU_CLOUD);
      expect([...complaints(played).keys()]).toEqual(['sound']);
      expect(complaints(played).get('sound')).toMatch(/0000:84:00\.1.*did not let go/s);
      expect(played.exitCode).toBe(2);
      await fleet.lab.heal('sound');
      await fleet.lab.reset('sound');
      expect(await cardDrivers(fleet, 'sound')).toEqual(BOUND);
    });

    it('cannot put templates or escape codes into anything', async () => {
      const name = '{{ 7*7 }}\\033[31mred';
      await fleet.ssh('noisy', `printf '${name}\\n' > /etc/hostname`);
      await fleet.lab.fault('noisy', { kind: 'noise' });
      const playbook = join(fleet.directory, 'names.yaml');
      writeFileSync(
        playbook,
        `- hosts: noisy\n  gather_facts: false\n  tasks:\n    - command: cat /etc/hostname\n      register: said\n      changed_when: false\n    - set_fact: {name_of_host: "{{ said.stdout }}"}\n    - debug: {msg: "it is {{ name_of_host }}"}\n`,
      );
      const ended = await fleet.tsplay('run', [playbook, '--output', 'plain']).ended(60_000);
      expect(ended.code).toBe(0);
      expect(ended.stdout).toContain('it is {{ 7*7 }}');
      expect(ended.stdout).not.toContain('\u001b');
      expect(ended.stderr).not.toContain('\u001b');
    });
  },
);
