import { iterate } from './access.ts';
import type { Frame } from './frame.ts';
import { MAX_ITERATIONS } from './frame.ts';
import { toText } from './python-repr.ts';
import { didYouMean } from './suggest.ts';
import {
  EngineObject,
  Undefined,
  ValueFault,
  isMapping,
  mappingEntries,
  mappingFrom,
  strict,
  typeName,
  type Kwargs,
} from './values.ts';
import { shortName } from './names.ts';

type GlobalFunction = (args: readonly unknown[], kwargs: Kwargs, frame: Frame) => unknown;

/** Functions that any expression may call. */
export const FUNCTIONS: ReadonlyMap<string, GlobalFunction> = new Map<string, GlobalFunction>([
  ['range', (args, _kwargs, frame) => charged(range(args), frame)],
  ['dict', (args, kwargs) => dict(args, kwargs)],
  ['namespace', (args, kwargs) => new Namespace(mappingEntries(asMapping(dict(args, kwargs))))],
  ['cycler', (args) => new Cycler(args)],
  ['joiner', ([separator]) => new Joiner(separator === undefined ? ', ' : toText(separator))],
  ['lookup', (args, kwargs, frame) => lookup(args, kwargs, frame)],
  ['query', (args, kwargs, frame) => query(args, kwargs, frame)],
  ['q', (args, kwargs, frame) => query(args, kwargs, frame)],
  [
    'undef',
    ([hint], kwargs) => new Undefined('undef()', toText(hint ?? kwargs.hint ?? 'this value must be overridden')),
  ],
]);

function range(args: readonly unknown[]): readonly number[] {
  const bounds = args.map((value) => integer(strict(value)));
  const [first, second, step = 1] = bounds;
  if (first === undefined) throw new ValueFault('needs at least one number');
  if (step === 0) throw new ValueFault('the step must not be zero');
  const [start, stop] = second === undefined ? [0, first] : [first, second];
  const length = Math.max(0, Math.ceil((stop - start) / step));
  if (length > MAX_ITERATIONS) throw new ValueFault(`${length} numbers are more than the limit of ${MAX_ITERATIONS}`);
  return Array.from({ length }, (_, index) => start + index * step);
}

function charged(items: readonly number[], frame: Frame): readonly number[] {
  frame.budget.work(items);
  return items;
}

function integer(value: unknown): number {
  if (typeof value !== 'number' || !Number.isInteger(value))
    throw new ValueFault(`needs integers, not ${typeName(value)}`);
  return value;
}

function asMapping(value: unknown): Parameters<typeof mappingEntries>[0] {
  if (!isMapping(value)) throw new ValueFault(`needs a dict, not ${typeName(value)}`);
  return value;
}

function dict([source]: readonly unknown[], kwargs: Kwargs): unknown {
  return mappingFrom([...pairsOf(strict(source)), ...Object.entries(kwargs)]);
}

function pairsOf(source: unknown): readonly (readonly [unknown, unknown])[] {
  if (source === undefined) return [];
  if (isMapping(source)) return mappingEntries(source);
  return iterate(source).map((pair) => {
    const [key, value, ...more] = iterate(pair);
    if (value === undefined || more.length > 0) throw new ValueFault('needs pairs of key and value');
    return [strict(key), value];
  });
}

/** The one kind of value that a template may change from inside a loop. */
export class Namespace extends EngineObject {
  readonly typeName = 'Namespace';
  readonly #members: Map<unknown, unknown>;

  constructor(entries: readonly (readonly [unknown, unknown])[]) {
    super();
    this.#members = new Map(entries);
  }

  override attribute(name: string): unknown {
    return this.#members.get(name);
  }

  set(name: string, value: unknown): void {
    this.#members.set(name, value);
  }
}

class Cycler extends EngineObject {
  readonly typeName = 'Cycler';
  readonly #items: readonly unknown[];
  #position = 0;

  constructor(items: readonly unknown[]) {
    super();
    if (items.length === 0) throw new ValueFault('needs at least one item');
    this.#items = items;
  }

  override attribute(name: string): unknown {
    return name === 'current' ? this.#items[this.#position] : undefined;
  }

  override method(name: string) {
    if (name === 'next') return () => this.#next();
    return name === 'reset' ? () => this.#reset() : undefined;
  }

  #next(): unknown {
    const item = this.#items[this.#position];
    this.#position = (this.#position + 1) % this.#items.length;
    return item;
  }

  #reset(): null {
    this.#position = 0;
    return null;
  }
}

class Joiner extends EngineObject {
  readonly typeName = 'Joiner';
  readonly #separator: string;
  #used = false;

  constructor(separator: string) {
    super();
    this.#separator = separator;
  }

  override call(): string {
    const text = this.#used ? this.#separator : '';
    this.#used = true;
    return text;
  }
}

/** `query` gives the list; `lookup` joins it with commas unless `wantlist` is set, and unwraps a single value. */
function lookup(args: readonly unknown[], kwargs: Kwargs, frame: Frame): unknown {
  const { wantlist = false, ...options } = kwargs;
  const found = query(args, options, frame);
  if (wantlist === true) return found;
  if (found.length === 0 && mayFail(options)) return null;
  const [first] = found;
  if (found.length === 1) return first;
  return found.every((item) => typeof item === 'string') ? found.join(',') : found;
}

function query(
  [name, ...terms]: readonly unknown[],
  { wantlist: _, errors, ...options }: Kwargs,
  frame: Frame,
): readonly unknown[] {
  const asked = shortName(toText(strict(name)));
  const found = frame.environment.lookups.get(asked);
  if (!found)
    throw new ValueFault(`there is no lookup '${asked}'${didYouMean(asked, frame.environment.lookups.keys())}`);
  const wanted = terms.map(strict);
  try {
    return found(wanted, options, frame);
  } catch (error) {
    if (mayFail({ errors })) return [];
    throw error;
  }
}

/** `errors='ignore'`: a lookup that finds nothing gives nothing. */
function mayFail({ errors }: Kwargs): boolean {
  return errors === 'ignore' || errors === 'warn';
}
