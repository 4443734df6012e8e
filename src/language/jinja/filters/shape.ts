import { iterate, lookUp } from '../access.ts';
import { isTruthy } from '../operators.ts';
import type { Filter } from '../types.ts';
import { Tuple, ValueFault, isMapping, mappingEntries, typeName } from '../values.ts';
import { named } from './arguments.ts';

/** Pairs of each item with each element of a list inside it, as with_subelements. */
const subelements: Filter = (value, args, kwargs) => {
  const { subelements: path, skip_missing = false } = named(args, kwargs, ['subelements', 'skip_missing']);
  const items = isMapping(value) ? mappingEntries(value).map(([, item]) => item) : iterate(value);
  const keys = typeof path === 'string' ? path.split('.') : iterate(path);
  return items.flatMap((item) =>
    inner(item, keys, isTruthy(skip_missing)).map((element) => Tuple.from2([item, element])),
  );
};

function inner(item: unknown, keys: readonly unknown[], skipsMissing: boolean): readonly unknown[] {
  const found = keys.reduce((object, key) => (object === undefined ? undefined : lookUp(object, key)), item);
  if (found === undefined && skipsMissing) return [];
  if (found === undefined) throw new ValueFault(`an item has no '${keys.join('.')}'`);
  if (!Array.isArray(found)) throw new ValueFault(`'${keys.join('.')}' must hold a list, not ${typeName(found)}`);
  return found;
}

export const shapeFilters: Readonly<Record<string, Filter>> = { subelements };
