import type { Position } from '../../contract/problem.ts';

/** A value with its place and, for a plain or tagged scalar, what the author typed. */
export interface Node {
  readonly value: unknown;
  readonly position: Position;
  readonly typed?: string;
}
