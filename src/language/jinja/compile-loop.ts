import { iterate } from './access.ts';
import { compile, located, withPlace, type Evaluate, type Unit } from './compile-expression.ts';
import { bind, captured, compileBody, type Run, type Signal } from './compile-statements.ts';
import type { Frame, Output } from './frame.ts';
import type { Statement, Target } from './nodes.ts';
import { equals } from './comparison.ts';
import { isTruthy } from './operators.ts';
import { EngineObject, Undefined, ValueFault } from './values.ts';

type For = Extract<Statement, { readonly kind: 'for' }>;

interface LoopParts {
  readonly target: Target;
  readonly over: Evaluate;
  readonly filter: Evaluate | undefined;
  readonly body: Run;
  readonly otherwise: Run;
  readonly isRecursive: boolean;
}

export function compileFor(node: For, unit: Unit): Run {
  const parts: LoopParts = {
    target: node.target,
    over: located(unit, node.at, compile(node.over, unit)),
    filter: node.filter && compile(node.filter, unit),
    body: compileBody(node.body, unit),
    otherwise: compileBody(node.otherwise, unit),
    isRecursive: node.isRecursive,
  };
  return (frame, output) => {
    try {
      return runLoop(parts, { frame, output, items: parts.over(frame), depth: 1 });
    } catch (error) {
      throw withPlace(error, { unit, at: node.at, what: '' });
    }
  };
}

interface LoopRun {
  readonly frame: Frame;
  readonly output: Output;
  readonly items: unknown;
  readonly depth: number;
}

function runLoop(parts: LoopParts, run: LoopRun): Signal {
  const items = wanted(parts, run.frame, iterate(run.items));
  if (items.length === 0) return parts.otherwise(run.frame, run.output);
  const recurse = parts.isRecursive ? nested(parts, run) : undefined;
  const loop = new LoopVariable(items, run.depth, recurse);
  for (const item of items) {
    run.frame.budget.spend(1);
    loop.advance();
    const inner = run.frame.child();
    inner.set('loop', loop);
    bind(parts.target, item, inner);
    if (parts.body(inner, run.output) === 'break') break;
  }
  return undefined;
}

function wanted({ filter, target }: LoopParts, frame: Frame, items: readonly unknown[]): readonly unknown[] {
  if (!filter) return items;
  return items.filter((item) => {
    frame.budget.spend(1);
    const inner = frame.child();
    bind(target, item, inner);
    return isTruthy(filter(inner));
  });
}

function nested(parts: LoopParts, { frame, depth }: LoopRun): (items: unknown) => string {
  const run: (items: unknown) => Run = (items) => (inner, output) =>
    runLoop(parts, { frame: inner, output, items, depth: depth + 1 });
  return (items) => frame.budget.call(() => captured(run(items), frame));
}

/** Jinja2's `loop`. Mutable: it moves with the loop. */
class LoopVariable extends EngineObject {
  readonly typeName = 'LoopContext';
  readonly #items: readonly unknown[];
  readonly #depth: number;
  readonly #recurse: ((items: unknown) => string) | undefined;
  #index = -1;
  #last: readonly unknown[] | undefined;

  constructor(items: readonly unknown[], depth: number, recurse: ((items: unknown) => string) | undefined) {
    super();
    this.#items = items;
    this.#depth = depth;
    this.#recurse = recurse;
  }

  advance(): void {
    this.#index++;
  }

  override attribute(name: string): unknown {
    const [index, length] = [this.#index, this.#items.length];
    switch (name) {
      case 'index':
        return index + 1;
      case 'index0':
        return index;
      case 'revindex':
        return length - index;
      case 'revindex0':
        return length - index - 1;
      case 'first':
        return index === 0;
      case 'last':
        return index === length - 1;
      case 'length':
        return length;
      case 'depth':
        return this.#depth;
      case 'depth0':
        return this.#depth - 1;
      case 'previtem':
        return this.#neighbour(index - 1, 'there is no previous item');
      case 'nextitem':
        return this.#neighbour(index + 1, 'there is no next item');
      default:
        return undefined;
    }
  }

  #neighbour(index: number, reason: string): unknown {
    return index in this.#items ? this.#items[index] : new Undefined('loop', reason);
  }

  override method(name: string) {
    if (name === 'cycle') return (args: readonly unknown[]) => args[this.#index % args.length];
    return name === 'changed' ? (args: readonly unknown[]) => this.#changed(args) : undefined;
  }

  #changed(values: readonly unknown[]): boolean {
    const isSame = this.#last !== undefined && equals(this.#last, values);
    this.#last = values;
    return !isSame;
  }

  override call([items]: readonly unknown[]): string {
    if (!this.#recurse) throw new ValueFault("loop() needs a loop marked 'recursive'");
    return this.#recurse(items);
  }
}
