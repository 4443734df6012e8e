import { faultAt, type Token } from './tokens.ts';
import type { TemplateError } from './types.ts';

/** Reads tokens one by one. Owns the position, which is why it is a class. */
export class TokenStream {
  readonly source: string;
  readonly #tokens: readonly Token[];
  #index = 0;
  #depth = 0;

  constructor(source: string, tokens: readonly Token[]) {
    this.source = source;
    this.#tokens = tokens;
  }

  get current(): Token {
    return this.peek(0);
  }

  peek(ahead = 1): Token {
    return this.#tokens[this.#index + ahead] ?? { type: 'end', value: 'end of expression', at: this.source.length };
  }

  next(): Token {
    const token = this.current;
    if (token.type !== 'end') this.#index++;
    return token;
  }

  is(operator: string): boolean {
    return this.current.type === 'operator' && this.current.value === operator;
  }

  isName(name: string): boolean {
    return this.current.type === 'name' && this.current.value === name;
  }

  take(operator: string): boolean {
    const found = this.is(operator);
    if (found) this.next();
    return found;
  }

  takeName(name: string): boolean {
    const found = this.isName(name);
    if (found) this.next();
    return found;
  }

  expect(operator: string): Token {
    if (!this.is(operator)) throw this.fault(`expected '${operator}', found ${this.shown()}`);
    return this.next();
  }

  expectName(): Token & { readonly value: string } {
    const { type, value, at } = this.current;
    if (type !== 'name' || typeof value !== 'string') throw this.fault(`expected a name, found ${this.shown()}`);
    this.next();
    return { type, value, at };
  }

  expectEnd(): void {
    if (this.current.type !== 'end') throw this.fault(`expected the end of the expression, found ${this.shown()}`);
  }

  /** Guards the parser's recursion: hostile input must not overflow the stack. */
  nested<T>(parse: () => T): T {
    if (++this.#depth > 200) throw this.fault('expression is nested too deeply');
    const result = parse();
    this.#depth--;
    return result;
  }

  shown(): string {
    return this.current.type === 'end' ? 'the end of the expression' : `'${String(this.current.value)}'`;
  }

  fault(message: string, at = this.current.at): TemplateError {
    return faultAt(this.source, at, message);
  }
}
