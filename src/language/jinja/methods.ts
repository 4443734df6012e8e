import type { Budget } from './frame.ts';
import { DICT_METHODS } from './methods-dict.ts';
import { LIST_METHODS } from './methods-list.ts';
import { STRING_METHODS } from './methods-string.ts';
import { assertOwn, EngineObject, ValueFault, isMapping, isNumber, strict, typeName, type Kwargs } from './values.ts';
import { didYouMean } from './suggest.ts';

export interface MethodCall {
  readonly args: readonly unknown[];
  readonly kwargs: Kwargs;
  readonly budget: Budget;
}

export type Method<T> = (self: T, args: readonly unknown[], kwargs: Kwargs) => unknown;

const NUMBER_METHODS: ReadonlyMap<string, Method<unknown>> = new Map<string, Method<unknown>>([
  ['is_integer', (self: unknown) => typeof self !== 'number' || Number.isInteger(self)],
  [
    'bit_length',
    (self: unknown) =>
      self === 0
        ? 0
        : BigInt(self as number)
            .toString(2)
            .replace('-', '').length,
  ],
]);

/** Methods that change a list or dict where it is. */
const CHANGING: ReadonlySet<string> = new Set([
  'append',
  'extend',
  'insert',
  'pop',
  'remove',
  'reverse',
  'sort',
  'clear',
  'update',
  'setdefault',
]);

const ENGINE_METHODS: ReadonlySet<string> = new Set(['cycle', 'changed', 'next', 'reset']);

/** Anything else is refused while compiling: no template can reach a method of the host language. */
export function isMethodName(name: string): boolean {
  return (
    STRING_METHODS.has(name) ||
    LIST_METHODS.has(name) ||
    DICT_METHODS.has(name) ||
    NUMBER_METHODS.has(name) ||
    ENGINE_METHODS.has(name)
  );
}

export function callMethod(self: unknown, name: string, { args, kwargs }: MethodCall): unknown {
  if (self instanceof EngineObject) {
    const method = self.method(name);
    if (!method) throw new ValueFault(`'${self.typeName}' has no such method`);
    return method(args, kwargs);
  }
  const methods = methodsOf(self);
  const method = methods.get(name);
  if (!method) throw new ValueFault(`'${typeName(self)}' has no such method${didYouMean(name, methods.keys())}`);
  if (CHANGING.has(name) && typeof self === 'object' && self !== null) assertOwn(self);
  return method(self as never, args.map(strict), kwargs);
}

function methodsOf(self: unknown): ReadonlyMap<string, Method<never>> {
  if (typeof self === 'string') return STRING_METHODS;
  if (Array.isArray(self)) return LIST_METHODS;
  if (isMapping(self)) return DICT_METHODS;
  return isNumber(self) ? NUMBER_METHODS : new Map();
}
