import { didYouMean } from '../suggest.ts';
import { ValueFault, isNumber, isMapping, newDict, toInteger, typeName, type Dict, type Kwargs } from '../values.ts';

/** Arguments by name, however they were given. An unknown name or one argument too many is an error. */
export function named(args: readonly unknown[], kwargs: Kwargs, names: readonly string[]): Dict {
  if (args.length > names.length) throw new ValueFault(`takes at most ${names.length} arguments, got ${args.length}`);
  const given = newDict();
  for (const [index, value] of args.entries()) given[names[index] ?? ''] = value;
  for (const [name, value] of Object.entries(kwargs)) {
    if (!names.includes(name)) throw new ValueFault(`has no argument '${name}'${didYouMean(name, names)}`);
    given[name] = value;
  }
  return given;
}

export function textArgument(value: unknown, fallback?: string): string {
  if (value === undefined && fallback !== undefined) return fallback;
  if (typeof value !== 'string') throw new ValueFault(`needs a string, not ${typeName(value ?? null)}`);
  return value;
}

export function integerArgument(value: unknown, fallback?: number): number {
  if (value === undefined && fallback !== undefined) return fallback;
  const integer =
    isNumber(value) || typeof value === 'string' || typeof value === 'boolean' ? toInteger(value) : undefined;
  if (typeof integer !== 'number') throw new ValueFault(`needs an integer, not ${typeName(value ?? null)}`);
  return integer;
}

export function listArgument(value: unknown, what = 'a list'): readonly unknown[] {
  if (!Array.isArray(value)) throw new ValueFault(`needs ${what}, not ${typeName(value ?? null)}`);
  return value;
}

export function mappingArgument(value: unknown): Dict | ReadonlyMap<unknown, unknown> {
  if (!isMapping(value)) throw new ValueFault(`needs a dict, not ${typeName(value ?? null)}`);
  return value;
}
