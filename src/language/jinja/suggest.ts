/** The candidate nearest to a mistyped word, if any is near enough to be meant. */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  let best: string | undefined;
  let least = Math.max(1, Math.floor(word.length / 3)) + 1;
  for (const candidate of candidates) {
    if (Math.abs(candidate.length - word.length) >= least) continue;
    const distance = editDistance(word, candidate);
    if (distance > 0 && distance < least) [best, least] = [candidate, distance];
  }
  return best;
}

export function didYouMean(word: string, candidates: Iterable<string>): string {
  const near = nearest(word, candidates);
  return near ? ` (did you mean '${near}'?)` : '';
}

/** Optimal string alignment: a swap of two neighbours counts one. */
function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) row.push(cell(a, b, { i, j, row, last, beforeLast }));
    [beforeLast, last] = [last, row];
  }
  return last[b.length] ?? 0;
}

interface Cell {
  readonly i: number;
  readonly j: number;
  readonly row: readonly number[];
  readonly last: readonly number[];
  readonly beforeLast: readonly number[];
}

function cell(a: string, b: string, { i, j, row, last, beforeLast }: Cell): number {
  const same = a[i - 1] === b[j - 1];
  const substituted = (last[j - 1] ?? 0) + (same ? 0 : 1);
  const plainCost = Math.min(substituted, (last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1);
  const isSwap = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
  return isSwap ? Math.min(plainCost, (beforeLast[j - 2] ?? 0) + 1) : plainCost;
}
