import { iterate } from './access.ts';
import type { Method } from './methods.ts';
import { equals, order } from './comparison.ts';
import { MAX_ITEMS } from './operators.ts';
import { repr } from './python-repr.ts';
import { ValueFault, own } from './values.ts';

type List = unknown[];

/** Methods that change a list return `None`, as in Python; templates use them as `{% set _ = items.append(x) %}`. */
export const LIST_METHODS: ReadonlyMap<string, Method<List>> = new Map<string, Method<List>>([
  ['append', (self, [item]) => grown(self, [item])],
  ['extend', (self, [items]) => grown(self, iterate(items))],
  ['insert', (self, [at, item]) => (self.splice(Number(at), 0, item), null)],
  ['index', (self, [item]) => indexOf(self, item)],
  ['count', (self, [item]) => self.filter((member) => equals(member, item)).length],
  ['copy', (self) => own([...self])],
  ['pop', (self, [at = -1]) => pop(self, Number(at))],
  ['remove', (self, [item]) => (self.splice(indexOf(self, item), 1), null)],
  ['reverse', (self) => (self.reverse(), null)],
  ['sort', (self, _args, { reverse = false }) => (self.sort((a, b) => (reverse ? order(b, a) : order(a, b))), null)],
  ['clear', (self) => ((self.length = 0), null)],
]);

function grown(self: List, items: readonly unknown[]): null {
  if (self.length + items.length > MAX_ITEMS) throw new ValueFault(`a list would grow beyond ${MAX_ITEMS} items`);
  self.push(...items);
  return null;
}

function indexOf(self: readonly unknown[], item: unknown): number {
  const index = self.findIndex((member) => equals(member, item));
  if (index < 0) throw new ValueFault(`${repr(item)} is not in the list`);
  return index;
}

function pop(self: List, at: number): unknown {
  const index = at < 0 ? at + self.length : at;
  if (index < 0 || index >= self.length) throw new ValueFault(`the list has no index ${at}`);
  return self.splice(index, 1)[0];
}
