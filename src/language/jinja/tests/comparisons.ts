import { iterate } from '../access.ts';
import { Membership } from '../membership.ts';
import { compare, contains } from '../comparison.ts';
import { binary, isTruthy } from '../operators.ts';
import type { CompareOperator } from '../nodes.ts';
import type { Test } from '../types.ts';
import { Float, ValueFault, typeName } from '../values.ts';

function comparing(operator: CompareOperator): Test {
  return (value, [other]) => compare(operator, value, other);
}

function remainder(value: unknown, divisor: unknown): number {
  const rest = binary('%', value, divisor);
  if (typeof rest === 'number') return rest;
  if (rest instanceof Float) return rest.value;
  throw new ValueFault(`needs a number, not ${typeName(value)}`);
}

const sameas: Test = (value, [other]) =>
  value instanceof Float && other instanceof Float ? value.value === other.value : value === other;

function isWithin(items: readonly unknown[], known: Membership): boolean {
  return items.every((item) => known.has(item));
}

const subset: Test = (value, [other]) => isWithin(iterate(value), new Membership(iterate(other)));

export const comparisonTests: Readonly<Record<string, Test>> = {
  eq: comparing('=='),
  equalto: comparing('=='),
  '==': comparing('=='),
  ne: comparing('!='),
  '!=': comparing('!='),
  lt: comparing('<'),
  lessthan: comparing('<'),
  '<': comparing('<'),
  gt: comparing('>'),
  greaterthan: comparing('>'),
  '>': comparing('>'),
  le: comparing('<='),
  '<=': comparing('<='),
  ge: comparing('>='),
  '>=': comparing('>='),
  in: comparing('in'),
  contains: (value, [item]) => contains(value, item),
  sameas,
  divisibleby: (value, [divisor]) => remainder(value, divisor) === 0,
  even: (value) => remainder(value, 2) === 0,
  odd: (value) => remainder(value, 2) === 1,
  subset,
  issubset: subset,
  superset: (value, [other], kwargs, context) => subset(other, [value], kwargs, context),
  issuperset: (value, [other], kwargs, context) => subset(other, [value], kwargs, context),
  any: (value) => iterate(value).some(isTruthy),
  all: (value) => iterate(value).every(isTruthy),
  nan: (value) => Number.isNaN(value),
};
