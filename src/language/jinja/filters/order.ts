import { iterate } from '../access.ts';
import { Membership } from '../membership.ts';
import { equals, order } from '../comparison.ts';
import { isTruthy } from '../operators.ts';
import type { Filter } from '../types.ts';
import { Tuple, Undefined, ValueFault, mappingEntries, strict, type Kwargs } from '../values.ts';
import { looseOrder } from '../version.ts';
import { mappingArgument, named } from './arguments.ts';
import { attributeOf } from './select.ts';
import { toText } from '../python-repr.ts';

function folded(value: unknown, isCaseSensitive: boolean): unknown {
  return typeof value === 'string' && !isCaseSensitive ? value.toLowerCase() : value;
}

/** The value an item is compared by; several attributes may be given, separated by commas. */
function keyOf(attribute: unknown, isCaseSensitive: boolean): (item: unknown) => unknown {
  if (attribute === undefined || attribute === null) return (item) => folded(strict(item), isCaseSensitive);
  const paths = typeof attribute === 'string' ? attribute.split(',') : [attribute];
  const parts = (item: unknown) => paths.map((path) => folded(strict(attributeOf(item, path)), isCaseSensitive));
  return (item) => (paths.length === 1 ? parts(item)[0] : parts(item));
}

const sort: Filter = (value, args, kwargs) => {
  const {
    reverse = false,
    case_sensitive = false,
    attribute,
  } = named(args, kwargs, ['reverse', 'case_sensitive', 'attribute']);
  const sign = isTruthy(reverse) ? -1 : 1;
  return sortedBy(iterate(value), keyOf(attribute, isTruthy(case_sensitive)), sign);
};

function sortedBy(items: readonly unknown[], key: (item: unknown) => unknown, sign: number): readonly unknown[] {
  const keyed = items.map((item) => ({ item, key: key(item) }));
  return keyed.sort((a, b) => sign * order(a.key, b.key)).map(({ item }) => item);
}

const unique: Filter = (value, args, kwargs) => {
  const { case_sensitive = false, attribute } = named(args, kwargs, ['case_sensitive', 'attribute']);
  return uniqueBy(iterate(value), keyOf(attribute, isTruthy(case_sensitive)));
};

export function uniqueBy(
  items: readonly unknown[],
  key: (item: unknown) => unknown = (item) => item,
): readonly unknown[] {
  const seen = new Membership();
  return items.filter((item) => seen.add(strict(key(item))));
}

function extreme(sign: 1 | -1): Filter {
  return (value, args, kwargs) => {
    const { case_sensitive = false, attribute } = named(args, kwargs, ['case_sensitive', 'attribute']);
    const items = iterate(value);
    if (items.length === 0) return new Undefined('first', 'the list is empty');
    const key = keyOf(attribute, isTruthy(case_sensitive));
    return items.reduce((best, item) => (sign * order(key(item), key(best)) < 0 ? item : best));
  };
}

const groupby: Filter = (value, args, kwargs) => {
  const {
    attribute,
    default: fallback,
    case_sensitive = false,
  } = named(args, kwargs, ['attribute', 'default', 'case_sensitive']);
  const keyed = iterate(value).map((item) => ({ item, key: groupKey(item, attribute, fallback) }));
  keyed.sort((a, b) => order(folded(a.key, isTruthy(case_sensitive)), folded(b.key, isTruthy(case_sensitive))));
  const groups: { readonly key: unknown; readonly items: unknown[] }[] = [];
  for (const { item, key } of keyed) {
    const last = groups.at(-1);
    if (last && equals(folded(last.key, isTruthy(case_sensitive)), folded(key, isTruthy(case_sensitive))))
      last.items.push(item);
    else groups.push({ key, items: [item] });
  }
  return groups.map(({ key, items }) => Tuple.from2([key, items]));
};

function groupKey(item: unknown, attribute: unknown, fallback: unknown): unknown {
  const key = attributeOf(item, attribute);
  return strict(key instanceof Undefined && fallback !== undefined ? fallback : key);
}

const dictsort: Filter = (value, args, kwargs) => {
  const {
    case_sensitive = false,
    by = 'key',
    reverse = false,
  } = named(args, kwargs, ['case_sensitive', 'by', 'reverse']);
  if (by !== 'key' && by !== 'value') throw new ValueFault("'by' must be 'key' or 'value'");
  const entries = mappingEntries(mappingArgument(value)).map((pair) => Tuple.from2(pair));
  const key = (pair: unknown) => folded((pair as Tuple)[by === 'key' ? 0 : 1], isTruthy(case_sensitive));
  return sortedBy(entries, key, isTruthy(reverse) ? -1 : 1);
};

function versionSort(value: unknown, args: readonly unknown[], kwargs: Kwargs): unknown {
  const { reverse = false } = named(args, kwargs, ['reverse']);
  const sign = isTruthy(reverse) ? -1 : 1;
  return iterate(value).toSorted((a, b) => sign * looseOrder(toText(a), toText(b)));
}

export const orderFilters: Readonly<Record<string, Filter>> = {
  sort,
  unique,
  min: extreme(1),
  max: extreme(-1),
  groupby,
  dictsort,
  version_sort: versionSort,
};
