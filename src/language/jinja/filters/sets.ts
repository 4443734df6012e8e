import { iterate } from '../access.ts';
import { Membership } from '../membership.ts';
import type { Filter } from '../types.ts';
import { uniqueBy } from './order.ts';

function without(items: readonly unknown[], others: readonly unknown[]): readonly unknown[] {
  const known = new Membership(others);
  return items.filter((item) => !known.has(item));
}

function within(items: readonly unknown[], others: readonly unknown[]): readonly unknown[] {
  const known = new Membership(others);
  return items.filter((item) => known.has(item));
}

/** Ansible's set filters; ours keep the order of the input, where Ansible's order for plain values is arbitrary. */
export const setFilters: Readonly<Record<string, Filter>> = {
  union: (value, [other]) => uniqueBy([...iterate(value), ...iterate(other)]),
  intersect: (value, [other]) => uniqueBy(within(iterate(value), iterate(other))),
  difference: (value, [other]) => uniqueBy(without(iterate(value), iterate(other))),
  symmetric_difference: (value, [other]) => {
    const [left, right] = [iterate(value), iterate(other)];
    return uniqueBy([...without(left, right), ...without(right, left)]);
  },
};
