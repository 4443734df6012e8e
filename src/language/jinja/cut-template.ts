import { faultAt, tokenize, type Token } from './tokens.ts';

export interface TemplateOptions {
  /** Where the template's text begins, after an options line. */
  readonly from: number;
  readonly trimBlocks: boolean;
  readonly lstripBlocks: boolean;
  /** Strings between `{{` and `}}` are taken as they are written. */
  readonly keepsBackslashes: boolean;
}

export type Piece =
  | { readonly kind: 'text'; readonly text: string; readonly at: number }
  | { readonly kind: 'output' | 'tag'; readonly tokens: readonly Token[]; readonly at: number };

const OPENER = /\{[{%#]/g;
const OUTPUT_END = /-?\}\}/y;
const TAG_END = /[-+]?%\}/y;
const COMMENT_END = /([-+]?)#\}/g;
const RAW = /(?:[-+]?)\s*raw\s*([-+]?)%\}/y;
const END_RAW = /\{%([-+]?)\s*endraw\s*([-+]?)%\}/g;

/** Cuts a template into text, outputs and tags, with white space control already applied to the text. Mutable while it runs. */
export class TemplateCutter {
  readonly #source: string;
  readonly #options: TemplateOptions;
  readonly #pieces: Piece[] = [];
  #at: number;
  /** What the tag before did to the text after it. */
  #trimNext: 'none' | 'newline' | 'all' = 'none';

  constructor(source: string, options: TemplateOptions) {
    this.#source = source;
    this.#options = options;
    this.#at = options.from;
  }

  cut(): readonly Piece[] {
    // Jinja2 drops one line end at the end of a template; the caller restores it as Ansible does.
    const end = this.#source.endsWith('\n') ? this.#source.length - 1 : this.#source.length;
    while (this.#at < end) {
      OPENER.lastIndex = this.#at;
      const opener = OPENER.exec(this.#source);
      const stop = opener ? opener.index : end;
      this.#text(this.#source.slice(this.#at, stop), stop);
      if (!opener) break;
      this.#element(opener[0], opener.index);
    }
    return this.#pieces;
  }

  #text(text: string, stop: number): void {
    const opening = this.#source.slice(stop, stop + 3);
    let kept = text;
    if (this.#trimNext === 'all') kept = kept.trimStart();
    if (this.#trimNext === 'newline') kept = kept.replace(/^\r?\n/, '');
    if (opening[2] === '-') kept = kept.trimEnd();
    else if (this.#stripsBefore(opening))
      kept = this.#withoutIndent(kept, text.length === kept.length && this.#at === this.#options.from);
    this.#trimNext = 'none';
    if (kept !== '') this.#pieces.push({ kind: 'text', text: kept, at: this.#at });
  }

  #stripsBefore(opening: string): boolean {
    return this.#options.lstripBlocks && opening[2] !== '+' && (opening.startsWith('{%') || opening.startsWith('{#'));
  }

  #withoutIndent(text: string, isStart: boolean): string {
    const line = text.lastIndexOf('\n');
    const startsLine = line >= 0 || isStart || this.#pieces.length === 0 || this.#lastEndedLine();
    return startsLine && text.slice(line + 1).trim() === '' ? text.slice(0, line + 1) : text;
  }

  #lastEndedLine(): boolean {
    const before = this.#source[this.#at - 1];
    return before === '\n' || (this.#source[this.#at] === '\n' && before === '}');
  }

  #element(opener: string, at: number): void {
    const inside = at + 2 + (this.#source[at + 2] === '-' || this.#source[at + 2] === '+' ? 1 : 0);
    if (opener === '{#') this.#comment(at);
    else if (opener === '{{') this.#expression('output', at, at + 2 + (this.#source[at + 2] === '-' ? 1 : 0));
    else if (!this.#raw(at)) this.#expression('tag', at, inside);
  }

  #comment(at: number): void {
    COMMENT_END.lastIndex = at + 2;
    const end = COMMENT_END.exec(this.#source);
    if (!end) throw faultAt(this.#source, at, 'comment is not closed');
    this.#finish(end.index + end[0].length, end[1] ?? '', true);
  }

  #expression(kind: 'output' | 'tag', at: number, from: number): void {
    const pattern = kind === 'output' ? OUTPUT_END : TAG_END;
    const isEnd = (place: number): boolean => {
      pattern.lastIndex = place;
      return pattern.test(this.#source);
    };
    const { tokens, end } = tokenize(this.#source, from, isEnd, kind === 'output' && this.#options.keepsBackslashes);
    pattern.lastIndex = end;
    const closer = pattern.exec(this.#source)?.[0];
    if (closer === undefined)
      throw faultAt(this.#source, at, kind === 'output' ? "'{{' is not closed" : "'{%' is not closed");
    this.#pieces.push({ kind, tokens, at });
    this.#finish(end + closer.length, closer[0] ?? '', kind === 'tag');
  }

  #finish(end: number, control: string, isBlock: boolean): void {
    this.#at = end;
    if (control === '-') this.#trimNext = 'all';
    else this.#trimNext = isBlock && this.#options.trimBlocks && control !== '+' ? 'newline' : 'none';
  }

  #raw(at: number): boolean {
    RAW.lastIndex = at + 2;
    const open = RAW.exec(this.#source);
    if (!open) return false;
    END_RAW.lastIndex = RAW.lastIndex;
    const close = END_RAW.exec(this.#source);
    if (!close) throw faultAt(this.#source, at, "'raw' is not closed by 'endraw'");
    this.#finish(RAW.lastIndex, open[1] ?? '', false);
    this.#text(this.#source.slice(this.#at, close.index), close.index);
    this.#finish(END_RAW.lastIndex, close[2] ?? '', true);
    return true;
  }
}
