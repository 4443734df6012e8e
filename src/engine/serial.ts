import { TaskError } from '../contract/task-error.ts';

/**
 * Splits a play's hosts into batches as Ansible does: a number, `"30%"` of all hosts of the play (rounded down, at least
 * one), or a list of these whose last element repeats. Nothing or 0 is one batch.
 */
export function batchesOf(hosts: readonly string[], serial: unknown): readonly (readonly string[])[] {
  const sizes = (Array.isArray(serial) ? serial : [serial]).map((size) => sizeOf(size, hosts.length));
  const batches: (readonly string[])[] = [];
  for (let start = 0; start < hosts.length; ) {
    const size = sizes[Math.min(batches.length, sizes.length - 1)] ?? hosts.length;
    batches.push(hosts.slice(start, start + size));
    start += size;
  }
  return batches;
}

function sizeOf(serial: unknown, all: number): number {
  if (serial === undefined || serial === null) return all;
  const text = String(serial).trim();
  const percent = /^(\d+(?:\.\d+)?)%$/.exec(text);
  if (percent) return Math.max(1, Math.floor((Number(percent[1]) * all) / 100));
  const size = Number(text);
  if (!Number.isInteger(size) || size < 0)
    throw new TaskError(
      `serial must be a number of hosts, a percentage such as "30%", or a list of these, not ${JSON.stringify(serial)}`,
    );
  return size === 0 ? all : size;
}

/** The play's `order` keyword. */
export function ordered(hosts: readonly string[], order: string | undefined): readonly string[] {
  switch (order) {
    case 'reverse_inventory':
      return hosts.toReversed();
    case 'sorted':
      return hosts.toSorted();
    case 'reverse_sorted':
      return hosts.toSorted().reverse();
    case 'shuffle':
      return hosts
        .map((host) => ({ host, key: Math.random() }))
        .toSorted((a, b) => a.key - b.key)
        .map(({ host }) => host);
    default:
      return hosts;
  }
}
