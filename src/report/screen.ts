import { stripVTControlCharacters } from 'node:util';
import type { Sink } from './printable.ts';

/** DEC private mode 2026: terminals that know it show a repaint at once, others ignore it. */
const BEGIN_UPDATE = '\u001b[?2026h';
const END_UPDATE = '\u001b[?2026l';

export interface ScreenSize {
  columns(): number;
  rows(): number;
}

/**
 * A terminal with lines that scroll away for good, and a few live lines below them that are painted anew. Mutable: it
 * knows how many live lines stand on the screen.
 */
export class Screen {
  readonly #sink: Sink;
  readonly #size: ScreenSize;
  #scrolled = '';
  #painted = '';
  #liveLines = 0;

  constructor(sink: Sink, size: ScreenSize) {
    this.#sink = sink;
    this.#size = size;
  }

  /** Text that stays; shown at the next paint. */
  scroll(text: string): void {
    this.#scrolled += text;
  }

  /** Live lines that fit: at least two rows stay for what scrolls. */
  get room(): number {
    return Math.max(1, this.#size.rows() - 3);
  }

  paint(lines: readonly string[]): void {
    const live = lines
      .slice(0, this.room)
      .map((line) => `${clip(line, this.#size.columns() - 1)}\n`)
      .join('');
    if (this.#scrolled === '' && live === this.#painted) return;
    const erase = this.#liveLines > 0 ? `\u001b[${this.#liveLines}A\u001b[J` : '';
    this.#sink.write(`${BEGIN_UPDATE}${erase}${this.#scrolled}${live}${END_UPDATE}`);
    this.#scrolled = '';
    this.#painted = live;
    this.#liveLines = Math.min(lines.length, this.room);
  }

  /** Takes the live lines away. */
  clear(): void {
    this.paint([]);
  }
}

/** Cuts a coloured line to a width, keeping its escapes whole. */
export function clip(line: string, width: number): string {
  if (stripVTControlCharacters(line).length <= width) return line;
  let shown = 0;
  let clipped = '';
  // biome-ignore lint: escapes are what is looked for
  for (const part of line.split(/(\u001b\[[0-9;]*m)/)) {
    if (part.startsWith('\u001b')) clipped += part;
    else {
      clipped += part.slice(0, Math.max(0, width - 1 - shown));
      shown += part.length;
    }
  }
  return `${clipped}…\u001b[0m`;
}
