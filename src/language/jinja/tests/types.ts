import { isTruthy } from '../operators.ts';
import { shortName } from '../names.ts';
import { toText } from '../python-repr.ts';
import type { Test } from '../types.ts';
import { Undefined, ValueFault, isFloat, isInteger, isMapping, isNumber } from '../values.ts';

const isSequence: Test = (value) => typeof value === 'string' || Array.isArray(value) || isMapping(value);

/** With `convert_bool`, the words that `bool` knows count too. */
function truth(wanted: boolean): Test {
  return (value, _args, { convert_bool = false }) => {
    if (convert_bool !== true || typeof value !== 'string') return isTruthy(value) === wanted;
    const word = value.toLowerCase();
    if (!/^(yes|on|1|true|t|y|no|off|0|false|f|n)$/.test(word))
      throw new ValueFault(`'${value}' is not a boolean word`);
    return /^(yes|on|1|true|t|y)$/.test(word) === wanted;
  };
}

export const typeTests: Readonly<Record<string, Test>> = {
  defined: (value) => !(value instanceof Undefined),
  undefined: (value) => value instanceof Undefined,
  none: (value) => value === null,
  string: (value) => typeof value === 'string',
  // Python's True and False are numbers and integers.
  number: (value) => isNumber(value) || typeof value === 'boolean',
  integer: (value) => isInteger(value),
  float: isFloat,
  boolean: (value) => typeof value === 'boolean',
  true: (value) => value === true,
  false: (value) => value === false,
  mapping: isMapping,
  sequence: isSequence,
  iterable: isSequence,
  callable: () => false,
  truthy: truth(true),
  falsy: truth(false),
  filter: (value, _args, _kwargs, { environment }) => environment.filters.has(shortName(toText(value))),
  test: (value, _args, _kwargs, { environment }) => environment.tests.has(shortName(toText(value))),
};
