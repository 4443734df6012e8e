import { seenByNova, silentService } from './cloud-links.ts';
import type { HostEvidence, NovaService } from './evidence.ts';
import { broken, type Finding, holds, notChecked, some } from './findings.ts';

/** Services that run with their files as they are, and that Nova and its users can reach. */
export function services(evidence: HostEvidence, controllers: readonly HostEvidence[]): Finding {
  const own = units(evidence);
  if (own.status === 'broken') return own;
  const isCompute = evidence.roles.includes('compute');
  return (isCompute ? seenByNova(evidence, controllers) : undefined) ?? silentService(evidence) ?? own;
}

/** Units that run, and were started after the newest of their files was written. */
function units({ services: all }: HostEvidence): Finding {
  const found = all.filter(({ unit }) => unit !== null);
  const [down] = found.filter(({ unit }) => unit?.activeState !== 'active');
  if (down) return broken('services', `${down.name} is ${down.unit?.activeState}`, downRemedy(down));
  const stale = found.flatMap((service) => staleText(service) ?? []);
  if (stale.length > 0)
    return broken(
      'services',
      some(stale.map(({ text }) => text)),
      `systemctl restart ${stale.map(({ name }) => name).join(' ')}`,
    );
  const blind = all.filter(({ unit, config }) => unit === null || unit.startedAt === null || !config.ok);
  if (blind.length > 0) return notChecked('services', some(blind.map(blindText)));
  return holds('services', found.map(({ name }) => name).join(', '));
}

function downRemedy({ name, unit }: NovaService): string {
  return unit?.activeState === 'failed'
    ? `journalctl -u ${name} -n 20 says why; then systemctl restart ${name}`
    : `systemctl start ${name}`;
}

/** Equal seconds count as older, as in `nova-conf`. A file from the future proves nothing. */
function staleText({ name, unit, config }: NovaService): { readonly name: string; readonly text: string } | undefined {
  if (!config.ok || !unit || unit.startedAt === null) return undefined;
  const { startedAt, now } = unit;
  const file = config.value.files.find(
    (one) => one.kind === 'file' && one.state.mtime <= now && Math.floor(startedAt) <= Math.floor(one.state.mtime),
  );
  return file && { name, text: `${name} runs since before ${file.path} was last written` };
}

function blindText({ name, unit, config }: NovaService): string {
  if (unit === null) return `${name} is no systemd unit here (a container, or a web server?)`;
  return config.ok ? `systemd does not say since when ${name} runs` : config.reason;
}
