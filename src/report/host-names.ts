/** Names, or ranges of names, on one line; the rest is counted. */
const MOST_NAMES = 8;
/** Fewer hosts in a row are named one by one, so that they can be copied. */
const SHORTEST_RANGE = 3;

/**
 * Hosts on one line. Many become ranges, as operators write them.
 * @example hostNames(['gpu01', 'gpu02', 'gpu03', 'ctl'], 9) // 'gpu[01-03], ctl'
 * @param total hosts there are; when all are meant and they are many, that is said instead
 */
export function hostNames(hosts: readonly string[], total: number): string {
  if (hosts.length === total && total > MOST_NAMES) return `all ${total} hosts`;
  const names = hosts.length <= MOST_NAMES / 2 ? hosts.map((name) => ({ name, count: 1 })) : ranges(hosts);
  if (names.length <= MOST_NAMES) return names.map(({ name }) => name).join(', ');
  const shown = names.slice(0, MOST_NAMES - 2);
  const rest = names.slice(MOST_NAMES - 2).reduce((sum, { count }) => sum + count, 0);
  return `${shown.map(({ name }) => name).join(', ')} and ${rest} more`;
}

/** @example afterHost('gpu01: no answer', 'gpu01') // 'no answer' */
export function afterHost(message: string, host: string): string {
  return message.startsWith(`${host}: `) ? message.slice(host.length + 2) : message;
}

export function hostCount(count: number): string {
  return count === 1 ? '1 host' : `${count} hosts`;
}

interface Named {
  readonly name: string;
  readonly count: number;
}

function ranges(hosts: readonly string[]): readonly Named[] {
  const runs: string[][] = [];
  for (const host of hosts) {
    const last = runs.at(-1);
    const before = last?.at(-1);
    if (last && before !== undefined && isNext(before, host)) last.push(host);
    else runs.push([host]);
  }
  return runs.flatMap((run) =>
    run.length < SHORTEST_RANGE ? run.map((name) => ({ name, count: 1 })) : [{ name: rangeOf(run), count: run.length }],
  );
}

/** The last number of a name is what counts up: gpu07.dc2.example is 7 of `gpu`, unless the domain has a number too. */
const NUMBERED = /^(?<stem>[^.]*?)(?<digits>\d+)(?<rest>[^\d.]*(?:\..*)?)$/;

function isNext(before: string, after: string): boolean {
  const a = NUMBERED.exec(before)?.groups;
  const b = NUMBERED.exec(after)?.groups;
  if (!a || !b || a.stem !== b.stem || a.rest !== b.rest) return false;
  const isSameWidth =
    a.digits?.length === b.digits?.length || !(a.digits?.startsWith('0') || b.digits?.startsWith('0'));
  return isSameWidth && Number(b.digits) === Number(a.digits) + 1;
}

function rangeOf(run: readonly string[]): string {
  const first = NUMBERED.exec(run[0] ?? '')?.groups;
  const last = NUMBERED.exec(run.at(-1) ?? '')?.groups;
  return `${first?.stem}[${first?.digits}-${last?.digits}]${first?.rest}`;
}
