import { lookUp } from './access.ts';
import type { Method } from './methods.ts';
import { Tuple, ValueFault, isMapping, mappingEntries, mappingFrom, newDict, own, type Dict } from './values.ts';

type Mapping = Dict | Map<unknown, unknown>;

export const DICT_METHODS: ReadonlyMap<string, Method<Mapping>> = new Map<string, Method<Mapping>>([
  ['items', (self) => mappingEntries(self).map((entry) => Tuple.from2(entry))],
  ['keys', (self) => mappingEntries(self).map(([key]) => key)],
  ['values', (self) => mappingEntries(self).map(([, value]) => value)],
  ['get', (self, [key, fallback = null]) => lookUp(self, key) ?? fallback],
  ['copy', (self) => own(mappingFrom(mappingEntries(self)))],
  ['update', (self, [other], kwargs) => update(self, other, kwargs)],
  ['setdefault', (self, [key, value = null]) => setDefault(self, key, value)],
  ['pop', (self, args) => pop(self, args)],
]);

function assign(self: Mapping, key: unknown, value: unknown): void {
  if (self instanceof Map) self.set(key, value);
  // Defined, not assigned: a key called `__proto__` must stay plain data.
  else Object.defineProperty(self, String(key), { value, writable: true, enumerable: true, configurable: true });
}

function update(self: Mapping, other: unknown, kwargs: Dict): null {
  const added = other === undefined ? newDict() : other;
  if (!isMapping(added)) throw new ValueFault('needs a dict');
  for (const [key, value] of [...mappingEntries(added), ...mappingEntries(kwargs)]) assign(self, key, value);
  return null;
}

function setDefault(self: Mapping, key: unknown, value: unknown): unknown {
  const found = lookUp(self, key);
  if (found !== undefined) return found;
  assign(self, key, value);
  return value;
}

function pop(self: Mapping, [key, ...fallback]: readonly unknown[]): unknown {
  const found = lookUp(self, key);
  if (found === undefined && fallback.length === 0) throw new ValueFault(`the dict has no key '${String(key)}'`);
  if (found === undefined) return fallback[0];
  if (self instanceof Map) self.delete(key);
  else Reflect.deleteProperty(self, String(key));
  return found;
}
