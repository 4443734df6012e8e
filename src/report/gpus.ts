import { cellsOf } from './cells.ts';
import { type Fitted, fitColumns, GAP, padded } from './columns.ts';
import { type CardRow, type CardView, cardColumns, modelOf, withoutOutliers } from './gpu-cells.ts';
import { hostCount, hostNames } from './host-names.ts';
import { printableLine } from './printable.ts';
import { EMPTY, type Line, prose, type Span, type Style, span, verbatim } from './line.ts';

/** What one host answered to `tsplay gpus`. */
export type GpuHostView =
  | {
      readonly host: string;
      readonly kind: 'seen';
      readonly cards: readonly CardView[];
      readonly warnings: readonly string[];
    }
  | { readonly host: string; readonly kind: 'unreachable' | 'failed'; readonly message: string };

export interface GpuListOptions {
  /** Columns of the terminal; absent where nobody watches: then nothing is cut and every line says all. */
  readonly columns?: number;
  readonly only?: CardView['state'];
}

const WORDS: Readonly<Record<CardView['state'], string>> = { ready: 'ready', 'not-ready': 'not ready', kept: 'kept' };
const STYLES: Readonly<Record<CardView['state'], Style>> = { ready: 'ok', 'not-ready': 'failed', kept: 'skipped' };

/** The fleet's GPUs, one line a card, then what a person wants to know first of many: counts and causes. */
export function gpuLines(hosts: readonly GpuHostView[], options: GpuListOptions): readonly Line[] {
  const all = hosts.flatMap((host) =>
    host.kind === 'seen' ? host.cards.map((card) => ({ host: host.host, card })) : [],
  );
  const shown = all.filter(({ card }) => options.only === undefined || card.state === options.only);
  return [...tableLines(shown, options), ...summaryLines(hosts, all, options)];
}

function tableLines(rows: readonly CardRow[], { columns }: GpuListOptions): readonly Line[] {
  if (rows.length === 0) return [];
  const stateWidth = Math.max(...rows.map(({ card }) => WORDS[card.state].length));
  const all = cardColumns(rows);
  const fitted =
    columns === undefined ? fitColumns(all, undefined) : fitColumns(withoutOutliers(all), columns - stateWidth);
  const head = verbatim(
    0,
    span([...fitted.columns.map(({ title, width }) => padded(title, width)), 'STATE'].join(''), 'bold'),
  );
  const note =
    fitted.left.length > 0
      ? [
          prose(
            0,
            span(`No room for ${fitted.left.join(', ')}: use a wider terminal, a pipe, or --output json.`, 'dim'),
          ),
        ]
      : [];
  return [head, ...rows.flatMap((row, index) => rowLines(rows, index, { row, fitted, columns })), ...note, EMPTY];
}

interface RowPlace {
  readonly row: CardRow;
  readonly fitted: Fitted;
  readonly columns: number | undefined;
}

/**
 * On a terminal a host is named once, and above its cards where its name has no room beside them: what tells names apart is
 * often their end. Elsewhere each line stands for itself, for grep and awk.
 */
function rowLines(rows: readonly CardRow[], index: number, place: RowPlace): readonly Line[] {
  const { row, fitted, columns } = place;
  const isSameHost = columns !== undefined && rows[index - 1]?.host === row.host;
  const name = printableLine(row.host);
  const isBeside = columns === undefined || cellsOf(name) <= (fitted.columns[0]?.width ?? 0);
  const heading = isSameHost || isBeside ? [] : [verbatim(0, span(name))];
  return [...heading, ...cardLines(index, isSameHost || !isBeside, place)];
}

function cardLines(index: number, isNamed: boolean, { row, fitted, columns }: RowPlace): readonly Line[] {
  const before = fitted.columns
    .map(({ title, cells, width }) => padded(title === 'HOST' && isNamed ? '' : (cells[index] ?? ''), width))
    .join('');
  const { state, reasons } = row.card;
  const word = span(WORDS[state], STYLES[state]);
  const why = reasons.join('; ');
  if (why === '') return [verbatim(0, span(before), word)];
  const together: readonly Span[] = [span(before), word, span(`: ${why}`)];
  const width = together.reduce((sum, { text }) => sum + cellsOf(text), 0);
  if (columns === undefined || width <= columns) return [verbatim(0, ...together)];
  return [verbatim(0, span(before), word), ...reasons.map((reason) => prose(indentOf(fitted), span(reason)))];
}

/** Under the address of the card. */
function indentOf({ columns: [host] }: Fitted): number {
  return host ? host.width + GAP : 0;
}

function summaryLines(
  hosts: readonly GpuHostView[],
  rows: readonly CardRow[],
  { only }: GpuListOptions,
): readonly Line[] {
  const total = hosts.length;
  const bare = hosts.flatMap((host) => (host.kind === 'seen' && host.cards.length === 0 ? [host.host] : []));
  const byModel = Map.groupBy(rows, ({ card }) => (card.model === null ? modelOf(card) : `${card.model} (${card.id})`));
  return [
    prose(0, span('Hosts', 'bold'), span(`  ${hostCount(total)}${lostCounts(hosts)}`)),
    ...(bare.length > 0 ? [prose(7, span(`${hostNames(bare, total)}: no GPU`))] : []),
    prose(0, span('Cards', 'bold'), span(`  ${stateCounts(rows)}${only ? `; shown: ${WORDS[only]}` : ''}`)),
    ...[...byModel].map(([model, some]) => prose(7, span(`${some.length} x ${model}: ${stateCounts(some, false)}`))),
    ...remarks(hosts, rows).map(({ text, names, style }) =>
      prose(0, span(`${hostNames(names, total)}: `, style), span(text)),
    ),
  ];
}

function lostCounts(hosts: readonly GpuHostView[]): string {
  const count = (kind: GpuHostView['kind']) => hosts.filter((host) => host.kind === kind).length;
  const words = [
    [count('unreachable'), 'unreachable'],
    [count('failed'), 'failed'],
  ] as const;
  return words.flatMap(([number, word]) => (number > 0 ? [`, ${number} ${word}`] : [])).join('');
}

function stateCounts(rows: readonly CardRow[], withTotal = true): string {
  const states = ['ready', 'not-ready', 'kept'] as const;
  const counts = states.flatMap((state) => {
    const count = rows.filter(({ card }) => card.state === state).length;
    return count > 0 ? [`${count} ${WORDS[state]}`] : [];
  });
  if (!withTotal) return counts.join(', ');
  return `${rows.length} ${rows.length === 1 ? 'card' : 'cards'}${counts.length > 0 ? `: ${counts.join(', ')}` : ''}`;
}

interface Remark {
  readonly text: string;
  readonly names: readonly string[];
  readonly style: Style;
}

/** What was said of several hosts in the same words is said once. */
function remarks(hosts: readonly GpuHostView[], rows: readonly CardRow[]): readonly Remark[] {
  const said = [
    ...hosts.flatMap((host): readonly Said[] =>
      host.kind === 'seen'
        ? host.warnings.map((text) => ({ host: host.host, text, style: 'changed' }))
        : [{ host: host.host, text: `${host.kind}: ${host.message}`, style: host.kind }],
    ),
    ...rows.flatMap(({ host, card }) => card.notes.map((text): Said => ({ host, text, style: 'dim' }))),
  ];
  return [...Map.groupBy(said, ({ text }) => text)].map(([text, same]) => ({
    text,
    names: [...new Set(same.map(({ host }) => host))],
    style: same[0]?.style ?? 'normal',
  }));
}

interface Said {
  readonly host: string;
  readonly text: string;
  readonly style: Style;
}
