import { compileArguments } from './compile-arguments.ts';
import { compile, located, type Evaluate, type Unit } from './compile-expression.ts';
import { REFUSED_FILTERS } from './filters/refused.ts';
import type { Frame } from './frame.ts';
import { shortName } from './names.ts';
import type { Expression } from './nodes.ts';
import { didYouMean } from './suggest.ts';
import { faultAt } from './tokens.ts';
import { own, strict } from './values.ts';

type Node<K extends Expression['kind']> = Extract<Expression, { readonly kind: K }>;

/** Filters that may receive an undefined value, because saying what then happens is what they are for. */
const LENIENT: ReadonlySet<string> = new Set(['default', 'd', 'ternary', 'mandatory', 'type_debug']);

function filterNamed(name: string, at: number, unit: Pick<Unit, 'source' | 'environment'>) {
  const filter = unit.environment.filters.get(shortName(name));
  if (filter) return filter;
  const reason = REFUSED_FILTERS.get(shortName(name));
  if (reason !== undefined) throw faultAt(unit.source, at, `filter '${name}' is not supported: ${reason}`);
  const hint = didYouMean(shortName(name), unit.environment.filters.keys());
  throw faultAt(unit.source, at, `there is no filter '${name}'${hint}`);
}

function testNamed(name: string, at: number, unit: Pick<Unit, 'source' | 'environment'>) {
  const test = unit.environment.tests.get(shortName(name));
  if (test) return test;
  throw faultAt(
    unit.source,
    at,
    `there is no test '${name}'${didYouMean(shortName(name), unit.environment.tests.keys())}`,
  );
}

export function compileFilter(node: Node<'filter'>, unit: Unit): Evaluate {
  const value = compile(node.value, unit);
  return applyFilter(node, value, unit);
}

/** Filters that may give back a part of a variable rather than something new. */
const HANDS_THROUGH: ReadonlySet<string> = new Set([
  'default',
  'd',
  'ternary',
  'mandatory',
  'first',
  'last',
  'min',
  'max',
  'extract',
  'attr',
  'random',
  'sum',
]);

/** Where `map`, `select` and their like expect the name of a filter or test. */
const TEST_ARGUMENT: Readonly<Record<string, number>> = { select: 0, reject: 0, selectattr: 1, rejectattr: 1 };

/** Names that are written out are checked now, not when the list happens to hold something. */
function checkNested({ name, args }: Pick<Node<'filter'>, 'name' | 'args'>, unit: Unit): void {
  const kind = shortName(name);
  const named = args[kind === 'map' ? 0 : (TEST_ARGUMENT[kind] ?? -1)];
  if (named?.value.kind !== 'literal' || named.name !== undefined || typeof named.value.value !== 'string') return;
  const check = kind === 'map' ? filterNamed : testNamed;
  check(named.value.value, named.value.at, unit);
}

/** Also used by `{% filter %}` and `{% set x | f %}`. */
export function applyFilter(node: Pick<Node<'filter'>, 'name' | 'args' | 'at'>, value: Evaluate, unit: Unit): Evaluate {
  const filter = filterNamed(node.name, node.at, unit);
  const args = compileArguments(node.args, unit);
  checkNested(node, unit);
  const isLenient = LENIENT.has(shortName(node.name));
  const handsThrough = HANDS_THROUGH.has(shortName(node.name));
  const guard = isLenient ? (input: unknown) => input : strict;
  const run = (frame: Frame): unknown => {
    const input = guard(value(frame));
    frame.budget.work(input);
    const given = args(frame);
    const result = filter(input, isLenient ? given.args : given.args.map(guard), given.kwargs, frame);
    return result === input || handsThrough ? result : own(result);
  };
  return located(unit, node.at, run, `filter '${node.name}': `);
}

export function compileTest(node: Node<'test'>, unit: Unit): Evaluate {
  const name = shortName(node.name);
  const test = testNamed(node.name, node.at, unit);
  const value = compile(node.value, unit);
  const args = compileArguments(node.args, unit);
  const guard = name === 'defined' || name === 'undefined' ? (input: unknown) => input : strict;
  const { isNegated } = node;
  const run = (frame: Frame): boolean => {
    const given = args(frame);
    return test(guard(value(frame)), given.args, given.kwargs, frame) !== isNegated;
  };
  return located(unit, node.at, run, `test '${node.name}': `);
}
