import { lookupName } from './compile-call.ts';
import { FUNCTIONS } from './functions.ts';
import type { Argument, Body, Expression, Statement, Target } from './nodes.ts';

interface Found {
  readonly names: Set<string>;
  readonly lookups: Set<string>;
}

/** Variables an expression takes from the scope, and lookups it calls. */
export function freeNames(node: Expression): Found {
  const walk = new Walk();
  walk.expression(node, new Set());
  return walk.found;
}

export function freeNamesOfBody(body: Body): Found {
  const walk = new Walk();
  walk.body(body, new Set());
  return walk.found;
}

type Locals = Set<string>;

/** Names too many are harmless, one too few would let a task run before what it depends on: a name counts as local only where it surely is. */
class Walk {
  readonly found: Found = { names: new Set(), lookups: new Set() };

  expressions(nodes: readonly (Expression | undefined)[], locals: Locals): void {
    for (const node of nodes) if (node) this.expression(node, locals);
  }

  expression(node: Expression, locals: Locals): void {
    if (node.kind === 'name') this.#name(node.name, locals);
    else if (node.kind === 'call') this.#call(node, locals);
    else this.expressions(children(node), locals);
  }

  #name(name: string, locals: Locals): void {
    if (!locals.has(name)) this.found.names.add(name);
  }

  #call(node: Extract<Expression, { readonly kind: 'call' }>, locals: Locals): void {
    const lookup = lookupName(node);
    if (lookup !== undefined) this.found.lookups.add(lookup);
    if (lookup === 'vars') this.#namesInLookup(node.args);
    const isFunction = node.callee.kind === 'name' && FUNCTIONS.has(node.callee.name);
    this.expressions([isFunction ? undefined : node.callee, ...node.args.map(({ value }) => value)], locals);
  }

  /** `lookup('vars', 'x')` reads the variable x. */
  #namesInLookup(args: readonly Argument[]): void {
    for (const { value, name } of args.slice(1)) {
      if (name === undefined && value.kind === 'literal' && typeof value.value === 'string')
        this.found.names.add(value.value);
    }
  }

  body(body: Body, locals: Locals): void {
    for (const statement of body) this.#statement(statement, locals);
  }

  #statement(node: Statement, locals: Locals): void {
    switch (node.kind) {
      case 'output':
      case 'do':
        return this.expression(node.value, locals);
      case 'set':
        this.expression(node.value, locals);
        return this.#declare(node.target, locals);
      case 'set-block':
      case 'filter-block':
        return this.#block(node, locals);
      case 'if':
        return this.#if(node, locals);
      case 'for':
        return this.#for(node, locals);
      case 'with':
        this.expressions(
          node.bindings.map(({ value }) => value),
          locals,
        );
        return this.body(node.body, new Set([...locals, ...node.bindings.map(({ name }) => name)]));
      case 'macro':
      case 'call-block':
        return this.#macro(node, locals);
      default:
        return undefined;
    }
  }

  #declare(target: Target, locals: Locals): void {
    if (target.kind === 'names') for (const name of target.names) locals.add(name);
  }

  #block(node: Extract<Statement, { readonly kind: 'set-block' | 'filter-block' }>, locals: Locals): void {
    this.expressions(
      node.filters.flatMap(({ args }) => args.map(({ value }) => value)),
      locals,
    );
    this.body(node.body, new Set(locals));
    if (node.kind === 'set-block') this.#declare(node.target, locals);
  }

  #if(node: Extract<Statement, { readonly kind: 'if' }>, locals: Locals): void {
    for (const { condition, body } of node.branches) {
      this.expression(condition, locals);
      this.body(body, new Set(locals));
    }
    this.body(node.otherwise, new Set(locals));
  }

  #for(node: Extract<Statement, { readonly kind: 'for' }>, locals: Locals): void {
    this.expression(node.over, locals);
    const inner = new Set(locals);
    this.#declare(node.target, inner);
    this.expressions([node.filter], inner);
    this.body(node.body, inner.add('loop'));
    this.body(node.otherwise, new Set(locals));
  }

  #macro(node: Extract<Statement, { readonly kind: 'macro' | 'call-block' }>, locals: Locals): void {
    const own = node.kind === 'macro' ? ['varargs', 'kwargs', 'caller', node.name] : [];
    if (node.kind === 'call-block') this.expression(node.call, locals);
    else locals.add(node.name);
    this.expressions(
      node.parameters.map(({ fallback }) => fallback),
      locals,
    );
    this.body(node.body, new Set([...locals, ...own, ...node.parameters.map(({ name }) => name)]));
  }
}

function children(node: Exclude<Expression, { readonly kind: 'name' | 'call' }>): readonly (Expression | undefined)[] {
  switch (node.kind) {
    case 'literal':
      return [];
    case 'list':
    case 'tuple':
      return node.items;
    case 'dict':
      return node.entries.flat();
    case 'unary':
      return [node.operand];
    case 'binary':
    case 'logic':
      return [node.left, node.right];
    case 'compare':
      return [node.first, ...node.rest.map(({ operand }) => operand)];
    default:
      return accessChildren(node);
  }
}

type Access = Extract<
  Expression,
  { readonly kind: 'choice' | 'attribute' | 'subscript' | 'slice' | 'filter' | 'test' }
>;

function accessChildren(node: Access): readonly (Expression | undefined)[] {
  switch (node.kind) {
    case 'choice':
      return [node.condition, node.yes, node.no];
    case 'attribute':
      return [node.object];
    case 'subscript':
      return [node.object, node.index];
    case 'slice':
      return [node.object, ...node.bounds];
    case 'filter':
    case 'test':
      return [node.value, ...node.args.map(({ value }) => value)];
  }
}
