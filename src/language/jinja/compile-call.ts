import { compileArguments } from './compile-arguments.ts';
import { compile, located, pathText, type Evaluate, type Unit } from './compile-expression.ts';
import type { Frame } from './frame.ts';
import { REFUSED_FUNCTIONS } from './filters/refused.ts';
import { FUNCTIONS } from './functions.ts';
import { callMethod, isMethodName } from './methods.ts';
import { shortName } from './names.ts';
import type { Expression } from './nodes.ts';
import { didYouMean } from './suggest.ts';
import { faultAt } from './tokens.ts';
import { EngineObject, strict, typeName, ValueFault } from './values.ts';

type Call = Extract<Expression, { readonly kind: 'call' }>;

export function compileCall(node: Call, unit: Unit): Evaluate {
  const { callee } = node;
  if (callee.kind === 'attribute') return compileMethod(node, callee, unit);
  if (callee.kind === 'name' && !unit.assigned.has(callee.name)) return compileFunction(node, callee.name, unit);
  const target = compile(callee, unit);
  const args = compileArguments(node.args, unit);
  const run = (frame: Frame): unknown => {
    const value = strict(target(frame));
    const given = args(frame);
    if (!(value instanceof EngineObject))
      throw new ValueFault(`${pathText(callee)} is a ${typeName(value)}, not a function`);
    return value.call(given.args, given.kwargs);
  };
  return located(unit, node.at, run);
}

function compileFunction(node: Call, name: string, unit: Unit): Evaluate {
  const found = FUNCTIONS.get(name);
  const reason = REFUSED_FUNCTIONS.get(name);
  if (reason !== undefined) throw faultAt(unit.source, node.at, `function '${name}' is not supported: ${reason}`);
  if (!found)
    throw faultAt(unit.source, node.at, `there is no function '${name}'${didYouMean(name, FUNCTIONS.keys())}`);
  checkLookup(node, name, unit);
  const args = compileArguments(node.args, unit);
  const run = (frame: Frame): unknown => {
    const given = args(frame);
    return found(given.args, given.kwargs, frame);
  };
  return located(unit, node.at, run, `${name}: `);
}

const LOOKUP_FUNCTIONS: ReadonlySet<string> = new Set(['lookup', 'query', 'q']);

/** The name of the lookup a call asks for, when it is written out. */
export function lookupName(node: Call): string | undefined {
  const [first] = node.args;
  if (node.callee.kind !== 'name' || !LOOKUP_FUNCTIONS.has(node.callee.name) || !first) return undefined;
  return first.value.kind === 'literal' && typeof first.value.value === 'string' ? shortName(first.value.value) : '*';
}

function checkLookup(node: Call, name: string, unit: Unit): void {
  if (!LOOKUP_FUNCTIONS.has(name)) return;
  const lookup = lookupName(node);
  if (lookup === undefined) throw faultAt(unit.source, node.at, `${name}() needs the name of a lookup`);
  if (lookup === '*' || unit.environment.lookups.has(lookup)) return;
  throw faultAt(
    unit.source,
    node.at,
    `there is no lookup '${lookup}'${didYouMean(lookup, unit.environment.lookups.keys())}`,
  );
}

function compileMethod(node: Call, callee: Extract<Expression, { readonly kind: 'attribute' }>, unit: Unit): Evaluate {
  const { name } = callee;
  if (!isMethodName(name)) throw faultAt(unit.source, node.at, `there is no method '${name}'`);
  const object = compile(callee.object, unit);
  const args = compileArguments(node.args, unit);
  const run = (frame: Frame): unknown => {
    const target = strict(object(frame));
    const given = args(frame);
    return callMethod(target, name, { ...given, budget: frame.budget });
  };
  return located(unit, node.at, run, `${name}(): `);
}
