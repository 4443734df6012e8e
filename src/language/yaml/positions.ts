import type { Position } from '../../contract/problem.ts';

/** Where a mapping, a sequence and their members stand, kept beside the plain values so that these stay plain. */
interface Places {
  readonly self: Position;
  readonly keys: ReadonlyMap<string | number, Position>;
  readonly values: ReadonlyMap<string | number, Position>;
  /** Source text of plain scalars that YAML turned into something else than a string: `0644`, `1e30`, `yes`. */
  readonly texts: ReadonlyMap<string | number, string>;
}

const placesByContainer = new WeakMap<object, Places>();

export function recordPlaces(container: object, places: Places): void {
  placesByContainer.set(container, places);
}

/** The place of a key (or of a sequence element); the container's own place when the key is unknown; undefined when it did not come from YAML. */
export function positionOf(container: unknown, key?: string | number): Position | undefined {
  if (typeof container !== 'object' || container === null) return undefined;
  const places = placesByContainer.get(container);
  if (!places) return undefined;
  return (key === undefined ? undefined : places.keys.get(key)) ?? places.self;
}

/** The place of the value of a key. */
export function valuePositionOf(container: object, key: string | number): Position | undefined {
  return placesByContainer.get(container)?.values.get(key);
}

/** What the author typed for a scalar that YAML gave another type, e.g. `'0644'` for 420. */
export function sourceTextOf(container: object, key: string | number): string | undefined {
  return placesByContainer.get(container)?.texts.get(key) ?? laidOver.get(container)?.get(key);
}

const laidOver = new WeakMap<object, ReadonlyMap<string | number, string>>();

/** One mapping out of several, the last one winning, that still knows what was typed for their scalars. */
export function laidTogether<Value>(
  mappings: readonly (Readonly<Record<string, Value>> | undefined)[],
): Readonly<Record<string, Value>> {
  const from = mappings.filter((mapping) => mapping !== undefined);
  const all: Record<string, Value> = Object.assign(Object.create(null), ...from);
  layTextsOver(from, all);
  return all;
}

function layTextsOver(from: readonly object[], to: object): void {
  const texts = new Map<string | number, string>();
  for (const container of from) {
    for (const key of texts.keys()) if (Object.hasOwn(container, key)) texts.delete(key);
    for (const [key, text] of placesByContainer.get(container)?.texts ?? laidOver.get(container) ?? [])
      texts.set(key, text);
  }
  if (texts.size > 0) laidOver.set(to, texts);
}

/** Gives a copy of a container (a rendered one) the places of the original. */
export function copyPlaces(from: object, to: object): void {
  const places = placesByContainer.get(from);
  if (places) placesByContainer.set(to, places);
}

/** Gives a rendered copy what was typed for its scalars; most containers hold none that YAML could have corrupted. */
export function copySourceTexts(from: object, to: object): void {
  const places = placesByContainer.get(from);
  if (places && places.texts.size > 0) placesByContainer.set(to, places);
}
