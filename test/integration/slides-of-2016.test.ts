import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { labObstacle } from '../lab/lab-fixture.ts';
import { type Fleet, GPU_CLOUD, startFleet, TOO_LONG } from './support/fleet.ts';
import { complaints, configurationTrees, tasksOf } from './support/look.ts';

const obstacle = labObstacle() ?? TOO_LONG;

describe.skipIf(obstacle)(
  `what was copied from the slides of 2016${obstacle ? ` (left out: ${obstacle})` : ''}`,
  { timeout: 180_000 },
  () => {
    let fleet: Fleet;
    beforeAll(async () => {
      fleet = await startFleet(8, {
        gpu01: { cards: ['k4200'] },
        gpu02: { cards: ['k4200'] },
        ctl01: { role: 'controller' },
        ctl02: { role: 'controller' },
      });
    });
    afterAll(() => fleet?.close());

    /** Runs, expects a refusal, and that no configuration file of the host became another one. */
    async function refusal(host: string): Promise<string> {
      const before = await configurationTrees(fleet, host);
      const played = await fleet.play(GPU_CLOUD, { limit: host });
      expect(played.exitCode).toBe(2);
      const changed = [...(await configurationTrees(fleet, host))].filter((line) => !before.has(line));
      expect(changed.filter((line) => line.includes('nova') || line.includes('grub'))).toEqual([]);
      return complaints(played).get(host) ?? '';
    }

    it('a quotation mark of a word processor in /etc/default/grub is refused at its line', async () => {
      await fleet.ssh(
        'gpu01',
        `sed -i 's/^GRUB_CMDLINE_LINUX_DEFAULT=.*/GRUB_CMDLINE_LINUX_DEFAULT="quiet splash intel_iommu=on vfio_iommu_type1.allow_unsafe_interrupts=1”/' /etc/default/grub`,
      );
      expect(await refusal('gpu01')).toMatch(/\/etc\/default\/grub.*”/s);
      expect(fleet.lab.uptimes('gpu01')).toHaveLength(1);
    });

    it('the same line with straight quotes is taken over, without its unsafe interrupts', async () => {
      await fleet.ssh('gpu01', 'sed -i s/”/\\"/ /etc/default/grub; update-grub');
      const played = await fleet.play(GPU_CLOUD, { limit: 'gpu01' });
      expect(complaints(played)).toEqual(new Map());
      const cmdline = await fleet.ssh('gpu01', 'cat /proc/cmdline');
      expect(cmdline).toMatch(/intel_iommu=on/);
      expect(cmdline).toMatch(/iommu=pt/);
      expect(cmdline).not.toContain('allow_unsafe_interrupts');
    });

    it('the whitelist of the slides becomes one device_spec per card', async () => {
      await fleet.ssh(
        'gpu02',
        `sed -i '/^.DEFAULT/a pci_passthrough_whitelist={"name":"K4200","vendor_id":"10de","product_id":"11b4"}' /etc/nova/nova.conf`,
      );
      const played = await fleet.play(GPU_CLOUD, { limit: 'gpu02' });
      expect(complaints(played)).toEqual(new Map());
      const conf = await fleet.ssh('gpu02', 'cat /etc/nova/nova.conf');
      expect(conf).not.toMatch(/^pci_passthrough_whitelist/m);
      expect(conf.match(/^device_spec.*$/gm)).toEqual([expect.stringContaining('"0000:84:00.0"')]);
    });

    it('an alias in quotation marks of a word processor is refused or mended, and says so', async () => {
      await fleet.ssh(
        'ctl01',
        `sed -i 's/^pci_alias.*/pci_alias = {“name”:“K4200”, “vendor_id”:“10de”, “product_id”:“11b4”}/' /etc/nova/nova.conf`,
      );
      const said = await refusal('ctl01');
      expect(said).toMatch(/nova\.conf:\d+: alias is not JSON: it holds a typographic quote/);
      expect(await fleet.ssh('ctl01', 'systemctl is-active nova-scheduler')).toBe('active\n');
    });

    it('the 13 filters and their alias are moved to what Nova reads today, with a word on what was dropped', async () => {
      const played = await fleet.play(GPU_CLOUD, { limit: 'ctl02' });
      expect(complaints(played)).toEqual(new Map());
      const notes = JSON.stringify(played.results('What became of old lines, and what is left to people').get('ctl02'));
      for (const gone of ['RetryFilter', 'AvailabilityZoneFilter', 'RamFilter', 'CoreFilter', 'DiskFilter']) {
        expect(notes).toContain(gone);
      }
      const after = await fleet.play(GPU_CLOUD, { limit: 'ctl02' });
      expect(tasksOf(after, 'changed')).toEqual(new Map());
    });
  },
);
