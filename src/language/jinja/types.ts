/** Variables by name, looked up only when an expression asks. */
export interface Scope {
  /** The value, or `undefined` when no such variable exists (then `default`, `is defined` and strict errors apply). */
  lookup(name: string): unknown;
  /** What the author typed for a variable that YAML read as a number: `1.0` is a float, and prints as one. */
  sourceText?(name: string): string | undefined;
  /** Names that exist, for suggestions; may be slow. */
  names?(): Iterable<string>;
}

/** Thrown with the variable or attribute path and the place in the template. */
export class UndefinedError extends Error {
  override name = 'UndefinedError';
  /** What was asked for, e.g. `result.stdout`. */
  readonly path: string | undefined;
  readonly line: number | undefined;
  readonly column: number | undefined;

  constructor(
    message: string,
    place: { readonly path?: string; readonly line?: number; readonly column?: number } = {},
  ) {
    super(message);
    this.path = place.path;
    this.line = place.line;
    this.column = place.column;
  }
}

/** Any other mistake while compiling or rendering. Line and column count from 1 inside the template text. */
export class TemplateError extends Error {
  override name = 'TemplateError';
  readonly line: number;
  readonly column: number;

  constructor(message: string, line: number, column: number, options?: ErrorOptions) {
    super(message, options);
    this.line = line;
    this.column = column;
  }
}

export type Filter = (
  value: unknown,
  args: readonly unknown[],
  kwargs: Readonly<Record<string, unknown>>,
  context: CallContext,
) => unknown;
export type Test = (
  value: unknown,
  args: readonly unknown[],
  kwargs: Readonly<Record<string, unknown>>,
  context: CallContext,
) => boolean;
export type Lookup = (
  terms: readonly unknown[],
  kwargs: Readonly<Record<string, unknown>>,
  context: CallContext,
) => readonly unknown[];

export interface CallContext {
  readonly scope: Scope;
  readonly environment: Environment;
}

/** The closed set of names that templates may use beside variables. */
export interface Environment {
  readonly filters: ReadonlyMap<string, Filter>;
  readonly tests: ReadonlyMap<string, Test>;
  /** For `lookup('file', …)`, `query(…)` and with_ loops. */
  readonly lookups: ReadonlyMap<string, Lookup>;
  /** Reads one YAML document; `from_yaml` needs it. Throws with a message for the user. */
  readonly parseYaml?: (text: string) => unknown;
}

export interface CompiledExpression {
  readonly source: string;
  /** Free variable names, for finding what a task depends on before it runs. */
  readonly names: ReadonlySet<string>;
  /** Names of the lookups it calls; a name that is itself computed appears as `*`. */
  readonly lookups: ReadonlySet<string>;
  evaluate(scope: Scope): unknown;
}

export interface CompiledTemplate {
  readonly source: string;
  readonly names: ReadonlySet<string>;
  readonly lookups: ReadonlySet<string>;
  /** False: the text holds no template syntax and renders to itself. */
  readonly isDynamic: boolean;
  /** Always text. */
  render(scope: Scope): string;
  /** A source that is exactly one `{{ }}` keeps its value's type; anything else is text. */
  renderNative(scope: Scope): unknown;
}
