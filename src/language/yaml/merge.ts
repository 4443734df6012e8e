import type { Position, Problems } from '../../contract/problem.ts';
import type { Node } from './node.ts';
import { positionOf, recordPlaces, sourceTextOf, valuePositionOf } from './positions.ts';

/** Sets a key as data whatever its name: assigning `__proto__` would change the object instead. */
export function setOwn(target: Record<string, unknown>, key: string, value: unknown): void {
  if (key !== '__proto__') target[key] = value;
  else Object.defineProperty(target, key, { value, enumerable: true, writable: true, configurable: true });
}

export type Mapping = Readonly<Record<string, unknown>>;

export function isMapping(value: unknown): value is Mapping {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}

/**
 * A mapping with the keys of its `<<` below its own; of several mappings the first wins
 * (https://yaml.org/type/merge.html). Each key keeps the place it was written at.
 */
export function mergeInto(own: Mapping, merge: Node, problems: Problems): Mapping {
  const sources = Array.isArray(merge.value) ? merge.value : [merge.value];
  const mappings = sources.filter(isMapping);
  if (mappings.length < sources.length) {
    problems.error('<< needs a mapping or a list of mappings', { position: merge.position });
  }
  return union([...mappings.toReversed(), own], positionOf(own) ?? merge.position);
}

function union(mappings: readonly Mapping[], self: Position): Mapping {
  const result: Record<string, unknown> = {};
  const [keys, values, texts] = [new Map<string, Position>(), new Map<string, Position>(), new Map<string, string>()];
  for (const mapping of mappings) {
    for (const key of Object.keys(mapping)) {
      setOwn(result, key, mapping[key]);
      keys.set(key, positionOf(mapping, key) ?? self);
      values.set(key, valuePositionOf(mapping, key) ?? self);
      setOrDelete(texts, key, sourceTextOf(mapping, key));
    }
  }
  recordPlaces(result, { self, keys, values, texts });
  return result;
}

function setOrDelete(texts: Map<string, string>, key: string, text: string | undefined): void {
  if (text === undefined) texts.delete(key);
  else texts.set(key, text);
}
