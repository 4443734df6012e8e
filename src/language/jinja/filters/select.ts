import { iterate, lookUp } from '../access.ts';
import { shortName } from '../names.ts';
import { isTruthy } from '../operators.ts';
import { toText } from '../python-repr.ts';
import { didYouMean } from '../suggest.ts';
import type { CallContext, Filter, Test } from '../types.ts';
import { Undefined, ValueFault, strict, type Kwargs } from '../values.ts';

/** `a.b.0` walked from an item; a missing part gives an undefined value. */
export function attributeOf(item: unknown, path: unknown): unknown {
  const parts = typeof path === 'number' ? [path] : String(path).split('.');
  let value = item;
  for (const part of parts) {
    const key = typeof part === 'string' && /^\d+$/.test(part) ? Number(part) : part;
    const found = lookUp(strict(value), key) ?? (typeof key === 'number' ? lookUp(value, String(key)) : undefined);
    if (found === undefined) return new Undefined(String(path), `an item has no attribute '${String(part)}'`);
    value = found;
  }
  return value;
}

const map: Filter = (value, args, kwargs, context) => {
  const items = iterate(value);
  if (args.length === 0 && Object.hasOwn(kwargs, 'attribute')) return items.map((item) => attributeOr(item, kwargs));
  const [name, ...rest] = args;
  if (typeof name !== 'string') throw new ValueFault("needs the name of a filter or 'attribute='");
  const filter = context.environment.filters.get(shortName(name));
  if (!filter)
    throw new ValueFault(`there is no filter '${name}'${didYouMean(name, context.environment.filters.keys())}`);
  const isLenient = LENIENT.has(shortName(name));
  return items.map((item) => filter(isLenient ? item : strict(item), rest, kwargs, context));
};

const LENIENT: ReadonlySet<string> = new Set(['default', 'd', 'mandatory', 'type_debug']);

function attributeOr(item: unknown, kwargs: Kwargs): unknown {
  const found = attributeOf(item, kwargs.attribute);
  return found instanceof Undefined && Object.hasOwn(kwargs, 'default') ? kwargs.default : found;
}

function testNamed(name: unknown, context: CallContext): Test {
  const test = context.environment.tests.get(shortName(toText(name)));
  if (!test)
    throw new ValueFault(
      `there is no test '${toText(name)}'${didYouMean(toText(name), context.environment.tests.keys())}`,
    );
  return test;
}

const LENIENT_TESTS: ReadonlySet<unknown> = new Set(['defined', 'undefined']);

type Predicate = (item: unknown) => boolean;

function predicate([name, ...rest]: readonly unknown[], kwargs: Kwargs, context: CallContext): Predicate {
  if (name === undefined) return isTruthy;
  const test = testNamed(name, context);
  const guard = LENIENT_TESTS.has(name) ? (item: unknown) => item : strict;
  return (item) => test(guard(item), rest, kwargs, context);
}

function selecting(wanted: boolean): Filter {
  return (value, args, kwargs, context) => {
    const holds = predicate(args, kwargs, context);
    return iterate(value).filter((item) => holds(item) === wanted);
  };
}

function selectingByAttribute(wanted: boolean): Filter {
  return (value, [attribute, ...rest], kwargs, context) => {
    if (attribute === undefined) throw new ValueFault('needs the name of an attribute');
    const holds = predicate(rest, kwargs, context);
    return iterate(value).filter((item) => holds(attributeOf(item, attribute)) === wanted);
  };
}

export const selectFilters: Readonly<Record<string, Filter>> = {
  map,
  select: selecting(true),
  reject: selecting(false),
  selectattr: selectingByAttribute(true),
  rejectattr: selectingByAttribute(false),
};
