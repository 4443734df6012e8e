import type { Position } from '../../contract/problem.ts';
import type { Surroundings } from './context.ts';
import { at, has, type Spot } from './spot.ts';
import type { Keywords, Raw, RoleContext } from './types.ts';

interface Base {
  readonly id: string;
  readonly name?: Raw;
  readonly keywords: Keywords;
  readonly role?: RoleContext;
  readonly position: Position;
  readonly path: string;
}

/** What all statements have in common. */
export function baseOf(spot: Spot, around: Surroundings, keywords: Keywords): Base {
  return {
    id: idOf(spot, around),
    ...(has(spot, 'name') ? { name: at(spot, 'name').value } : {}),
    keywords,
    ...(around.role ? { role: around.role } : {}),
    position: spot.position,
    path: spot.path,
  };
}

/** Surroundings of the statements of an imported file or a role: ids start with the use's. */
export function idOf({ position }: Spot, { idPrefix }: Pick<Surroundings, 'idPrefix'>): string {
  return `${idPrefix}${position.file}:${position.line}:${position.column}`;
}
