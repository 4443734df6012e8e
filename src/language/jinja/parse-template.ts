import { TemplateCutter, type Piece, type TemplateOptions } from './cut-template.ts';
import type { Body, Statement } from './nodes.ts';
import { parseTuple } from './parse-expression.ts';
import { parseTag } from './parse-tag.ts';
import { TokenStream } from './token-stream.ts';
import { faultAt } from './tokens.ts';

const HEADER = '#jinja2:';

/** Reads `#jinja2: trim_blocks:False, lstrip_blocks:True` when it is the first line. */
export function templateOptions(
  source: string,
  blocks: Pick<TemplateOptions, 'trimBlocks' | 'lstripBlocks'>,
): Pick<TemplateOptions, 'from' | 'trimBlocks' | 'lstripBlocks'> {
  const defaults = { from: 0, ...blocks };
  if (!source.startsWith(HEADER)) return defaults;
  const end = source.indexOf('\n');
  const line = source.slice(HEADER.length, end < 0 ? source.length : end);
  const given = new Map(line.split(',').map((pair) => splitOption(source, pair)));
  return {
    from: end < 0 ? source.length : end + 1,
    trimBlocks: given.get('trim_blocks') ?? defaults.trimBlocks,
    lstripBlocks: given.get('lstrip_blocks') ?? defaults.lstripBlocks,
  };
}

const OPTIONS: ReadonlySet<string> = new Set(['trim_blocks', 'lstrip_blocks']);

function splitOption(source: string, pair: string): readonly [string, boolean] {
  const [name = '', value = ''] = pair.split(':').map((part) => part.trim());
  const isBoolean = /^(true|false)$/i.test(value);
  if (!OPTIONS.has(name) || !isBoolean) {
    throw faultAt(source, 0, `'#jinja2:' may set trim_blocks and lstrip_blocks to True or False, not '${pair.trim()}'`);
  }
  return [name, value.toLowerCase() === 'true'];
}

/** Reads statements until one of the given end tags. Owns the position, which is why it is a class. */
export class BodyReader {
  readonly source: string;
  /** Names that the template sets anywhere. */
  readonly assigned = new Set<string>();
  readonly #pieces: readonly Piece[];
  #index = 0;
  #depth = 0;

  constructor(source: string, pieces: readonly Piece[]) {
    this.source = source;
    this.#pieces = pieces;
  }

  /** The statements before an end tag, and that tag's tokens, after its name. */
  until(
    ends: readonly string[],
    opened?: { readonly name: string; readonly at: number },
  ): { readonly body: Body; readonly end: string; readonly tokens: TokenStream } {
    if (++this.#depth > 100) throw faultAt(this.source, opened?.at ?? 0, 'blocks are nested too deeply');
    const body: Statement[] = [];
    for (let piece = this.#pieces[this.#index++]; piece; piece = this.#pieces[this.#index++]) {
      const tokens = new TokenStream(this.source, piece.kind === 'text' ? [] : piece.tokens);
      const word = piece.kind === 'tag' ? String(tokens.current.value) : '';
      if (ends.includes(word)) {
        tokens.next();
        this.#depth--;
        return { body, end: word, tokens };
      }
      body.push(this.#statement(piece, tokens));
    }
    if (opened) throw faultAt(this.source, opened.at, `'${opened.name}' is not closed by '${ends.at(-1)}'`);
    return { body, end: '', tokens: new TokenStream(this.source, []) };
  }

  #statement(piece: Piece, tokens: TokenStream): Statement {
    if (piece.kind === 'text') return { kind: 'text', text: piece.text, at: piece.at };
    if (piece.kind === 'tag') return parseTag(tokens, this);
    const value = parseTuple(tokens);
    tokens.expectEnd();
    return { kind: 'output', value, at: piece.at };
  }
}

export function parseTemplate(
  source: string,
  options: TemplateOptions,
): { readonly body: Body; readonly assigned: ReadonlySet<string> } {
  const reader = new BodyReader(source, new TemplateCutter(source, options).cut());
  const { body } = reader.until([]);
  return { body, assigned: reader.assigned };
}
