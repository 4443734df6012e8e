import type { Argument, BinaryOperator, CompareOperator, Comparison, Expression, FilterCall } from './nodes.ts';
import type { TokenStream } from './token-stream.ts';
import type { Token } from './tokens.ts';
import { tokenize } from './tokens.ts';
import { TokenStream as Stream } from './token-stream.ts';

/** A whole text that is one expression, as in `when:`. */
export function parseExpressionText(source: string): Expression {
  const stream = new Stream(source, tokenize(source, 0, () => false).tokens);
  const expression = parseTuple(stream);
  stream.expectEnd();
  return expression;
}

/** Expression or bare tuple (`1, 2`), as Jinja2 allows in `{{ }}`, `for` and `set`. */
export function parseTuple(stream: TokenStream): Expression {
  const first = parseExpression(stream);
  if (!stream.is(',')) return first;
  const items = [first];
  while (stream.take(',') && !isTupleEnd(stream)) items.push(parseExpression(stream));
  return { kind: 'tuple', items, at: first.at };
}

function isTupleEnd(stream: TokenStream): boolean {
  return (
    stream.current.type === 'end' ||
    stream.is(')') ||
    stream.is(']') ||
    stream.isName('if') ||
    stream.isName('recursive')
  );
}

export function parseExpression(stream: TokenStream): Expression {
  return stream.nested(() => parseChoice(stream));
}

function parseChoice(stream: TokenStream): Expression {
  let yes = parseOr(stream);
  while (stream.isName('if')) {
    const { at } = stream.next();
    const condition = parseOr(stream);
    const no = stream.takeName('else') ? parseExpression(stream) : undefined;
    yes = { kind: 'choice', condition, yes, no, at };
  }
  return yes;
}

export function parseOr(stream: TokenStream): Expression {
  let left = parseAnd(stream);
  while (stream.isName('or')) {
    const { at } = stream.next();
    left = { kind: 'logic', operator: 'or', left, right: parseAnd(stream), at };
  }
  return left;
}

function parseAnd(stream: TokenStream): Expression {
  let left = parseNot(stream);
  while (stream.isName('and')) {
    const { at } = stream.next();
    left = { kind: 'logic', operator: 'and', left, right: parseNot(stream), at };
  }
  return left;
}

function parseNot(stream: TokenStream): Expression {
  if (!stream.isName('not')) return parseCompare(stream);
  const { at } = stream.next();
  return { kind: 'unary', operator: 'not', operand: stream.nested(() => parseNot(stream)), at };
}

const COMPARISONS: ReadonlySet<unknown> = new Set(['==', '!=', '<', '>', '<=', '>=']);

function parseCompare(stream: TokenStream): Expression {
  const first = parseBinary(stream, 0);
  const rest: Comparison[] = [];
  for (let operator = comparison(stream); operator; operator = comparison(stream)) {
    rest.push({ operator, operand: parseBinary(stream, 0) });
  }
  return rest.length === 0 ? first : { kind: 'compare', first, rest, at: first.at };
}

function comparison(stream: TokenStream): CompareOperator | undefined {
  const { type, value } = stream.current;
  if (type === 'operator' && COMPARISONS.has(value)) return stream.next().value as CompareOperator;
  if (stream.takeName('in')) return 'in';
  const following = stream.peek();
  if (!stream.isName('not') || following.type !== 'name' || following.value !== 'in') return undefined;
  stream.next();
  stream.next();
  return 'not in';
}

/** Weakest first; all associate to the left, even `**`, as in Jinja2. */
const LEVELS: readonly (readonly BinaryOperator[])[] = [['+', '-'], ['~'], ['*', '/', '//', '%'], ['**']];

function parseBinary(stream: TokenStream, level: number): Expression {
  const operators = LEVELS[level];
  if (!operators) return parseUnary(stream, true);
  let left = parseBinary(stream, level + 1);
  for (;;) {
    const operator = operators.find((candidate) => stream.is(candidate));
    if (!operator) return left;
    const { at } = stream.next();
    left = { kind: 'binary', operator, left, right: parseBinary(stream, level + 1), at };
  }
}

function parseUnary(stream: TokenStream, withFilter: boolean): Expression {
  const { at } = stream.current;
  const sign = stream.take('-') ? '-' : stream.take('+') ? '+' : undefined;
  const operand = sign
    ? ({ kind: 'unary', operator: sign, operand: stream.nested(() => parseUnary(stream, false)), at } as const)
    : parsePrimary(stream);
  const whole = parsePostfix(stream, operand);
  return withFilter ? parseFilters(stream, whole) : whole;
}

const CONSTANTS: ReadonlyMap<string, unknown> = new Map<string, unknown>([
  ['true', true],
  ['True', true],
  ['false', false],
  ['False', false],
  ['none', null],
  ['None', null],
]);

function parsePrimary(stream: TokenStream): Expression {
  const token = stream.current;
  if (token.type === 'name') return parseName(stream);
  if (token.type === 'string') return { kind: 'literal', value: parseStrings(stream), at: token.at };
  if (token.type === 'number') return { kind: 'literal', value: stream.next().value, at: token.at };
  if (stream.take('(')) return parseParentheses(stream, token);
  if (stream.take('[')) return { kind: 'list', items: parseItems(stream, ']'), at: token.at };
  if (stream.take('{')) return { kind: 'dict', entries: parseEntries(stream), at: token.at };
  if (token.type === 'end') throw stream.fault('the expression ends too early');
  throw stream.fault(`unexpected ${stream.shown()}`);
}

const KEYWORDS: ReadonlySet<string> = new Set(['and', 'or', 'not', 'if', 'else', 'in', 'is']);

function parseName(stream: TokenStream): Expression {
  const { value, at } = stream.expectName();
  if (KEYWORDS.has(value)) throw stream.fault(`unexpected '${value}'`, at);
  return CONSTANTS.has(value)
    ? { kind: 'literal', value: CONSTANTS.get(value), at }
    : { kind: 'name', name: value, at };
}

function parseStrings(stream: TokenStream): string {
  let text = '';
  while (stream.current.type === 'string') text += String(stream.next().value);
  return text;
}

function parseParentheses(stream: TokenStream, open: Token): Expression {
  if (stream.take(')')) return { kind: 'tuple', items: [], at: open.at };
  const inner = parseTuple(stream);
  stream.expect(')');
  return inner;
}

function parseItems(stream: TokenStream, close: string): readonly Expression[] {
  const items: Expression[] = [];
  while (!stream.is(close)) {
    items.push(parseExpression(stream));
    if (!stream.take(',')) break;
  }
  stream.expect(close);
  return items;
}

function parseEntries(stream: TokenStream): readonly (readonly [Expression, Expression])[] {
  const entries: (readonly [Expression, Expression])[] = [];
  while (!stream.is('}')) {
    const key = parseExpression(stream);
    stream.expect(':');
    entries.push([key, parseExpression(stream)]);
    if (!stream.take(',')) break;
  }
  stream.expect('}');
  return entries;
}

export function parsePostfix(stream: TokenStream, start: Expression): Expression {
  let object = start;
  for (;;) {
    const { at } = stream.current;
    if (stream.take('.')) object = parseMember(stream, object, at);
    else if (stream.take('[')) object = parseSubscript(stream, object, at);
    else if (stream.is('(')) object = { kind: 'call', callee: object, args: parseArguments(stream), at: object.at };
    else return object;
  }
}

function parseMember(stream: TokenStream, object: Expression, at: number): Expression {
  const { type, value, at: valueAt } = stream.next();
  if (type === 'name') return { kind: 'attribute', object, name: String(value), at: object.at };
  if (type === 'number')
    return { kind: 'subscript', object, index: { kind: 'literal', value, at: valueAt }, at: object.at };
  throw stream.fault("expected a name or an index after '.'", at);
}

function parseSubscript(stream: TokenStream, object: Expression, at: number): Expression {
  if (stream.is(']')) throw stream.fault("expected an index between '[' and ']'", at);
  const parts: (Expression | undefined)[] = [];
  parts.push(parseBound(stream));
  while (parts.length < 3 && stream.take(':')) parts.push(parseBound(stream));
  stream.expect(']');
  const [start, stop, step] = parts;
  if (parts.length === 1 && start) return { kind: 'subscript', object, index: start, at: object.at };
  return { kind: 'slice', object, bounds: [start, stop, step], at: object.at };
}

function parseBound(stream: TokenStream): Expression | undefined {
  return stream.is(':') || stream.is(']') ? undefined : parseTuple(stream);
}

/** `(a, *b, c=1, **d)` */
export function parseArguments(stream: TokenStream): readonly Argument[] {
  stream.expect('(');
  const args: Argument[] = [];
  while (!stream.is(')')) {
    args.push(parseArgument(stream));
    if (!stream.take(',')) break;
  }
  stream.expect(')');
  return args;
}

function parseArgument(stream: TokenStream): Argument {
  if (stream.take('**')) return { value: parseExpression(stream), spread: 'dict' };
  if (stream.take('*')) return { value: parseExpression(stream), spread: 'list' };
  const following = stream.peek();
  if (stream.current.type !== 'name' || following.type !== 'operator' || following.value !== '=') {
    return { value: parseExpression(stream) };
  }
  const { value: name } = stream.expectName();
  stream.expect('=');
  return { name, value: parseExpression(stream) };
}

function parseFilters(stream: TokenStream, start: Expression): Expression {
  let value = start;
  for (;;) {
    if (stream.is('|')) value = { kind: 'filter', value, ...parseFilterCall(stream) };
    else if (stream.isName('is')) value = parseTest(stream, value);
    else if (stream.is('(')) value = { kind: 'call', callee: value, args: parseArguments(stream), at: value.at };
    else return value;
  }
}

export function parseFilterCall(stream: TokenStream): FilterCall {
  stream.take('|');
  const { at } = stream.current;
  const name = dottedName(stream);
  return { name, args: stream.is('(') ? parseArguments(stream) : [], at };
}

function dottedName(stream: TokenStream): string {
  let name = stream.expectName().value;
  while (stream.take('.')) name += `.${stream.expectName().value}`;
  return name;
}

function parseTest(stream: TokenStream, value: Expression): Expression {
  stream.next();
  const isNegated = stream.takeName('not');
  const { at } = stream.current;
  const name = dottedName(stream);
  return { kind: 'test', name, value, args: parseTestArguments(stream), isNegated, at };
}

/** Words that end a test rather than begin its argument. */
const AFTER_TEST: ReadonlySet<unknown> = new Set(['else', 'or', 'and', 'if', 'in', 'not', 'is', 'recursive']);

function parseTestArguments(stream: TokenStream): readonly Argument[] {
  if (stream.is('(')) return parseArguments(stream);
  const { type, value } = stream.current;
  if (stream.isName('is')) throw stream.fault("tests cannot be chained with 'is'");
  const begins =
    type === 'name'
      ? !AFTER_TEST.has(value)
      : type === 'string' || type === 'number' || stream.is('[') || stream.is('{');
  return begins ? [{ value: parsePostfix(stream, parsePrimary(stream)) }] : [];
}
