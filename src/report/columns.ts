import { cellsOf, firstCells } from './cells.ts';

export interface Column {
  readonly title: string;
  /** One text a row, safe to show. */
  readonly cells: readonly string[];
  /** May be cut down to so many columns of the terminal. */
  readonly least?: number;
  /** And only to so many as long as another column can go instead. */
  readonly cosy?: number;
  /** Columns with the smallest number go first where there is no room; without one a column stays. */
  readonly goes?: number;
}

export interface Fitted {
  readonly columns: readonly (Column & { readonly width: number })[];
  /** Titles of those for which there was no room. */
  readonly left: readonly string[];
}

/** Blanks between columns. */
export const GAP = 2;

/** Columns that fit side by side into `room`; all of them at full width without one. */
export function fitColumns(columns: readonly Column[], room: number | undefined): Fitted {
  const whole = columns.map((column) => ({ ...column, width: naturalWidth(column) }));
  if (room === undefined) return { columns: whole, left: [] };
  const order = whole.flatMap(({ goes }) => (goes === undefined ? [] : [goes])).sort((a, b) => a - b);
  const limits = [undefined, ...order];
  for (const limit of limits) {
    const kept = whole.filter(({ goes }) => limit === undefined || goes === undefined || goes > limit);
    const isLast = kept.every(({ goes }) => goes === undefined);
    const fitted = shrunk(kept.map(cosily), room) ?? (isLast ? shrunk(kept, room) : undefined);
    if (fitted) return refilled(whole, { columns: fitted, left: titlesWithout(whole, kept) }, room);
  }
  const kept = whole.filter(({ goes }) => goes === undefined);
  const least = kept.map((column) => ({ ...column, width: Math.min(column.width, column.least ?? column.width) }));
  return { columns: least, left: titlesWithout(whole, kept) };
}

/** A wide column that went may leave room for a narrow one that went before it. */
function refilled(whole: Fitted['columns'], fitted: Fitted, room: number): Fitted {
  const lost = whole.filter(({ title }) => fitted.left.includes(title));
  const candidates = lost.toSorted((a, b) => (b.goes ?? Infinity) - (a.goes ?? Infinity));
  return candidates.reduce((done, { title }) => {
    const left = done.left.filter((one) => one !== title);
    const columns = shrunk(whole.filter((one) => !left.includes(one.title)).map(cosily), room);
    return columns ? { columns, left } : done;
  }, fitted);
}

/** Columns that would go first shrink first, then those to the right; undefined when even that is not enough. */
function shrunk<One extends Column & { readonly width: number }>(
  columns: readonly One[],
  room: number,
): readonly One[] | undefined {
  let over = totalWidth(columns) - room;
  const cuts = new Map<One, number>();
  for (const column of columns.toReversed().sort((a, b) => (a.goes ?? Infinity) - (b.goes ?? Infinity))) {
    const least = Math.max(column.least ?? column.width, cellsOf(column.title));
    const cut = Math.max(0, Math.min(column.width - least, over));
    cuts.set(column, cut);
    over -= cut;
  }
  return over > 0 ? undefined : columns.map((column) => ({ ...column, width: column.width - (cuts.get(column) ?? 0) }));
}

function cosily<One extends Column>(column: One): One {
  return column.cosy === undefined ? column : { ...column, least: column.cosy };
}

function totalWidth(columns: readonly { readonly width: number }[]): number {
  return columns.reduce((sum, { width }) => sum + width + GAP, 0);
}

function naturalWidth({ title, cells }: Column): number {
  return cells.reduce((most, cell) => Math.max(most, cellsOf(cell)), cellsOf(title));
}

function titlesWithout(all: readonly Column[], kept: readonly Column[]): readonly string[] {
  const titles = new Set(kept.map(({ title }) => title));
  return all.filter(({ title }) => !titles.has(title)).map(({ title }) => title);
}

/** A cell at its width, with the gap to the next column. */
export function padded(text: string, width: number): string {
  const cells = cellsOf(text);
  const shown = cells > width ? `${firstCells(text, width - 1)}…` : text;
  return shown + ' '.repeat(Math.max(0, width - cellsOf(shown)) + GAP);
}
