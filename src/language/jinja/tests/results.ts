import { lookUp } from '../access.ts';
import { isTruthy } from '../operators.ts';
import type { Test } from '../types.ts';
import { ValueFault, isMapping, typeName } from '../values.ts';

function field(result: unknown, name: string, fallback: unknown = false): unknown {
  if (!isMapping(result)) throw new ValueFault(`needs a registered task result (a dict), not ${typeName(result)}`);
  return lookUp(result, name) ?? fallback;
}

function hasFlag(name: string): Test {
  return (result) => isTruthy(field(result, name));
}

const hasFailed: Test = hasFlag('failed');

const hasSucceeded: Test = (result) => !isTruthy(field(result, 'failed'));

/** A loop's result has changed when one of its items has. */
const hasChanged: Test = (result) => {
  const own = field(result, 'changed', null);
  const items = field(result, 'results', []);
  if (own !== null || !Array.isArray(items)) return isTruthy(own);
  return items.some((item) => isMapping(item) && isTruthy(lookUp(item, 'changed') ?? false));
};

/** A task that is not asynchronous counts as started and finished. */
function asynchronous(name: string): Test {
  return (result) =>
    field(result, 'ansible_job_id', null) === null
      ? isTruthy(field(result, name, true))
      : isTruthy(field(result, name));
}

export const resultTests: Readonly<Record<string, Test>> = {
  failed: hasFailed,
  failure: hasFailed,
  success: hasSucceeded,
  succeeded: hasSucceeded,
  successful: hasSucceeded,
  changed: hasChanged,
  change: hasChanged,
  skipped: hasFlag('skipped'),
  skip: hasFlag('skipped'),
  started: asynchronous('started'),
  finished: asynchronous('finished'),
  timedout: hasFlag('timedout'),
  unreachable: hasFlag('unreachable'),
  reachable: (result) => !isTruthy(field(result, 'unreachable')),
};
