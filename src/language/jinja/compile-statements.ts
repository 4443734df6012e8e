import { iterate } from './access.ts';
import { compile, located, withPlace, type Evaluate, type Unit } from './compile-expression.ts';
import { applyFilter } from './compile-filter.ts';
import { compileFor } from './compile-loop.ts';
import { compileCallBlock, compileMacro } from './compile-macro.ts';
import { Output, type Frame } from './frame.ts';
import { Namespace } from './functions.ts';
import type { Body, FilterCall, Statement, Target } from './nodes.ts';
import { isTruthy } from './operators.ts';
import { toText } from './python-repr.ts';
import { ValueFault, strict, typeName } from './values.ts';

/** A `break` or `continue` on its way to the loop around it. */
export type Signal = 'break' | 'continue' | undefined;
export type Run = (frame: Frame, output: Output) => Signal;

export function compileBody(body: Body, unit: Unit): Run {
  const runs = body.map((statement) => compileStatement(statement, unit));
  return (frame, output) => {
    for (const run of runs) {
      const signal = run(frame, output);
      if (signal !== undefined) return signal;
    }
    return undefined;
  };
}

type Node<K extends Statement['kind']> = Extract<Statement, { readonly kind: K }>;

function compileStatement(node: Statement, unit: Unit): Run {
  switch (node.kind) {
    case 'text':
      return (_frame, output) => void output.write(node.text);
    case 'output':
      return compileOutput(node, unit);
    case 'if':
      return compileIf(node, unit);
    case 'for':
      return compileFor(node, unit);
    case 'macro':
      return compileMacro(node, unit);
    case 'call-block':
      return compileCallBlock(node, unit);
    case 'break':
    case 'continue':
      return () => node.kind;
    default:
      return compileBinding(node, unit);
  }
}

function compileBinding(node: Node<'set' | 'set-block' | 'filter-block' | 'with' | 'do'>, unit: Unit): Run {
  switch (node.kind) {
    case 'set':
      return compileSet(node, unit);
    case 'set-block':
      return compileSetBlock(node, unit);
    case 'filter-block':
      return compileFilterBlock(node, unit);
    case 'with':
      return compileWith(node, unit);
    case 'do':
      return evaluateOnly(compile(node.value, unit));
  }
}

function evaluateOnly(evaluate: Evaluate): Run {
  return (frame) => {
    evaluate(frame);
    return undefined;
  };
}

function compileOutput(node: Node<'output'>, unit: Unit): Run {
  const evaluate = compile(node.value, unit);
  const value = located(unit, node.at, (frame) => strict(evaluate(frame)));
  return (frame, output) => {
    const written = value(frame);
    try {
      output.write(toText(written), written);
    } catch (error) {
      throw withPlace(error, { unit, at: node.at, what: '' });
    }
    return undefined;
  };
}

/** Writes what `text` gives; running out of space is reported at the statement. */
export function writing(
  text: (frame: Frame) => string,
  { unit, at }: { readonly unit: Unit; readonly at: number },
): Run {
  return (frame, output) => {
    const written = text(frame);
    try {
      output.write(written);
    } catch (error) {
      throw withPlace(error, { unit, at, what: '' });
    }
    return undefined;
  };
}

function compileIf(node: Node<'if'>, unit: Unit): Run {
  const branches = node.branches.map(({ condition, body }) => ({
    condition: compile(condition, unit),
    run: compileBody(body, unit),
  }));
  const otherwise = compileBody(node.otherwise, unit);
  return (frame, output) => {
    const chosen = branches.find(({ condition }) => isTruthy(condition(frame)));
    return (chosen?.run ?? otherwise)(frame, output);
  };
}

export function captured(run: Run, frame: Frame): string {
  const output = new Output();
  run(frame, output);
  return output.text;
}

/** Gives the names of a `for` or `set` their values. */
export function bind(target: Target, value: unknown, frame: Frame): void {
  if (target.kind === 'member') return bindMember(target, value, frame);
  const [name = ''] = target.names;
  if (target.names.length === 1 && !target.isTuple) return frame.set(name, value);
  const values = iterate(value);
  if (values.length !== target.names.length) {
    throw new ValueFault(
      `cannot unpack ${values.length} values into ${target.names.length} names (${target.names.join(', ')})`,
    );
  }
  for (const [index, part] of target.names.entries()) frame.set(part, values[index]);
}

function bindMember(target: Extract<Target, { readonly kind: 'member' }>, value: unknown, frame: Frame): void {
  const object = frame.find(target.object);
  if (!(object instanceof Namespace))
    throw new ValueFault(`'${target.object}' is ${typeName(object ?? null)}; only members of a namespace() can be set`);
  object.set(target.name, value);
}

function compileSet(node: Node<'set'>, unit: Unit): Run {
  const value = compile(node.value, unit);
  const assign = located(unit, node.at, (frame) => bind(node.target, value(frame), frame));
  return evaluateOnly(assign);
}

/** Applies the filters to text that is only known while rendering. */
function filtered(filters: readonly FilterCall[], start: Evaluate, unit: Unit): Evaluate {
  return filters.reduce((value, filter) => applyFilter(filter, value, unit), start);
}

function compileSetBlock(node: Node<'set-block'>, unit: Unit): Run {
  const run = compileBody(node.body, unit);
  const value = filtered(node.filters, (frame) => captured(run, frame.child()), unit);
  return evaluateOnly(located(unit, node.at, (frame) => bind(node.target, value(frame), frame)));
}

function compileFilterBlock(node: Node<'filter-block'>, unit: Unit): Run {
  const run = compileBody(node.body, unit);
  const value = filtered(node.filters, (frame) => captured(run, frame.child()), unit);
  return writing((frame) => toText(strict(value(frame))), { unit, at: node.at });
}

function compileWith(node: Node<'with'>, unit: Unit): Run {
  const bindings = node.bindings.map(({ name, value }) => ({ name, value: compile(value, unit) }));
  const run = compileBody(node.body, unit);
  return (frame, output) => {
    const inner = frame.child();
    for (const { name, value } of bindings) inner.set(name, value(frame));
    return run(inner, output);
  };
}
