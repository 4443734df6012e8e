import { named, textArgument } from '../filters/arguments.ts';
import { isTruthy } from '../operators.ts';
import { toText } from '../python-repr.ts';
import { matches, pythonRegex } from '../regex-search.ts';
import type { Test } from '../types.ts';
import { ValueFault } from '../values.ts';
import { looseOrder, semanticOrder, strictOrder } from '../version.ts';

type Anchor = 'search' | 'match' | 'fullmatch';

function found(
  value: unknown,
  pattern: unknown,
  { anchor, flags }: { readonly anchor: Anchor; readonly flags: Readonly<Record<string, boolean>> },
): boolean {
  const source = textArgument(pattern);
  const text = toText(value);
  const leading = /^\(\?[aiLmsux]+\)/.exec(source)?.[0] ?? '';
  const body = source.slice(leading.length);
  const anchored = { search: body, match: `\\A(?:${body})`, fullmatch: `\\A(?:${body})\\Z` }[anchor];
  return matches(pythonRegex(leading + anchored, flags), text, 'first').length > 0;
}

function matching(anchor: Anchor): Test {
  return (value, args, kwargs) => {
    const {
      pattern = '',
      ignorecase = false,
      multiline = false,
    } = named(args, kwargs, ['pattern', 'ignorecase', 'multiline']);
    return found(value, pattern, {
      anchor,
      flags: { ignoreCase: isTruthy(ignorecase), multiline: isTruthy(multiline) },
    });
  };
}

const regex: Test = (value, args, kwargs) => {
  const {
    pattern = '',
    ignorecase = false,
    multiline = false,
    match_type = 'search',
  } = named(args, kwargs, ['pattern', 'ignorecase', 'multiline', 'match_type']);
  if (match_type !== 'search' && match_type !== 'match' && match_type !== 'fullmatch')
    throw new ValueFault('match_type must be search, match or fullmatch');
  return found(value, pattern, {
    anchor: match_type,
    flags: { ignoreCase: isTruthy(ignorecase), multiline: isTruthy(multiline) },
  });
};

const HOLDS: Readonly<Record<string, (order: number) => boolean>> = {
  '==': (order) => order === 0,
  '=': (order) => order === 0,
  eq: (order) => order === 0,
  '!=': (order) => order !== 0,
  '<>': (order) => order !== 0,
  ne: (order) => order !== 0,
  '<': (order) => order < 0,
  lt: (order) => order < 0,
  '<=': (order) => order <= 0,
  le: (order) => order <= 0,
  '>': (order) => order > 0,
  gt: (order) => order > 0,
  '>=': (order) => order >= 0,
  ge: (order) => order >= 0,
};

const ORDERS: Readonly<Record<string, (a: string, b: string) => number>> = {
  loose: looseOrder,
  strict: strictOrder,
  semver: semanticOrder,
  semantic: semanticOrder,
};

const version: Test = (value, args, kwargs) => {
  const {
    version: other,
    operator = 'eq',
    strict = null,
    version_type = null,
  } = named(args, kwargs, ['version', 'operator', 'strict', 'version_type']);
  const type = version_type === null ? (isTruthy(strict) ? 'strict' : 'loose') : textArgument(version_type);
  const holds = Object.hasOwn(HOLDS, textArgument(operator)) ? HOLDS[textArgument(operator)] : undefined;
  const order = Object.hasOwn(ORDERS, type) ? ORDERS[type] : undefined;
  if (!holds) throw new ValueFault(`'${textArgument(operator)}' is not one of ${Object.keys(HOLDS).join(', ')}`);
  if (!order) throw new ValueFault(`version_type must be one of ${Object.keys(ORDERS).join(', ')}`);
  if (toText(value) === '' || toText(other) === '') throw new ValueFault('a version is empty');
  return holds(order(toText(value), toText(other)));
};

export const textTests: Readonly<Record<string, Test>> = {
  lower: (value) => toText(value) === toText(value).toLowerCase() && toText(value) !== toText(value).toUpperCase(),
  upper: (value) => toText(value) === toText(value).toUpperCase() && toText(value) !== toText(value).toLowerCase(),
  search: matching('search'),
  match: matching('match'),
  regex,
  version,
  version_compare: version,
  abs: (value) => toText(value).startsWith('/'),
};
