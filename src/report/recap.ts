import type { HostRecap } from '../contract/event.ts';
import { printableLine } from './printable.ts';

/** Hosts listed one by one; beyond it those that went the same way share a line. */
const MOST_LINES = 25;

/** Ansible's PLAY RECAP, with `unknown` in check mode. */
export function recapLines(recap: readonly HostRecap[], isCheck: boolean): readonly string[] {
  const lines = recap.length <= MOST_LINES ? recap.map((host) => [host.host, host] as const) : grouped(recap);
  const width = Math.max(4, ...lines.map(([name]) => name.length));
  return lines.map(([name, host]) => {
    const stopped = host.stoppedAt === undefined ? '' : `  stopped ${printableLine(host.stoppedAt)}`;
    return `${name.padEnd(width)} : ${countsOf(host, isCheck)}${stopped}`;
  });
}

function countsOf(host: HostRecap, isCheck: boolean): string {
  const names = [
    'ok',
    'changed',
    'unreachable',
    'failed',
    'skipped',
    'rescued',
    'ignored',
    ...(isCheck ? (['unknown'] as const) : []),
  ] as const;
  return names
    .map((name) => `${name}=${host[name]}`.padEnd(name.length + 4))
    .join(' ')
    .trimEnd();
}

function grouped(recap: readonly HostRecap[]): readonly (readonly [string, HostRecap])[] {
  const groups = Map.groupBy(recap, (host) => JSON.stringify({ ...host, host: '' }));
  return [...groups.values()].flatMap((hosts) => {
    const [first] = hosts;
    return first
      ? [[hosts.length === 1 ? first.host : `${hosts.length} hosts (${first.host}, …)`, first] as const]
      : [];
  });
}
