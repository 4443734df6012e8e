import { Unsafe, VaultText } from '../yaml/tags.ts';
import { isMapping } from './spot.ts';
import type { Include, Keywords, Statement } from './types.ts';

const REMEMBERED_PER_INCLUDE = 500;

/**
 * Included statements by include, file and the variables they see, so that the hosts of a fleet share them: reading a
 * file of tasks once per host would cost more than running it.
 */
export class IncludeCache {
  readonly #byInclude = new WeakMap<Include, Map<string, readonly Statement[]>>();

  get(include: Include, target: string, keywords: Keywords, read: () => readonly Statement[]): readonly Statement[] {
    const key = keyOf(target, keywords);
    if (key === undefined) return read();
    const known = this.#byInclude.get(include) ?? new Map<string, readonly Statement[]>();
    this.#byInclude.set(include, known);
    const statements = known.get(key) ?? read();
    if (known.size < REMEMBERED_PER_INCLUDE) known.set(key, statements);
    return statements;
  }
}

/** Undefined when two different values could look the same: every Secret, for one, is written as asterisks. */
function keyOf(target: string, { vars }: Keywords): string | undefined {
  const layers = vars.map((layer) => layer.vars);
  return isWritable(layers) ? `${target}\0${JSON.stringify(layers)}` : undefined;
}

function isWritable(value: unknown): boolean {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return true;
  if (typeof value === 'number') return Number.isFinite(value);
  if (value instanceof Unsafe) return isWritable(value.value);
  if (value instanceof VaultText) return true;
  if (Array.isArray(value)) return value.every(isWritable);
  return isMapping(value) && Object.values(value).every(isWritable);
}
