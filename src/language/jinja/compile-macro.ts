import { compileArguments } from './compile-arguments.ts';
import { compile, located, type Evaluate, type Unit } from './compile-expression.ts';
import { captured, compileBody, writing, type Run } from './compile-statements.ts';
import type { Frame } from './frame.ts';
import type { Body, Parameter, Statement } from './nodes.ts';
import { toText } from './python-repr.ts';
import { EngineObject, Tuple, Undefined, ValueFault, newDict, strict, type Kwargs } from './values.ts';

interface MacroParts {
  readonly name: string;
  readonly parameters: readonly { readonly name: string; readonly fallback: Evaluate | undefined }[];
  readonly body: Run;
}

function macroParts(
  name: string,
  node: { readonly parameters: readonly Parameter[]; readonly body: Body },
  unit: Unit,
): MacroParts {
  const parameters = node.parameters.map((parameter) => ({
    name: parameter.name,
    fallback: parameter.fallback && compile(parameter.fallback, unit),
  }));
  return { name, parameters, body: compileBody(node.body, unit) };
}

export function compileMacro(node: Extract<Statement, { readonly kind: 'macro' }>, unit: Unit): Run {
  const parts = macroParts(node.name, node, unit);
  return (frame) => {
    frame.set(node.name, new Macro(parts, frame));
    return undefined;
  };
}

export function compileCallBlock(node: Extract<Statement, { readonly kind: 'call-block' }>, unit: Unit): Run {
  const { call } = node;
  if (call.kind !== 'call') throw new ValueFault("'{% call %}' needs the call of a macro");
  const parts = macroParts('caller', node, unit);
  const target = compile(call.callee, unit);
  const args = compileArguments(call.args, unit);
  const text = located(unit, node.at, (frame) => {
    const macro = strict(target(frame));
    const given = args(frame);
    if (!(macro instanceof EngineObject)) throw new ValueFault("'{% call %}' needs a macro");
    const kwargs = Object.assign(newDict(), given.kwargs, { caller: new Macro(parts, frame) });
    return toText(macro.call(given.args, kwargs));
  });
  return writing((frame) => text(frame) as string, { unit, at: node.at });
}

class Macro extends EngineObject {
  readonly typeName = 'Macro';
  readonly #parts: MacroParts;
  readonly #frame: Frame;

  constructor(parts: MacroParts, frame: Frame) {
    super();
    this.#parts = parts;
    this.#frame = frame;
  }

  override attribute(name: string): unknown {
    return name === 'name' ? this.#parts.name : undefined;
  }

  override call(args: readonly unknown[], kwargs: Kwargs): string {
    const inner = this.#frame.child();
    const { parameters, body, name } = this.#parts;
    const names = new Set(parameters.map((parameter) => parameter.name));
    const more = Object.entries(kwargs).filter(([key]) => !names.has(key) && key !== 'caller');
    inner.set('varargs', Tuple.from2(args.slice(parameters.length)));
    inner.set('kwargs', Object.assign(newDict(), Object.fromEntries(more)));
    inner.set('caller', kwargs.caller ?? new Undefined('caller', 'the macro was not called by {% call %}'));
    for (const [index, parameter] of parameters.entries()) {
      const given = index < args.length ? args[index] : kwargs[parameter.name];
      inner.set(parameter.name, given ?? (given === null ? null : fallback(parameter, inner, name)));
    }
    return inner.budget.call(() => captured(body, inner));
  }
}

function fallback(parameter: MacroParts['parameters'][number], frame: Frame, macro: string): unknown {
  if (parameter.fallback) return parameter.fallback(frame);
  return new Undefined(parameter.name, `parameter '${parameter.name}' of macro '${macro}' was not given`);
}
