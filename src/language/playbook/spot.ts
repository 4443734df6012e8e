import type { Position } from '../../contract/problem.ts';
import { positionOf } from '../yaml/positions.ts';

/** A value in a document together with where it stands, so that every complaint about it can name the place. */
export interface Spot {
  readonly value: unknown;
  readonly position: Position;
  /** `plays[0].tasks[3]` */
  readonly path: string;
}

/** The member of a mapping or a list. Its place is that of its key, also when the key is absent (then its container's). */
export function at(spot: Spot, key: string | number): Spot {
  const container = spot.value;
  return {
    value: isContainer(container) && Object.hasOwn(container, key) ? Reflect.get(container, key) : undefined,
    position: positionOf(container, key) ?? spot.position,
    path: extendPath(spot.path, key),
  };
}

export function elementsOf(spot: Spot): readonly Spot[] {
  return Array.isArray(spot.value) ? spot.value.map((_, index) => at(spot, index)) : [];
}

export function keysOf(spot: Spot): readonly string[] {
  return isMapping(spot.value) ? Object.keys(spot.value) : [];
}

export function has(spot: Spot, key: string): boolean {
  return isMapping(spot.value) && Object.hasOwn(spot.value, key);
}

export function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  if (!isContainer(value) || Array.isArray(value)) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function isContainer(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function extendPath(path: string, key: string | number): string {
  if (typeof key === 'number') return `${path}[${key}]`;
  return path ? `${path}.${key}` : key;
}

/** A value as a message shows it. */
export function show(value: unknown): string {
  if (value === undefined || value === null) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return isMapping(value) ? 'a mapping' : 'an encrypted or unsafe value';
  const text = typeof value === 'string' ? JSON.stringify(value) : String(value);
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}
