/** A place in the play, compared element by element; an outer place comes before the places inside it. */
export type Order = readonly number[];

/** Negative when `a` comes first in the playbook. @example compareOrder([2], [2, 1]) // -1 */
export function compareOrder(a: Order, b: Order): number {
  for (let index = 0; index < Math.min(a.length, b.length); index++) {
    const x = a[index] ?? 0;
    const y = b[index] ?? 0;
    if (x !== y) return x < y ? -1 : 1;
  }
  return a.length - b.length;
}
