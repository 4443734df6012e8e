import { iterate } from './access.ts';
import { compile, type Unit } from './compile-expression.ts';
import type { Frame } from './frame.ts';
import type { Argument } from './nodes.ts';
import { isMapping, mappingEntries, newDict, strict, ValueFault, type Kwargs } from './values.ts';

export interface Arguments {
  readonly args: readonly unknown[];
  readonly kwargs: Kwargs;
}

const NONE: Arguments = { args: [], kwargs: Object.freeze(newDict()) };

export function compileArguments(given: readonly Argument[], unit: Unit): (frame: Frame) => Arguments {
  if (given.length === 0) return () => NONE;
  const compiled = given.map((argument) => ({ ...argument, evaluate: compile(argument.value, unit) }));
  if (compiled.every(({ name, spread }) => name === undefined && spread === undefined)) {
    return (frame) => ({ args: compiled.map(({ evaluate }) => evaluate(frame)), kwargs: NONE.kwargs });
  }
  return (frame) => gather(compiled.map(({ name, spread, evaluate }) => ({ name, spread, value: evaluate(frame) })));
}

interface Given {
  readonly name: string | undefined;
  readonly spread: Argument['spread'];
  readonly value: unknown;
}

function gather(given: readonly Given[]): Arguments {
  const args: unknown[] = [];
  const kwargs = newDict();
  for (const { name, spread, value } of given) {
    if (spread === 'list') args.push(...iterate(value));
    else if (spread === 'dict') Object.assign(kwargs, keywordsFrom(value));
    else if (name === undefined) args.push(value);
    else kwargs[name] = value;
  }
  return { args, kwargs };
}

function keywordsFrom(value: unknown): Kwargs {
  const mapping = strict(value);
  if (!isMapping(mapping)) throw new ValueFault("'**' needs a dict");
  return Object.assign(
    newDict(),
    Object.fromEntries(mappingEntries(mapping).map(([key, item]) => [String(key), item])),
  );
}
