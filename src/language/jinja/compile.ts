import { compile, withPlace, type Unit } from './compile-expression.ts';
import { freeNames, freeNamesOfBody } from './free-names.ts';
import { Budget, Frame, Output } from './frame.ts';
import { compileBody } from './compile-statements.ts';
import { parseExpressionText } from './parse-expression.ts';
import { parseTemplate, templateOptions } from './parse-template.ts';
import type { Body } from './nodes.ts';
import {
  TemplateError,
  type CompiledExpression,
  type CompiledTemplate,
  type Environment,
  type Scope,
} from './types.ts';
import { disown, exoticCount, isNumber, plain } from './values.ts';

export interface Compiler {
  /** @throws {TemplateError} for a mistake in the text, and for filters, tests, lookups and functions that do not exist. */
  expression(source: string): CompiledExpression;
  /** @throws {TemplateError} as {@link Compiler.expression}. */
  template(source: string): CompiledTemplate;
  /**
   * The text of a template file, where backslashes mean what they mean to Jinja2; in playbooks they are left alone in `{{ }}`.
   * @throws {TemplateError} as {@link Compiler.expression}.
   */
  templateFile(source: string, blocks?: BlockOptions): CompiledTemplate;
}

/** What a first line `#jinja2:` may say too, and that line wins. */
export interface BlockOptions {
  /** Drop the line end after a block. Default true. */
  readonly trimBlocks: boolean;
  /** Drop the white space before a block that begins its line. Default false. */
  readonly lstripBlocks: boolean;
}

const CACHED = 20_000;

/**
 * Compiles Jinja2 text to closures, each text once; nothing is ever evaluated as JavaScript.
 * @example createCompiler(standardEnvironment()).expression("x | default('y')").evaluate({ lookup: () => undefined }) // 'y'
 */
export function createCompiler(environment: Environment): Compiler {
  const usual = remembered((source) => compileTemplate(source, environment, USUAL_BLOCKS));
  // The two options before the text make one key for both.
  const unusual = remembered((key) =>
    compileTemplate(key.slice(2), environment, { trimBlocks: key[0] === 't', lstripBlocks: key[1] === 'l' }),
  );
  return {
    expression: remembered((source) => compileExpression(source, environment)),
    template: remembered((source) => compileTemplate(source, environment)),
    templateFile: (source, blocks) =>
      blocks === undefined
        ? usual(source)
        : unusual(`${blocks.trimBlocks ? 't' : '-'}${blocks.lstripBlocks ? 'l' : '-'}${source}`),
  };
}

function remembered<T>(make: (source: string) => T): (source: string) => T {
  const made = new Map<string, T>();
  return (source) => {
    const known = made.get(source);
    if (known !== undefined) return known;
    const fresh = make(source);
    if (made.size >= CACHED) made.delete(made.keys().next().value ?? '');
    made.set(source, fresh);
    return fresh;
  };
}

/**
 * Compiles the text of a `when:` and its like: an expression without braces.
 * @throws {TemplateError} with line and column inside the text.
 */
export function compileExpression(source: string, environment: Environment): CompiledExpression {
  const node = parseExpressionText(source);
  const { names, lookups } = freeNames(node);
  const evaluate = compile(node, { source, environment, assigned: new Set() });
  return {
    source,
    names,
    lookups,
    evaluate: (scope) => evaluation(source, () => native(evaluate, newFrame(scope, environment))),
  };
}

function native(evaluate: (frame: Frame) => unknown, frame: Frame): unknown {
  const before = exoticCount();
  const value = evaluate(frame);
  return disown(exoticCount() === before ? value : plain(value));
}

function newFrame(scope: Scope, environment: Environment): Frame {
  return new Frame({ scope, environment, budget: new Budget() });
}

const MAX_DEPTH = 60;
let depth = 0;

/** Variables hold templates that hold variables: a circle must end as an error, not as a stack overflow. */
function evaluation<T>(source: string, run: () => T): T {
  if (depth >= MAX_DEPTH)
    throw new TemplateError(
      `templates refer to each other more than ${MAX_DEPTH} levels deep; is there a circle?`,
      1,
      1,
    );
  depth++;
  try {
    return run();
  } catch (error) {
    const unit = { source, environment: NOWHERE, assigned: new Set<string>() } satisfies Unit;
    throw error instanceof RangeError ? withPlace(error, { unit, at: 0, what: '' }) : error;
  } finally {
    depth--;
  }
}

const NOWHERE: Environment = { filters: new Map(), tests: new Map(), lookups: new Map() };

const DYNAMIC = /\{[{%#]/;

const USUAL_BLOCKS: BlockOptions = { trimBlocks: true, lstripBlocks: false };

/**
 * Compiles text with `{{ }}`, `{% %}` and `{# #}`. A first line `#jinja2: trim_blocks:False` sets options, as for Ansible's template files.
 * @param blocks absent for the text of a playbook: as in Ansible, a backslash between `{{` and `}}` is then no escape, because
 *   YAML has had its turn already and `'\\1'` is meant for a regular expression.
 * @throws {TemplateError} with line and column inside the text.
 */
export function compileTemplate(source: string, environment: Environment, blocks?: BlockOptions): CompiledTemplate {
  if (!DYNAMIC.test(source) && !source.startsWith('#jinja2:')) return constantTemplate(source);
  const options = { ...templateOptions(source, blocks ?? USUAL_BLOCKS), keepsBackslashes: blocks === undefined };
  const { body, assigned } = parseTemplate(source, options);
  const run = compileBody(body, { source, environment, assigned });
  const outputFor = (scope: Scope): Output => {
    const output = new Output();
    run(newFrame(scope, environment), output);
    return output;
  };
  const render = (scope: Scope): string => evaluation(source, () => withNewlines(outputFor(scope).text, source));
  return {
    source,
    ...freeNamesOfBody(body),
    isDynamic: true,
    render,
    renderNative:
      nativeRender({ source, environment, assigned }, body) ??
      ((scope) => evaluation(source, () => nativeResult(() => outputFor(scope), source))),
  };
}

function constantTemplate(source: string): CompiledTemplate {
  const same = (): string => source;
  return { source, names: new Set(), lookups: new Set(), isDynamic: false, render: same, renderNative: same };
}

function nativeRender(unit: Unit, body: Body): ((scope: Scope) => unknown) | undefined {
  const [only] = body;
  const isWhole = unit.source.startsWith('{{') && unit.source.endsWith('}}');
  if (body.length !== 1 || only?.kind !== 'output' || !isWhole) return undefined;
  const evaluate = compile(only.value, unit);
  return (scope) => evaluation(unit.source, () => native(evaluate, newFrame(scope, unit.environment)));
}

/** `{% if a %}{{ list }}{% endif %}` is that list: a template that writes one value and no text keeps its type. */
function nativeResult(make: () => Output, source: string): unknown {
  const before = exoticCount();
  const output = make();
  const value = output.native;
  if (typeof value === 'string') return withNewlines(value, source);
  const isText = source.endsWith('\n') && (typeof value !== 'object' || value === null || isNumber(value));
  if (isText) return withNewlines(output.text, source);
  return disown(exoticCount() === before ? value : plain(value));
}

/** Ansible gives back the line ends that Jinja2 takes from the end of a template. */
function withNewlines(text: string, source: string): string {
  const missing = trailingNewlines(source) - trailingNewlines(text);
  return missing > 0 ? text + '\n'.repeat(missing) : text;
}

function trailingNewlines(text: string): number {
  let count = 0;
  while (text[text.length - 1 - count] === '\n') count++;
  return count;
}
