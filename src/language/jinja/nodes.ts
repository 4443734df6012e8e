interface At {
  /** Offset of the node in the template text. */
  readonly at: number;
}

export interface Argument {
  /** A keyword argument's name. */
  readonly name?: string;
  readonly value: Expression;
  readonly spread?: 'list' | 'dict';
}

export type BinaryOperator = '+' | '-' | '*' | '/' | '//' | '%' | '**' | '~';
export type CompareOperator = '==' | '!=' | '<' | '>' | '<=' | '>=' | 'in' | 'not in';

export type Expression = At &
  (
    | { readonly kind: 'literal'; readonly value: unknown }
    | { readonly kind: 'name'; readonly name: string }
    | { readonly kind: 'list'; readonly items: readonly Expression[] }
    | { readonly kind: 'tuple'; readonly items: readonly Expression[] }
    | { readonly kind: 'dict'; readonly entries: readonly (readonly [Expression, Expression])[] }
    | { readonly kind: 'unary'; readonly operator: '-' | '+' | 'not'; readonly operand: Expression }
    | {
        readonly kind: 'binary';
        readonly operator: BinaryOperator;
        readonly left: Expression;
        readonly right: Expression;
      }
    | { readonly kind: 'logic'; readonly operator: 'and' | 'or'; readonly left: Expression; readonly right: Expression }
    | { readonly kind: 'compare'; readonly first: Expression; readonly rest: readonly Comparison[] }
    | {
        readonly kind: 'choice';
        readonly condition: Expression;
        readonly yes: Expression;
        readonly no: Expression | undefined;
      }
    | { readonly kind: 'attribute'; readonly object: Expression; readonly name: string }
    | { readonly kind: 'subscript'; readonly object: Expression; readonly index: Expression }
    | {
        readonly kind: 'slice';
        readonly object: Expression;
        readonly bounds: readonly [Expression | undefined, Expression | undefined, Expression | undefined];
      }
    | { readonly kind: 'call'; readonly callee: Expression; readonly args: readonly Argument[] }
    | { readonly kind: 'filter'; readonly name: string; readonly value: Expression; readonly args: readonly Argument[] }
    | {
        readonly kind: 'test';
        readonly name: string;
        readonly value: Expression;
        readonly args: readonly Argument[];
        readonly isNegated: boolean;
      }
  );

export interface Comparison {
  readonly operator: CompareOperator;
  readonly operand: Expression;
}

export type Target =
  | (At & { readonly kind: 'names'; readonly names: readonly string[]; readonly isTuple: boolean })
  | (At & { readonly kind: 'member'; readonly object: string; readonly name: string });

export interface Parameter {
  readonly name: string;
  readonly fallback: Expression | undefined;
}

export type Body = readonly Statement[];

export type Statement = At &
  (
    | { readonly kind: 'text'; readonly text: string }
    | { readonly kind: 'output'; readonly value: Expression }
    | {
        readonly kind: 'if';
        readonly branches: readonly { readonly condition: Expression; readonly body: Body }[];
        readonly otherwise: Body;
      }
    | {
        readonly kind: 'for';
        readonly target: Target;
        readonly over: Expression;
        readonly filter: Expression | undefined;
        readonly isRecursive: boolean;
        readonly body: Body;
        readonly otherwise: Body;
      }
    | { readonly kind: 'set'; readonly target: Target; readonly value: Expression }
    | {
        readonly kind: 'set-block';
        readonly target: Target;
        readonly body: Body;
        readonly filters: readonly FilterCall[];
      }
    | { readonly kind: 'macro'; readonly name: string; readonly parameters: readonly Parameter[]; readonly body: Body }
    | {
        readonly kind: 'call-block';
        readonly parameters: readonly Parameter[];
        readonly call: Expression;
        readonly body: Body;
      }
    | { readonly kind: 'filter-block'; readonly filters: readonly FilterCall[]; readonly body: Body }
    | {
        readonly kind: 'with';
        readonly bindings: readonly { readonly name: string; readonly value: Expression }[];
        readonly body: Body;
      }
    | { readonly kind: 'do'; readonly value: Expression }
    | { readonly kind: 'break' }
    | { readonly kind: 'continue' }
  );

export interface FilterCall extends At {
  readonly name: string;
  readonly args: readonly Argument[];
}
