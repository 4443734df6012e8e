import type { HostRecap } from '../contract/event.ts';
import type { Status } from '../contract/result.ts';
import { hostNames } from './host-names.ts';
import { type Line, span, verbatim } from './line.ts';

/** Hosts listed one by one; beyond it those that went the same way share a line. */
const MOST_LINES = 25;
/** Columns that all counts of a host need. */
const WIDE_ENOUGH = 110;

const COUNTS = ['ok', 'changed', 'unreachable', 'failed', 'skipped', 'rescued', 'ignored'] as const;

interface Row {
  readonly name: string;
  readonly host: HostRecap;
  readonly names?: string;
}

export interface RecapView {
  readonly isCheck: boolean;
  /** Columns of the terminal; on a narrow one counts of zero are left out. */
  readonly columns?: number;
}

/** Ansible's PLAY RECAP, in its words and order, with `unknown` in check mode. */
export function recapLines(recap: readonly HostRecap[], view: RecapView): readonly Line[] {
  const rows: readonly Row[] =
    recap.length <= MOST_LINES ? recap.map((host) => ({ name: host.host, host })) : grouped(recap);
  const width = Math.max(4, ...rows.map(({ name }) => name.length));
  return rows.map(({ name, host, names = '' }) => {
    const stopped = host.stoppedAt === undefined ? '' : `  stopped ${host.stoppedAt}`;
    const tail = `${names === '' ? '' : `  ${names}`}${stopped}`;
    return verbatim(2, span(name.padEnd(width), styleOf(host)), span(` : ${countsOf(host, view)}`), span(tail, 'dim'));
  });
}

function countsOf(host: HostRecap, { isCheck, columns = WIDE_ENOUGH }: RecapView): string {
  return [...COUNTS, ...(isCheck ? (['unknown'] as const) : [])]
    .filter((name) => columns >= WIDE_ENOUGH || name === 'ok' || host[name] > 0)
    .map((name) => `${name}=${host[name]}`.padEnd(name.length + 4))
    .join(' ')
    .trimEnd();
}

function grouped(recap: readonly HostRecap[]): readonly Row[] {
  const groups = Map.groupBy(recap, (host) => JSON.stringify({ ...host, host: '' }));
  return [...groups.values()].flatMap((hosts) => {
    const [first] = hosts;
    const names = hosts.map(({ host }) => host);
    if (!first || hosts.length === 1) return first ? [{ name: first.host, host: first }] : [];
    return [{ name: `${hosts.length} hosts`, host: first, names: hostNames(names, recap.length) }];
  });
}

function styleOf(host: HostRecap): Status {
  if (host.unreachable > 0) return 'unreachable';
  if (host.failed > 0 || host.stoppedAt !== undefined) return 'failed';
  if (host.unknown > 0) return 'unknown';
  return host.changed > 0 ? 'changed' : 'ok';
}
