import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { labObstacle } from '../lab/lab-fixture.ts';
import { type Fleet, REPOSITORY, startFleet } from './support/fleet.ts';
import { cardDrivers, complaints } from './support/look.ts';

const obstacle = labObstacle();

/** The repository's playbooks and roles in a place where a test may spoil them. */
function copyOfProject(fleet: Fleet): string {
  for (const part of ['playbooks', 'roles']) {
    cpSync(join(REPOSITORY, part), join(fleet.directory, part), { recursive: true });
  }
  return join(fleet.directory, 'playbooks/gpu-cloud.yaml');
}

/** Takes a task out of a file of the gpu-host role. */
function removeTask(fleet: Fleet, file: string, name: string): void {
  const path = join(fleet.directory, 'roles/gpu-host/tasks', file);
  const text = readFileSync(path, 'utf8');
  const without = text.replace(new RegExp(`^- name: ${name}\\n(?: .*\\n|\\n)*`, 'm'), '');
  expect(without).not.toBe(text);
  writeFileSync(path, without);
}

describe.skipIf(obstacle)(
  `what the simulated boot does not forgive${obstacle ? ` (left out: ${obstacle})` : ''}`,
  { timeout: 120_000 },
  () => {
    let fleet: Fleet;
    let spoilt: string;
    beforeAll(async () => {
      fleet = await startFleet(4, {
        gpu01: { cards: ['k4200'] },
        gpu02: { cards: ['k4200'] },
        gpu03: { cards: ['k4200'] },
      });
      spoilt = copyOfProject(fleet);
      removeTask(fleet, 'prepare.yaml', 'The initramfs of every kernel');
      await fleet.ssh('gpu02', 'printf "#!/bin/sh\\nexit 0\\n" > /usr/sbin/update-grub');
      await fleet.ssh('gpu03', 'printf "#!/bin/sh\\necho no space left >&2; exit 1\\n" > /usr/sbin/update-grub');
    });
    afterAll(() => fleet?.close());

    it('a role without the rebuild of the initramfs loses the cards at the next boot', async () => {
      const played = await fleet.play(spoilt, { limit: 'gpu01' });
      expect(complaints(played)).toEqual(new Map());
      await fleet.lab.reset('gpu01');
      expect((await cardDrivers(fleet, 'gpu01')).join()).not.toContain('vfio-pci');
    });

    it('an update-grub that does nothing, or fails, fails the run before any reboot', async () => {
      const played = await fleet.play(spoilt, { limit: 'gpu02,gpu03' });
      expect(played.exitCode).toBe(2);
      expect(complaints(played).get('gpu02')).toMatch(/did not converge: after .*still needs: .*update-grub/);
      expect(complaints(played).get('gpu03')).toMatch(/update-grub.*no space left/s);
      for (const host of ['gpu02', 'gpu03']) {
        expect(fleet.lab.uptimes(host)).toHaveLength(1);
        await fleet.lab.reset(host);
        expect((await cardDrivers(fleet, host)).join()).not.toContain('vfio-pci');
      }
    });
  },
);
