import { iterate, lookUp } from '../access.ts';
import { equals } from '../comparison.ts';
import { isTruthy } from '../operators.ts';
import type { Filter } from '../types.ts';
import { ValueFault, isMapping, mappingEntries, mappingFrom, newDict, strict, typeName, type Dict } from '../values.ts';
import { mappingArgument, named, textArgument } from './arguments.ts';

type Mapping = Dict | ReadonlyMap<unknown, unknown>;

interface Merge {
  readonly isRecursive: boolean;
  readonly lists: string;
}

const LIST_MERGES: ReadonlySet<string> = new Set(['replace', 'keep', 'append', 'prepend', 'append_rp', 'prepend_rp']);

const combine: Filter = (value, others, kwargs) => {
  const { recursive = false, list_merge = 'replace' } = named([], kwargs, ['recursive', 'list_merge']);
  const merge = { isRecursive: isTruthy(recursive), lists: textArgument(list_merge) };
  if (!LIST_MERGES.has(merge.lists)) throw new ValueFault(`list_merge must be one of ${[...LIST_MERGES].join(', ')}`);
  const dicts = [value, ...others]
    .flatMap((item) => (Array.isArray(item) ? (item as readonly unknown[]) : [item]))
    .map(mappingArgument);
  return dicts.reduce((merged, dict) => mergeDicts(merged, dict, merge), newDict());
};

function mergeDicts(base: Mapping, over: Mapping, merge: Merge): Mapping {
  const merged = new Map(mappingEntries(base));
  for (const [key, value] of mappingEntries(over))
    merged.set(key, merged.has(key) ? mergeValues(merged.get(key), value, merge) : value);
  return mappingFrom(merged);
}

function mergeValues(base: unknown, over: unknown, merge: Merge): unknown {
  if (isMapping(base) && isMapping(over)) return merge.isRecursive ? mergeDicts(base, over, merge) : over;
  return Array.isArray(base) && Array.isArray(over) ? mergeLists(base, over, merge.lists) : over;
}

function mergeLists(base: readonly unknown[], over: readonly unknown[], how: string): readonly unknown[] {
  const missingFrom = (list: readonly unknown[], others: readonly unknown[]) =>
    list.filter((item) => !others.some((other) => equals(item, other)));
  switch (how) {
    case 'keep':
      return base;
    case 'append':
      return [...base, ...over];
    case 'prepend':
      return [...over, ...base];
    case 'append_rp':
      return [...missingFrom(base, over), ...over];
    case 'prepend_rp':
      return [...over, ...missingFrom(base, over)];
    default:
      return over;
  }
}

const dict2items: Filter = (value, args, kwargs) => {
  const { key_name = 'key', value_name = 'value' } = named(args, kwargs, ['key_name', 'value_name']);
  return mappingEntries(mappingArgument(value)).map(([key, item]) =>
    mappingFrom([
      [key_name, key],
      [value_name, item],
    ]),
  );
};

const items2dict: Filter = (value, args, kwargs) => {
  const { key_name = 'key', value_name = 'value' } = named(args, kwargs, ['key_name', 'value_name']);
  return mappingFrom(iterate(value).map((item) => [member(item, key_name), member(item, value_name)]));
};

function member(item: unknown, name: unknown): unknown {
  const found = isMapping(item) ? lookUp(item, name) : undefined;
  if (found === undefined)
    throw new ValueFault(`needs a list of dicts with '${String(name)}', found ${typeName(item)} without it`);
  return strict(found);
}

export const dictFilters: Readonly<Record<string, Filter>> = { combine, dict2items, items2dict };
