import { iterate } from '../access.ts';
import { MAX_ITEMS, binary, capped, isTruthy } from '../operators.ts';
import { toText } from '../python-repr.ts';
import type { Filter } from '../types.ts';
import { Tuple, Undefined, ValueFault, strict } from '../values.ts';
import { integerArgument, listArgument, named } from './arguments.ts';
import { attributeOf } from './select.ts';

const join: Filter = (value, args, kwargs) => {
  const { d = '', attribute } = named(args, kwargs, ['d', 'attribute']);
  const items = iterate(value).map((item) =>
    attribute === undefined || attribute === null ? item : attributeOf(item, attribute),
  );
  return capped(items.map((item) => toText(strict(item))).join(toText(d)));
};

const flatten: Filter = (value, args, kwargs) => {
  const { levels, skip_nulls = true } = named(args, kwargs, ['levels', 'skip_nulls']);
  return flat(
    listArgument(value),
    levels === undefined || levels === null ? 100 : integerArgument(levels),
    isTruthy(skip_nulls),
  );
};

/** Ansible drops nulls (None, and the words 'None' and 'null') unless told otherwise. */
function flat(items: readonly unknown[], levels: number, skipsNulls: boolean): readonly unknown[] {
  return items.flatMap((item) => {
    if (skipsNulls && (item === null || item === 'None' || item === 'null')) return [];
    if (Array.isArray(item) && levels >= 1) return flat(item, levels - 1, skipsNulls);
    return [item];
  });
}

const sum: Filter = (value, args, kwargs) => {
  const { attribute, start = 0 } = named(args, kwargs, ['attribute', 'start']);
  const items = iterate(value).map((item) =>
    attribute === undefined || attribute === null ? item : attributeOf(item, attribute),
  );
  return items.reduce((total, item) => binary('+', total, item), start);
};

function zip(value: unknown, others: readonly unknown[]): readonly Tuple[] {
  const lists = [value, ...others].map(iterate);
  const length = Math.min(...lists.map((list) => list.length));
  return Array.from({ length }, (_, index) => Tuple.from2(lists.map((list) => list[index])));
}

const zipLongest: Filter = (value, others, { fillvalue = null }) => {
  const lists = [value, ...others].map(iterate);
  const length = Math.max(...lists.map((list) => list.length));
  return Array.from({ length }, (_, index) =>
    Tuple.from2(lists.map((list) => (index < list.length ? list[index] : fillvalue))),
  );
};

const batch: Filter = (value, args, kwargs) => {
  const { linecount, fill_with = null } = named(args, kwargs, ['linecount', 'fill_with']);
  const [items, size] = [iterate(value), integerArgument(linecount)];
  if (size < 1) throw new ValueFault('needs a positive size');
  return Array.from({ length: Math.ceil(items.length / size) }, (_, row) => {
    const part = items.slice(row * size, (row + 1) * size);
    return fill_with === null ? part : [...part, ...Array.from({ length: size - part.length }, () => fill_with)];
  });
};

const slices: Filter = (value, args, kwargs) => {
  const { slices: count, fill_with = null } = named(args, kwargs, ['slices', 'fill_with']);
  const [items, columns] = [iterate(value), integerArgument(count)];
  if (columns < 1 || columns > MAX_ITEMS) throw new ValueFault('needs a positive number of slices');
  const [short, longer] = [Math.floor(items.length / columns), items.length % columns];
  return Array.from({ length: columns }, (_, column) => {
    const start = column * short + Math.min(column, longer);
    const part = items.slice(start, start + short + (column < longer ? 1 : 0));
    return fill_with !== null && longer > 0 && column >= longer ? [...part, fill_with] : part;
  });
};

const product: Filter = (value, others, kwargs) => {
  const { repeat = 1 } = named([], kwargs, ['repeat']);
  const lists = Array.from({ length: integerArgument(repeat) }, () => [value, ...others].map(iterate)).flat();
  const count = lists.reduce((total, list) => total * list.length, 1);
  if (count > MAX_ITEMS / 10) throw new ValueFault(`${count} combinations are too many`);
  return lists
    .reduce<readonly (readonly unknown[])[]>(
      (rows, list) => rows.flatMap((row) => list.map((item) => [...row, item])),
      [[]],
    )
    .map(Tuple.from2);
};

function combinations(items: readonly unknown[], size: number): readonly (readonly unknown[])[] {
  if (size === 0) return [[]];
  return bounded(
    items.flatMap((item, index) => combinations(items.slice(index + 1), size - 1).map((rest) => [item, ...rest])),
  );
}

function permutations(items: readonly unknown[], size: number): readonly (readonly unknown[])[] {
  if (size === 0) return [[]];
  return bounded(
    items.flatMap((item, index) => permutations(items.toSpliced(index, 1), size - 1).map((rest) => [item, ...rest])),
  );
}

function bounded<T>(rows: readonly T[]): readonly T[] {
  if (rows.length > MAX_ITEMS / 10) throw new ValueFault('the combinations are too many');
  return rows;
}

/** n! grows past every limit quickly: refused before it is tried. */
function choices(items: readonly unknown[], size: number): readonly unknown[] {
  if (size < 0 || items.length ** Math.min(size, items.length) > 1e7)
    throw new ValueFault('the combinations are too many');
  return items;
}

function atEnd(value: unknown, index: 0 | -1): unknown {
  const items = iterate(value);
  return items.length === 0 ? new Undefined(index === 0 ? 'first' : 'last', 'the list is empty') : items.at(index);
}

export const listFilters: Readonly<Record<string, Filter>> = {
  join,
  flatten,
  sum,
  zip,
  zip_longest: zipLongest,
  batch,
  slice: slices,
  product,
  combinations: (value, [size]) =>
    combinations(choices(iterate(value), integerArgument(size)), integerArgument(size)).map(Tuple.from2),
  permutations: (value, [size]) => {
    const items = iterate(value);
    const count = integerArgument(size, items.length);
    return permutations(choices(items, count), count).map(Tuple.from2);
  },
  first: (value) => atEnd(value, 0),
  last: (value) => atEnd(value, -1),
  reverse: (value) => (typeof value === 'string' ? [...value].reverse().join('') : iterate(value).toReversed()),
};
