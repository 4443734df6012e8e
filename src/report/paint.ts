import { styleText } from 'node:util';
import { cellsOf, firstCells } from './cells.ts';
import type { Line, Span, Style } from './line.ts';
import { printableLine } from './printable.ts';

export interface PaintOptions {
  readonly hasColour: boolean;
  /** Columns to break prose at; without it lines stay whole, as a log wants them. */
  readonly columns?: () => number;
}

/** Narrower than this, breaking at words makes text worse. */
const NARROWEST = 40;
/** How far the rest of a broken line stands to the right of its beginning. */
const HANGING = 4;

/** The only way from lines to a terminal or a log: escapes what they hold, breaks prose, adds colours. */
export function paint(lines: readonly Line[], options: PaintOptions): string {
  return lines.map((line) => paintLine(line, options)).join('');
}

function paintLine(line: Line, { hasColour, columns }: PaintOptions): string {
  const safe = line.spans.map(({ text, style }) => ({ text: printableLine(text), style }));
  const width = columns?.() ?? 0;
  const rows = line.wraps && width >= NARROWEST ? broken(safe, width - line.indent) : [safe];
  return rows
    .map((row, index) => {
      const indent = row.length === 0 ? 0 : line.indent + (index > 0 ? HANGING : 0);
      return `${' '.repeat(indent)}${coloured(row, hasColour)}\n`;
    })
    .join('');
}

/** One live line: never wider than `width`, because a line that wraps cannot be painted over. */
export function paintClipped(line: Line, width: number, hasColour: boolean): string {
  let left = Math.max(0, width - line.indent);
  const kept: Span[] = [];
  for (const { text, style } of line.spans) {
    const safe = printableLine(text);
    const cells = cellsOf(safe);
    if (cells > left) {
      kept.push({ text: `${firstCells(safe, left - 1)}${left > 0 ? '…' : ''}`, style });
      break;
    }
    kept.push({ text: safe, style });
    left -= cells;
  }
  return `${' '.repeat(Math.min(line.indent, width))}${coloured(kept, hasColour)}`;
}

/** Breaks at spaces. A word that is too long stays whole: it is a path or a command that somebody may copy. */
function broken(spans: readonly Span[], width: number): readonly (readonly Span[])[] {
  const rows: Span[][] = [[]];
  let used = 0;
  for (const word of spans.flatMap(wordsOf)) {
    const cells = cellsOf(word.text.trimEnd());
    if (used > 0 && used + cells > width) {
      // A blank at the very edge would make the terminal break the line once more.
      rows.push(...withoutEnd(rows.pop()), []);
      used = HANGING;
    }
    if (!(rows.length > 1 && used === HANGING && word.text.trim() === '')) rows.at(-1)?.push(word);
    used += cellsOf(word.text);
  }
  return rows;
}

function withoutEnd(row: readonly Span[] = []): Span[][] {
  return [row.map((one, index) => (index === row.length - 1 ? { ...one, text: one.text.trimEnd() } : one))];
}

function wordsOf({ text, style }: Span): readonly Span[] {
  return text.split(/(?<= )(?=[^ ])/).map((word) => ({ text: word, style }));
}

function coloured(spans: readonly Span[], hasColour: boolean): string {
  if (!hasColour)
    return spans
      .map(({ text }) => text)
      .join('')
      .trimEnd();
  return spans.map(({ text, style }) => (COLOURS[style] ? styled(text, COLOURS[style]) : text)).join('');
}

type Colour = Parameters<typeof styleText>[0];

function styled(text: string, colour: Colour): string {
  return text === '' ? '' : styleText(colour, text, { validateStream: false });
}

const COLOURS: Readonly<Record<Style, Colour | undefined>> = {
  ok: 'green',
  changed: 'yellow',
  failed: 'red',
  unreachable: 'red',
  skipped: 'cyan',
  unknown: 'magenta',
  added: 'green',
  removed: 'red',
  dim: 'dim',
  bold: 'bold',
  normal: undefined,
};
