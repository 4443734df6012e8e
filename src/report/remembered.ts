import type { Diff } from '../contract/change.ts';

/** Many hosts show the same diff; comparing two texts is the dearest thing a report does. */
export function remembered(show: (diff: Diff) => readonly string[]): (diff: Diff) => readonly string[] {
  const known = new Map<string, readonly string[]>();
  return (diff) => {
    const key = JSON.stringify(diff);
    const lines = known.get(key) ?? show(diff);
    known.set(key, lines);
    return lines;
  };
}
