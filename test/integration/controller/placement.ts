import { expect, it } from 'vitest';
import { doctorSays } from '../support/look-verbs.ts';
import { answering, brokenOf, type Patient } from './doctor-breaks.ts';

const CONF = '/etc/nova/nova.conf';
const COMPUTE_CONF = '/etc/nova/nova-compute.conf';
const CLASS = 'CUSTOM_PCI_10DE_11B4';

/**
 * Debian's Nova (26) reports cards to Placement, and its scheduler does not ask there yet: that came with 2023.1. So doctor is
 * told that the scheduler is of that release; what it asks of Placement, and what it is answered, is real.
 */
export function placementTests(patient: () => Patient): void {
  const diagnosed = (vars: Readonly<Record<string, unknown>> = { nova_release: '2023.1' }) =>
    doctorSays(patient().inventory(vars));
  const shell = (text: string) => patient().host.look(['sh', '-c', text]);
  const restart = (unit: string) => patient().host.look(['systemctl', 'restart', unit]);

  async function provider(): Promise<{ readonly uuid: string } | undefined> {
    const { json } = await patient().cloud.placement('GET', '/resource_providers');
    return json.resource_providers.find(({ name }: { name: string }) => name.endsWith('_0000:88:00.0'));
  }

  /** How many cards Placement has, once it has been told. */
  async function inventoried(): Promise<true | undefined> {
    const found = await provider();
    if (!found) return undefined;
    const { json } = await patient().cloud.placement('GET', `/resource_providers/${found.uuid}/inventories`);
    return CLASS in json.inventories ? true : undefined;
  }

  it('asked for cards that the compute does not report: both sides are named', async () => {
    await shell(`sed -i 's/^.filter_scheduler.$/&\\npci_in_placement = true/' ${CONF}`);
    const found = await diagnosed();
    expect(found.first_break?.link).toBe('placement-pairing');
    expect(brokenOf(found)[0]).toMatchObject({
      detail: 'ctl01 says pci_in_placement, and this compute does not report its cards',
      mend: expect.stringMatching(
        /^in \[pci\] of \/etc\/nova\/nova\.conf: report_in_placement = true \(there is no way back\)/,
      ),
    });
  });

  it('a release that does not know the option asks nobody, and that is said', async () => {
    const found = await diagnosed({});
    expect(found.all('placement-pairing').at(-1)).toMatchObject({
      status: 'holds',
      detail: expect.stringMatching(/^pci_in_placement is off \(.*: Nova 26 does not know it/),
    });
    expect(found.all('placement-free')).toMatchObject([{ status: 'not-checked' }]);
  });

  it('told to report, and not restarted: Placement never heard of the class', async () => {
    await shell(`sed -i 's/^.pci.$/&\\nreport_in_placement = true/' ${COMPUTE_CONF}`);
    const found = await diagnosed();
    expect(found.first_break?.link).toBe('placement-free');
    expect(found.all('placement-free')[0]).toMatchObject({
      detail: `${CLASS} is not known to it (alias K4200)`,
      mend: expect.stringContaining('restart'),
    });
  });

  it('restarted, it reports the card, which a server has', async () => {
    for (const unit of ['nova-compute', 'nova-api', 'nova-scheduler', 'nova-conductor']) await restart(unit);
    await patient().cloud.until('the card in Placement', inventoried);
    await answering(patient());
    await patient().cloud.until('its allocation', async () => {
      const { json } = await patient().cloud.placement('GET', `/resource_providers/${(await provider())?.uuid}/usages`);
      return json.usages?.[CLASS] === 1 ? true : undefined;
    });
    const found = await diagnosed();
    expect(found.first_break?.link).toBe('placement-free');
    expect(found.all('placement-free')[0]).toMatchObject({
      detail: expect.stringMatching(`^no ${CLASS} is free \\(alias K4200\\)`),
      mend: expect.stringMatching(/delete or shelve an instance/),
    });
  });

  it('the server deleted, the card is free, and every link holds', async () => {
    const { json } = await patient().cloud.nova('GET', '/servers');
    for (const { id } of json.servers) await patient().cloud.nova('DELETE', `/servers/${id}`);
    await patient().cloud.until('the servers gone', async () => {
      const left = await patient().cloud.nova('GET', '/servers');
      return left.json.servers.length === 0 ? true : undefined;
    });
    const found = await diagnosed();
    expect(brokenOf(found)).toEqual([]);
    expect(found.all('placement-free')).toMatchObject([{ status: 'holds', detail: `${CLASS} (K4200)` }]);
  });

  it('without its inventory there is none, until nova-compute is restarted as doctor says', async () => {
    const uuid = (await provider())?.uuid;
    const gone = await patient().cloud.placement('DELETE', `/resource_providers/${uuid}/inventories`);
    expect(gone.status).toBe(204);
    const found = await diagnosed();
    expect(found.first_break?.link).toBe('placement-free');
    expect(found.all('placement-free')[0]?.mend).toMatch(/restart nova-compute/);
    await restart('nova-compute');
    await patient().cloud.until('the card in Placement again', inventoried);
    await answering(patient());
    expect(brokenOf(await diagnosed())).toEqual([]);
  });
}
