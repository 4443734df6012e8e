import { lastValue } from '../../probes/nova/effective-config.ts';
import type { CloudService } from './attempt.ts';
import type { HostEvidence } from './evidence.ts';
import { broken, type Finding } from './findings.ts';
import { serviceOf, sourcesOf } from './nova-config.ts';
import { shellWord } from './shell-word.ts';

const HOST = { section: 'DEFAULT', key: 'host' };

/**
 * What the scheduler thinks of a compute whose service runs; undefined when it takes it, or nobody could ask.
 *
 * Source: nova `scheduler/filters/compute_filter.py`.
 */
export function seenByNova(evidence: HostEvidence, controllers: readonly HostEvidence[]): Finding | undefined {
  const read = sourcesOf(serviceOf(evidence, 'compute'));
  const answers = controllers.flatMap(({ computeServices }) => (computeServices?.ok ? [computeServices.value] : []));
  if (answers.length === 0 || !read.ok || read.value.length === 0) return undefined;
  const name = lastValue(read.value, [HOST])?.value ?? evidence.hostname;
  // Several clouds may stand in one inventory.
  const found = answers.flat().find(({ host }) => host === name);
  if (!found)
    return broken(
      'services',
      `Nova has no compute ${name}: nova-compute never registered`,
      'journalctl -u nova-compute -n 20: does it reach the message broker? Then nova-manage cell_v2 discover_hosts',
    );
  if (!found.isEnabled)
    return broken(
      'services',
      `the compute ${name} is disabled in Nova${found.reason === undefined ? '' : ` (${found.reason})`}`,
      `openstack compute service set --enable ${shellWord(name)} nova-compute`,
    );
  return found.isUp ? undefined : broken('services', downText(name), downRemedy(name));
}

function downText(name: string): string {
  return `Nova has not heard of the compute ${name} lately, or was told that it is down`;
}

function downRemedy(name: string): string {
  return `journalctl -u nova-compute -n 20: does it reach the message broker? Or: openstack compute service set --up ${shellWord(name)} nova-compute`;
}

const REMEDIES: Readonly<Record<CloudService, string>> = {
  keystone:
    'look at the web server keystone runs in, its log and its database; auth_url of the credentials says where it is',
  nova: 'systemctl restart nova-api, or the web server it runs in, and look at its log and its database',
  placement: 'systemctl restart placement-api, or the web server it runs in, and look at its log and its database',
};

/** A service of the cloud that gives no answer, where no unit says why. */
export function silentService({
  apiFlavors,
  computeServices,
  placement,
  freeCards,
}: HostEvidence): Finding | undefined {
  const asked = [apiFlavors, computeServices, placement, freeCards];
  const [silent] = asked.flatMap((one) => (one?.ok === false && one.down ? [{ ...one, service: one.down }] : []));
  return silent && broken('services', `${silent.service} is out of order: ${silent.reason}`, REMEDIES[silent.service]);
}
