import { member, slice } from './access.ts';
import { compileCall } from './compile-call.ts';
import { compileFilter, compileTest } from './compile-filter.ts';
import { variable, type Frame } from './frame.ts';
import type { Comparison, Expression } from './nodes.ts';
import { compare } from './comparison.ts';
import { binary, isTruthy, negate } from './operators.ts';
import { faultAt } from './tokens.ts';
import { TemplateError, UndefinedError, type Environment } from './types.ts';
import {
  lineAndColumn,
  own,
  Float,
  Tuple,
  NoElse,
  isNumber,
  mappingFrom,
  strict,
  typeName,
  ValueFault,
  type Place,
} from './values.ts';

export type Evaluate = (frame: Frame) => unknown;

/** What the compiler knows about the text it is working on. */
export interface Unit {
  readonly source: string;
  readonly environment: Environment;
  /** Names the template sets anywhere; all others come straight from the scope. */
  readonly assigned: ReadonlySet<string>;
}

type Node<K extends Expression['kind']> = Extract<Expression, { readonly kind: K }>;

export function compile(node: Expression, unit: Unit): Evaluate {
  switch (node.kind) {
    case 'literal':
      return () => node.value;
    case 'name':
      return compileName(node, unit);
    case 'attribute':
      return compileMember(node.object, () => node.name, { node, unit });
    case 'subscript':
      return compileMember(node.object, compile(node.index, unit), { node, unit });
    case 'slice':
      return compileSlice(node, unit);
    case 'call':
      return compileCall(node, unit);
    case 'filter':
      return compileFilter(node, unit);
    case 'test':
      return compileTest(node, unit);
    case 'list':
    case 'tuple':
    case 'dict':
      return compileContainer(node, unit);
    default:
      return compileOperator(node, unit);
  }
}

function compileOperator(node: Node<'unary' | 'binary' | 'logic' | 'compare' | 'choice'>, unit: Unit): Evaluate {
  switch (node.kind) {
    case 'unary':
      return compileUnary(node, unit);
    case 'binary':
      return compileBinary(node, unit);
    case 'logic':
      return compileLogic(node, unit);
    case 'compare':
      return compileCompare(node, unit);
    case 'choice':
      return compileChoice(node, unit);
  }
}

export function placeOf(node: Expression, unit: Unit): Place {
  return { source: unit.source, offset: node.at };
}

function compileName(node: Node<'name'>, unit: Unit): Evaluate {
  const { name } = node;
  const place = placeOf(node, unit);
  if (!unit.assigned.has(name)) return (frame) => variable(frame.scope, name, place);
  return (frame) => {
    const local = frame.find(name);
    return local === undefined ? variable(frame.scope, name, place) : local;
  };
}

function compileMember(
  object: Expression,
  key: Evaluate,
  { node, unit }: { readonly node: Expression; readonly unit: Unit },
): Evaluate {
  const evaluate = compile(object, unit);
  const at = { path: pathText(object), place: placeOf(node, unit) };
  return (frame) => member(evaluate(frame), key(frame), at);
}

/** How an expression reads in a message: `result.stdout`. */
export function pathText(node: Expression): string {
  switch (node.kind) {
    case 'name':
      return node.name;
    case 'attribute':
      return `${pathText(node.object)}.${node.name}`;
    case 'subscript':
      return `${pathText(node.object)}[${node.index.kind === 'literal' ? JSON.stringify(node.index.value) : '…'}]`;
    case 'call':
      return `${pathText(node.callee)}(…)`;
    case 'filter':
      return `(… | ${node.name})`;
    default:
      return '(…)';
  }
}

function compileSlice(node: Node<'slice'>, unit: Unit): Evaluate {
  const object = compile(node.object, unit);
  const [start, stop, step] = node.bounds.map((bound) => (bound ? compile(bound, unit) : () => undefined));
  const bounds = (frame: Frame) => [start?.(frame), stop?.(frame), step?.(frame)] as const;
  return located(unit, node.at, (frame) => slice(object(frame), bounds(frame)));
}

/** Adds the place to mistakes that operators, filters and tests report without one. */
export function located(unit: Unit, at: number, evaluate: Evaluate, what = ''): Evaluate {
  return (frame) => {
    try {
      return evaluate(frame);
    } catch (error) {
      throw withPlace(error, { unit, at, what });
    }
  };
}

function undefinedAt(error: UndefinedError, place: Place): UndefinedError {
  const { line, column } = lineAndColumn(place);
  return new UndefinedError(`${error.message} at line ${line}, column ${column}`, {
    ...(error.path === undefined ? {} : { path: error.path }),
    line,
    column,
  });
}

export function withPlace(
  error: unknown,
  { unit, at, what }: { readonly unit: Unit; readonly at: number; readonly what: string },
): unknown {
  if (error instanceof TemplateError) return error;
  if (error instanceof UndefinedError)
    return error.line === undefined ? undefinedAt(error, { source: unit.source, offset: at }) : error;
  if (error instanceof RangeError)
    return faultAt(unit.source, at, `${what}nested too deeply, or too large`, { cause: error });
  return faultAt(unit.source, at, what + (error instanceof Error ? error.message : String(error)), { cause: error });
}

function compileUnary(node: Node<'unary'>, unit: Unit): Evaluate {
  const operand = compile(node.operand, unit);
  if (node.operator === 'not') return (frame) => !isTruthy(operand(frame));
  if (node.operator === '-') return located(unit, node.at, (frame) => negate(operand(frame)));
  return located(unit, node.at, (frame) => positive(operand(frame)));
}

function positive(value: unknown): unknown {
  const number = strict(value);
  if (typeof number === 'boolean') return Number(number);
  if (!isNumber(number)) throw new ValueFault(`'+' cannot be used on ${typeName(number)}`);
  return number;
}

function compileBinary(node: Node<'binary'>, unit: Unit): Evaluate {
  const [left, right] = [compile(node.left, unit), compile(node.right, unit)];
  const { operator } = node;
  return located(unit, node.at, (frame) => {
    const value = left(frame);
    frame.budget.work(value);
    return own(binary(operator, value, right(frame)));
  });
}

function compileLogic(node: Node<'logic'>, unit: Unit): Evaluate {
  const [left, right] = [compile(node.left, unit), compile(node.right, unit)];
  const stopsAt = node.operator === 'or';
  return (frame) => {
    const value = left(frame);
    return isTruthy(value) === stopsAt ? value : right(frame);
  };
}

function compileCompare(node: Node<'compare'>, unit: Unit): Evaluate {
  const first = compile(node.first, unit);
  const rest = node.rest.map(({ operator, operand }) => ({ operator, operand: compile(operand, unit) }));
  const [only] = rest;
  if (rest.length === 1 && only) {
    return located(unit, node.at, (frame) => {
      const left = first(frame);
      const right = only.operand(frame);
      frame.budget.work(right);
      return compare(only.operator, left, right);
    });
  }
  return located(unit, node.at, (frame) => chained(frame, first, rest));
}

type Link = { readonly operator: Comparison['operator']; readonly operand: Evaluate };

/** `1 < x < 5`: each operand is evaluated once, and only while the chain holds. */
function chained(frame: Frame, first: Evaluate, rest: readonly Link[]): boolean {
  let left = first(frame);
  for (const { operator, operand } of rest) {
    const right = operand(frame);
    if (!compare(operator, left, right)) return false;
    left = right;
  }
  return true;
}

function compileChoice(node: Node<'choice'>, unit: Unit): Evaluate {
  const [condition, yes] = [compile(node.condition, unit), compile(node.yes, unit)];
  const place = placeOf(node, unit);
  const no = node.no
    ? compile(node.no, unit)
    : () => new NoElse('if', "the condition is false and there is no 'else'", place);
  return (frame) => (isTruthy(condition(frame)) ? yes(frame) : no(frame));
}

function compileContainer(node: Node<'list' | 'tuple' | 'dict'>, unit: Unit): Evaluate {
  if (node.kind === 'dict') return compileDict(node, unit);
  const items = node.items.map((item) => compile(item, unit));
  const list = (frame: Frame) => own(items.map((item) => item(frame)));
  return node.kind === 'list' ? list : (frame) => Tuple.from2(list(frame));
}

function compileDict(node: Node<'dict'>, unit: Unit): Evaluate {
  const entries = node.entries.map(([key, value]) => [compile(key, unit), compile(value, unit)] as const);
  return located(unit, node.at, (frame) =>
    own(mappingFrom(entries.map(([key, value]) => [dictKey(key(frame)), value(frame)]))),
  );
}

export function dictKey(value: unknown): unknown {
  const key = strict(value);
  if (typeof key === 'object' && key !== null && !(key instanceof Float))
    throw new ValueFault(`${typeName(key)} cannot be a dict key`);
  return key instanceof Float ? key.value : key;
}
