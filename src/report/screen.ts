import { stripVTControlCharacters } from 'node:util';
import { cellsOf } from './cells.ts';
import type { Sink } from './sink.ts';

/** DEC private mode 2026: terminals that know it show a repaint at once, others ignore it. */
const BEGIN_UPDATE = '\u001b[?2026h';
const END_UPDATE = '\u001b[?2026l';
const ERASE_LINE = '\u001b[K';
const ERASE_BELOW = '\u001b[J';

export interface ScreenSize {
  columns(): number;
  rows(): number;
}

/**
 * A terminal with lines that scroll away for good, and a few live lines below them that are painted anew. The cursor always
 * rests at the beginning of the line after them and is never hidden, so nothing has to be restored when we die. Mutable: it
 * knows what stands on the screen.
 */
export class Screen {
  readonly #sink: Sink;
  readonly #size: ScreenSize;
  #scrolled = '';
  #live: readonly string[] = [];
  #columns = 0;

  constructor(sink: Sink, size: ScreenSize) {
    this.#sink = sink;
    this.#size = size;
  }

  /** Text that stays; shown at the next paint. */
  scroll(text: string): void {
    this.#scrolled += text;
  }

  /** Live lines that fit: some rows stay for what scrolls. */
  get room(): number {
    return Math.max(1, this.#size.rows() - 4);
  }

  /** Columns a live line may take. The last one stays free: what terminals do after it differs. */
  get width(): number {
    return Math.max(1, this.#size.columns() - 1);
  }

  /** Shows what scrolled meanwhile and these live lines, each clipped to {@link width} by the caller. */
  paint(lines: readonly string[]): void {
    const live = lines.slice(0, this.room);
    const isResized = this.#columns !== this.#size.columns();
    const text = this.#scrolled === '' && !isResized ? this.#changes(live) : this.#everything(live);
    this.#scrolled = '';
    this.#live = live;
    this.#columns = this.#size.columns();
    if (text !== '') this.#sink.write(`${BEGIN_UPDATE}${text}${END_UPDATE}`);
  }

  /** Takes the live lines away and leaves what scrolled. */
  clear(): void {
    this.paint([]);
  }

  /** Somebody else wrote to the terminal (the shell, while we were suspended): the live lines are no longer ours. */
  forget(): void {
    this.#live = [];
  }

  #everything(live: readonly string[]): string {
    const erase = this.#live.length > 0 ? `\r${up(this.#rowsNow())}${ERASE_BELOW}` : '';
    const text = `${this.#scrolled}${live.map((line) => `${line}\n`).join('')}`;
    return erase + text;
  }

  /** Only the lines that differ: a repaint over a slow link costs a few bytes, and nothing flickers anywhere. */
  #changes(live: readonly string[]): string {
    const count = Math.max(live.length, this.#live.length);
    const first = live.findIndex((line, index) => line !== this.#live[index]);
    if (first === -1 && live.length === this.#live.length) return '';
    const from = first === -1 ? Math.min(live.length, this.#live.length) : first;
    const rows = live
      .slice(from)
      .map((line, index) => (line === this.#live[from + index] ? '\n' : `${ERASE_LINE}${line}\n`));
    const rest = count > live.length ? ERASE_BELOW : '';
    return `\r${up(this.#live.length - from)}${rows.join('')}${rest}`;
  }

  /** A narrower terminal has wrapped the live lines: they take more rows than they were painted in. */
  #rowsNow(): number {
    const columns = Math.max(1, this.#size.columns());
    const rows = this.#live.reduce(
      (sum, line) => sum + Math.max(1, Math.ceil(cellsOf(stripVTControlCharacters(line)) / columns)),
      0,
    );
    return Math.min(rows, Math.max(1, this.#size.rows() - 1));
  }
}

function up(rows: number): string {
  return rows > 0 ? `\u001b[${rows}A` : '';
}
