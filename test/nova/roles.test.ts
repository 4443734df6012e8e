import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Fleet, GPU_CLOUD, startFleet } from '../integration/support/fleet.ts';
import { complaints, pciFunctions } from '../integration/support/look.ts';
import { labObstacle } from '../lab/lab-fixture.ts';
import { isRaised, type Judge, overwrite, reading, startJudge, type Verdict, valuesOf, written } from './judge.ts';

const obstacle = labObstacle();

/** Lines of the slides of 2016, and of the years since, that a site already has. */
const DECK_WHITELIST = 'pci_passthrough_whitelist={"name":"K4200","vendor_id":"10de","product_id":"11b4"}';
const SITE_ALIAS =
  'pci_alias = {"name": "T4",\\n  "vendor_id": "10de", "product_id": "1eb8",\\n  "device_type": "type-PF"\\n  }';

describe.skipIf(obstacle)(
  `nova.conf as the roles write it for 2025.1, read by Nova 26${obstacle ? ` (left out: ${obstacle})` : ''}`,
  { timeout: 240_000 },
  () => {
    let fleet: Fleet;
    let judge: Judge;
    let before: string;
    beforeAll(async () => {
      judge = startJudge();
      fleet = await startFleet(21, {
        gpu01: { cards: ['k4200', 'k4200', 'a100'] },
        gpu02: { cards: ['k4200', 'tu116'], vars: { gpu_exclude: ['10de:11b4'] } },
        ctl01: { role: 'controller' },
        ctl02: { role: 'controller', vars: { nova_release: '17' } },
      });
      await fleet.ssh('gpu01', `sed -i '/^.DEFAULT/a ${DECK_WHITELIST}' /etc/nova/nova.conf`);
      const site = `printf '[DEFAULT]\\n${SITE_ALIAS}\\n[filter_scheduler]\\nweight_classes = a\\n' > /etc/nova/nova.conf.d/10-site.conf`;
      await fleet.ssh('ctl01', `mkdir -p /etc/nova/nova.conf.d; ${site}`);
      before = await fleet.ssh('ctl02', 'cat /etc/nova/nova.conf');
    });
    afterAll(async () => {
      judge?.close();
      await fleet?.close();
    });

    /** What Nova reads on a host, from the places its unit's command line and oslo.config's defaults name. */
    async function verdictOn(host: string): Promise<Verdict> {
      const list =
        'ls -d /etc/nova/nova.conf.d/*.conf /etc/nova/nova.conf /etc/nova/nova-compute.conf 2>/dev/null; true';
      const paths = (await fleet.ssh(host, list)).trim().split('\n');
      const order = (path: string) => ['nova.conf', 'nova-compute.conf'].indexOf(path.slice('/etc/nova/'.length));
      const inOrder = paths.toSorted((a, b) => order(a) - order(b));
      const folder = written({});
      for (const path of inOrder) overwrite(folder, { [path.slice(1)]: await fleet.ssh(host, `cat ${path}`) });
      const functions = await pciFunctions(fleet, host);
      const total = 'cd /sys/bus/pci/devices; grep -l "[1-9]" */sriov_totalvfs 2>/dev/null | cut -d/ -f1; true';
      return judge.ask({
        also: ['values', 'assigned'],
        words: reading(inOrder.map((path) => `${folder}${path}`)),
        devices: functions.map(({ address, id }) => ({
          address,
          vendor_id: id.slice(0, 4),
          product_id: id.slice(5),
          parent_addr: null,
        })),
        physical_functions: (await fleet.ssh(host, total)).trim().split('\n'),
      });
    }
    const givenOn = (verdict: Verdict) => {
      if (isRaised(verdict.specs)) throw new Error(verdict.specs.error);
      return Object.entries(verdict.specs.given).flatMap(([address, spec]) => (spec === null ? [] : [address]));
    };
    const ALIASES = {
      K4200: ['legacy', [{ vendor_id: '10de', product_id: '11b4' }]],
      TU116: ['legacy', [{ vendor_id: '10de', product_id: '2184' }]],
      A100: ['legacy', [{ vendor_id: '10de', product_id: '20f1', dev_type: 'type-PF' }]],
    };

    it('before the roles ran, gives the aliases and cards of the old lines, and the filters of the default', async () => {
      expect(givenOn(await verdictOn('gpu01'))).toEqual(['0000:84:00.0', '0000:88:00.0']);
      const { aliases, filters } = await verdictOn('ctl01');
      expect(Object.keys(aliases)).toEqual(['T4', 'K4200']);
      expect(filters).not.toContain('PciPassthroughFilter');
    });

    it('gives function 0 of the chosen cards of each compute to guests, and no other device', async () => {
      const played = await fleet.play(GPU_CLOUD, { limit: 'gpu01,gpu02,ctl01' });
      expect(complaints(played)).toEqual(new Map());
      const first = await verdictOn('gpu01');
      expect(givenOn(first)).toEqual(['0000:84:00.0', '0000:88:00.0', '0000:8c:00.0']);
      expect(first.aliases).toEqual(ALIASES);
      expect(givenOn(await verdictOn('gpu02'))).toEqual(['0000:88:00.0']);
    });

    it("gives the controller the site's alias beside the fleet's, and the filters of 2016 that still exist", async () => {
      const { aliases, requestable, filters } = await verdictOn('ctl01');
      const T4 = ['legacy', [{ vendor_id: '10de', product_id: '1eb8', dev_type: 'type-PF' }]];
      expect(aliases).toEqual({ T4, ...ALIASES });
      expect(requestable).toHaveLength(4);
      expect(filters).toEqual([
        'DifferentHostFilter',
        'ComputeFilter',
        'ComputeCapabilitiesFilter',
        'ImagePropertiesFilter',
        'ServerGroupAntiAffinityFilter',
        'ServerGroupAffinityFilter',
        'AggregateInstanceExtraSpecsFilter',
        'PciPassthroughFilter',
      ]);
    });

    it('lets the scheduler ask Placement only when the computes report there, and both read as meant', async () => {
      const extraVars = ['{"nova_pci_in_placement": true}'];
      const alone = await fleet.play(GPU_CLOUD, { limit: 'ctl01', extraVars });
      expect(complaints(alone).get('ctl01')).toContain('gpu01 is not known to have [pci] report_in_placement on');
      const together = await fleet.play(GPU_CLOUD, { limit: 'gpu01,gpu02,ctl01', extraVars });
      expect(complaints(together)).toEqual(new Map());
      const compute = await verdictOn('gpu01');
      expect(valuesOf(compute)['pci/report_in_placement']).toBe(true);
      expect(givenOn(compute)).toHaveLength(3);
      const { assigned } = await verdictOn('ctl01');
      expect(assigned?.at(-1)?.filter_scheduler?.pci_in_placement, 'Nova 26 does not know it yet').toEqual(['true']);
    });

    it('refuses a controller whose aliases a compute does not have', async () => {
      const played = await fleet.play(GPU_CLOUD, { limit: 'gpu02,ctl01', extraVars: ['{"gpu_aliases": []}'] });
      expect(played.exitCode, 'aliases on the compute stay, so that they still agree').toBe(0);
      const extraVars = [
        '{"nova_gpu_aliases": [{"name": "new", "vendor_id": "10de", "product_id": "2184"}], "gpu_aliases": []}',
      ];
      const apart = await fleet.play(GPU_CLOUD, { limit: 'gpu02,ctl01', extraVars });
      expect(complaints(apart).get('ctl01')).toContain('gpu02 lacks the alias new');
      const another = [
        `{"nova_gpu_aliases": [{"name": "new", "vendor_id": "10DE", "product_id": "2184"}],
          "gpu_aliases": [{"name": "new", "vendor_id": "10de", "product_id": "2185"}]}`,
      ];
      const meantOtherwise = await fleet.play(GPU_CLOUD, { limit: 'gpu02,ctl01', extraVars: another });
      expect(complaints(meantOtherwise).get('ctl01')).toContain('gpu02 lacks the alias new (10de:2184)');
    });

    it('takes flavors as Nova names them, blanks included, and refuses names that a shell would read otherwise', async () => {
      const flavors = (name: string) => ({
        limit: 'ctl01',
        extraVars: [JSON.stringify({ nova_gpu_flavors: [{ name, alias: 'K4200', gpus: 2 }] })],
      });
      const played = await fleet.play(GPU_CLOUD, flavors('GPU (large)'));
      expect(complaints(played)).toEqual(new Map());
      expect(JSON.stringify(played.events)).toContain(
        JSON.stringify('openstack flavor set "GPU (large)" --property "pci_passthrough:alias"="K4200:2"').slice(1, -1),
      );
      for (const name of ['x$(reboot)', 'a"b', ' a', 'a`b`', 'a\\', 'a\nb']) {
        const refused = await fleet.play(GPU_CLOUD, { ...flavors(name), mode: 'check' });
        expect(complaints(refused).get('ctl01'), name).toContain('needs a name without quotes');
      }
    });

    it('comes back as it was where the scheduler does not start with it: a release was given that is not installed', async () => {
      const played = await fleet.play(GPU_CLOUD, { limit: 'ctl02' });
      const said = complaints(played).get('ctl02') ?? '';
      expect(said).toMatch(/nova-scheduler[^]*Taken back: write \/etc\/nova\/nova\.conf/);
      expect(await fleet.ssh('ctl02', 'cat /etc/nova/nova.conf')).toBe(before);
      for (const unit of ['nova-api', 'nova-conductor', 'nova-scheduler'])
        expect(await fleet.ssh('ctl02', `systemctl is-active ${unit}`)).toBe('active\n');
    });
  },
);
