import type { Expression, FilterCall, Parameter, Statement, Target } from './nodes.ts';
import { parseExpression, parseFilterCall, parseOr, parsePostfix, parseTuple } from './parse-expression.ts';
import type { BodyReader } from './parse-template.ts';
import { didYouMean } from './suggest.ts';
import type { TokenStream } from './token-stream.ts';

type TagParser = (tokens: TokenStream, reader: BodyReader, at: number) => Statement;

const TAGS: ReadonlyMap<string, TagParser> = new Map<string, TagParser>([
  ['if', parseIf],
  ['for', parseFor],
  ['set', parseSet],
  ['macro', parseMacro],
  ['call', parseCallBlock],
  ['filter', parseFilterBlock],
  ['with', parseWith],
  ['do', (tokens, _reader, at) => ended(tokens, { kind: 'do', value: parseTuple(tokens), at })],
  ['break', (tokens, _reader, at) => ended(tokens, { kind: 'break', at })],
  ['continue', (tokens, _reader, at) => ended(tokens, { kind: 'continue', at })],
]);

const UNSUPPORTED: ReadonlySet<string> = new Set([
  'include',
  'import',
  'from',
  'extends',
  'block',
  'autoescape',
  'trans',
]);

export function parseTag(tokens: TokenStream, reader: BodyReader): Statement {
  const { value: name, at } = tokens.expectName();
  const parse = TAGS.get(name);
  if (parse) return parse(tokens, reader, at);
  if (UNSUPPORTED.has(name)) throw tokens.fault(`'{% ${name} %}' is not supported: a template is one file`, at);
  if (/^(end|else|elif)/.test(name)) throw tokens.fault(`'${name}' does not belong to an open block`, at);
  throw tokens.fault(`there is no tag '${name}'${didYouMean(name, TAGS.keys())}`, at);
}

function ended<T>(tokens: TokenStream, statement: T): T {
  tokens.expectEnd();
  return statement;
}

function parseIf(tokens: TokenStream, reader: BodyReader, at: number): Statement {
  const branches: Extract<Statement, { kind: 'if' }>['branches'][number][] = [];
  let head = tokens;
  for (;;) {
    const condition = ended(head, parseTuple(head));
    head.expectEnd();
    const part = reader.until(['elif', 'else', 'endif'], { name: 'if', at });
    branches.push({ condition, body: part.body });
    head = part.tokens;
    if (part.end === 'endif') return { kind: 'if', branches, otherwise: [], at };
    if (part.end === 'else')
      return { kind: 'if', branches, otherwise: reader.until(['endif'], { name: 'if', at }).body, at };
  }
}

function parseTarget(tokens: TokenStream, reader: BodyReader): Target {
  const { at } = tokens.current;
  const isWrapped = tokens.take('(');
  const names = [tokens.expectName().value];
  const isTuple = tokens.is(',');
  while (tokens.take(',') && tokens.current.type === 'name') names.push(tokens.expectName().value);
  if (isWrapped) tokens.expect(')');
  for (const name of names) reader.assigned.add(name);
  return { kind: 'names', names, isTuple, at };
}

function parseFor(tokens: TokenStream, reader: BodyReader, at: number): Statement {
  const target = parseTarget(tokens, reader);
  if (!tokens.takeName('in')) throw tokens.fault(`expected 'in', found ${tokens.shown()}`);
  const over = parseTupleWithoutChoice(tokens);
  const filter = tokens.takeName('if') ? parseExpression(tokens) : undefined;
  const isRecursive = tokens.takeName('recursive');
  tokens.expectEnd();
  reader.assigned.add('loop');
  const part = reader.until(['else', 'endfor'], { name: 'for', at });
  const otherwise = part.end === 'else' ? reader.until(['endfor'], { name: 'for', at }).body : [];
  return { kind: 'for', target, over, filter, isRecursive, body: part.body, otherwise, at };
}

/** In `for x in xs if y` the `if` is the loop's filter, not a conditional expression. */
function parseTupleWithoutChoice(tokens: TokenStream): Expression {
  const first = parseOr(tokens);
  if (!tokens.is(',')) return first;
  const items = [first];
  while (tokens.take(',') && tokens.current.type !== 'end') items.push(parseOr(tokens));
  return { kind: 'tuple', items, at: first.at };
}

function parseSet(tokens: TokenStream, reader: BodyReader, at: number): Statement {
  const target = isMemberTarget(tokens) ? parseMemberTarget(tokens) : parseTarget(tokens, reader);
  if (tokens.take('=')) {
    const value = parseTuple(tokens);
    return ended(tokens, { kind: 'set', target, value, at });
  }
  const filters = parseFilterChain(tokens);
  const { body } = reader.until(['endset'], { name: 'set', at });
  return { kind: 'set-block', target, body, filters, at };
}

function isMemberTarget(tokens: TokenStream): boolean {
  const following = tokens.peek();
  return following.type === 'operator' && following.value === '.';
}

function parseMemberTarget(tokens: TokenStream): Target {
  const { value: object, at } = tokens.expectName();
  tokens.expect('.');
  return { kind: 'member', object, name: tokens.expectName().value, at };
}

function parseFilterChain(tokens: TokenStream): readonly FilterCall[] {
  const filters: FilterCall[] = [];
  while (tokens.is('|')) filters.push(parseFilterCall(tokens));
  tokens.expectEnd();
  return filters;
}

function parseParameters(tokens: TokenStream, reader: BodyReader): readonly Parameter[] {
  const parameters: Parameter[] = [];
  tokens.expect('(');
  while (!tokens.is(')')) {
    const { value: name } = tokens.expectName();
    reader.assigned.add(name);
    parameters.push({ name, fallback: tokens.take('=') ? parseExpression(tokens) : undefined });
    if (!tokens.take(',')) break;
  }
  tokens.expect(')');
  return parameters;
}

function parseMacro(tokens: TokenStream, reader: BodyReader, at: number): Statement {
  const { value: name } = tokens.expectName();
  for (const assigned of [name, 'caller', 'varargs', 'kwargs']) reader.assigned.add(assigned);
  const parameters = parseParameters(tokens, reader);
  tokens.expectEnd();
  const { body } = reader.until(['endmacro'], { name: 'macro', at });
  return { kind: 'macro', name, parameters, body, at };
}

function parseCallBlock(tokens: TokenStream, reader: BodyReader, at: number): Statement {
  const parameters = tokens.is('(') ? parseParameters(tokens, reader) : [];
  const start = tokens.expectName();
  const call = ended(tokens, parsePostfix(tokens, { kind: 'name', name: start.value, at: start.at }));
  tokens.expectEnd();
  if (call.kind !== 'call') throw tokens.fault("'{% call %}' needs the call of a macro", start.at);
  const { body } = reader.until(['endcall'], { name: 'call', at });
  return { kind: 'call-block', parameters, call, body, at };
}

function parseFilterBlock(tokens: TokenStream, reader: BodyReader, at: number): Statement {
  const first = parseFilterCall(tokens);
  const filters = [first, ...parseFilterChain(tokens)];
  const { body } = reader.until(['endfilter'], { name: 'filter', at });
  return { kind: 'filter-block', filters, body, at };
}

function parseWith(tokens: TokenStream, reader: BodyReader, at: number): Statement {
  const bindings: { name: string; value: Expression }[] = [];
  while (tokens.current.type === 'name') {
    const { value: name } = tokens.expectName();
    reader.assigned.add(name);
    tokens.expect('=');
    bindings.push({ name, value: parseExpression(tokens) });
    if (!tokens.take(',')) break;
  }
  tokens.expectEnd();
  const { body } = reader.until(['endwith'], { name: 'with', at });
  return { kind: 'with', bindings, body, at };
}
