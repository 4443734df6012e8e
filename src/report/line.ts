import type { Status } from '../contract/result.ts';

export type Style = Status | 'normal' | 'dim' | 'bold' | 'added' | 'removed';

/** Text as it came, from wherever; it becomes safe to show when it is painted, and only there. */
export interface Span {
  readonly text: string;
  readonly style: Style;
}

/** One line for a person, before escaping, colours and width. */
export interface Line {
  /** Columns to the left. */
  readonly indent: number;
  readonly spans: readonly Span[];
  /** Prose breaks at words; diffs and programs' output stay as they are, so that they can be copied. */
  readonly wraps: boolean;
}

export function span(text: string, style: Style = 'normal'): Span {
  return { text, style };
}

export function prose(indent: number, ...spans: readonly Span[]): Line {
  return { indent, spans, wraps: true };
}

export function verbatim(indent: number, ...spans: readonly Span[]): Line {
  return { indent, spans, wraps: false };
}

export const EMPTY: Line = { indent: 0, spans: [], wraps: false };

export function indented(lines: readonly Line[], by: number): readonly Line[] {
  return lines.map((line) => ({ ...line, indent: line.indent + by }));
}

/** What a line says, without its styles: lines that say the same count as the same. */
export function textOf(line: Line): string {
  return `${' '.repeat(line.indent)}${line.spans.map(({ text }) => text).join('')}`;
}
