import type { Column } from './columns.ts';
import { cellsOf } from './cells.ts';
import { printableLine } from './printable.ts';

/** One PCI function as the list of cards shows it. */
export interface FunctionView {
  readonly address: string;
  readonly kind: string;
  readonly driver: string | null;
}

/** One GPU as the list shows it. */
export interface CardView {
  readonly address: string;
  readonly id: string;
  readonly vendor: string | null;
  readonly model: string | null;
  readonly functions: readonly FunctionView[];
  readonly iommuGroup: number | null;
  readonly groupOthers: readonly FunctionView[];
  readonly isViable: boolean;
  readonly numaNode: number | null;
  readonly novaType: string;
  readonly virtualFunctions: readonly FunctionView[];
  readonly resetMethods: readonly string[];
  readonly state: 'ready' | 'not-ready' | 'kept';
  readonly reasons: readonly string[];
  readonly notes: readonly string[];
}

export interface CardRow {
  readonly host: string;
  readonly card: CardView;
}

interface CellRule {
  readonly title: string;
  readonly least?: number;
  readonly cosy?: number;
  readonly goes?: number;
  readonly cell: (row: CardRow) => string;
}

/** What tells identical cards apart stays longest; what a not-ready card's reason repeats goes first. */
const RULES: readonly CellRule[] = [
  { title: 'HOST', least: 10, cell: ({ host }) => host },
  { title: 'ADDRESS', cell: ({ card }) => card.address },
  { title: 'MODEL', least: 14, cosy: 32, cell: ({ card }) => modelOf(card) },
  { title: 'IDS', goes: 5, cell: ({ card }) => card.id },
  { title: 'FUNCTIONS', least: 18, goes: 4, cell: ({ card }) => functionsOf(card) },
  { title: 'GROUP', least: 5, goes: 3, cell: ({ card }) => groupOf(card) },
  { title: 'VIABLE', goes: 3, cell: ({ card }) => (card.isViable ? 'yes' : 'no') },
  { title: 'NUMA', goes: 2, cell: ({ card }) => (card.numaNode === null ? '-' : String(card.numaNode)) },
  { title: 'TYPE', goes: 6, cell: ({ card }) => typeOf(card) },
  { title: 'RESET', goes: 1, cell: ({ card }) => card.resetMethods.join(',') || '-' },
];

export function cardColumns(rows: readonly CardRow[]): readonly Column[] {
  return RULES.map(({ cell, ...rule }) => ({ ...rule, cells: rows.map((row) => printableLine(cell(row))) }));
}

/** On a terminal: a few names much longer than the rest stand above their cards, and take no room from all others. */
export function withoutOutliers([hosts, ...others]: readonly Column[]): readonly Column[] {
  if (!hosts) return others;
  const widths = [...new Set(hosts.cells)].map(cellsOf).sort((a, b) => a - b);
  const usual = widths[Math.floor((widths.length - 1) * 0.9)] ?? 0;
  const limit = Math.min(Math.max(usual, LONG_NAME), ODD_NAME);
  return [{ ...hosts, cells: hosts.cells.map((cell) => (cellsOf(cell) > limit ? '' : cell)) }, ...others];
}

/** Columns of a terminal that a host's name may always have, where they are there, and never more. */
const LONG_NAME = 16;
const ODD_NAME = 40;

export function modelOf({ model, vendor, id }: CardView): string {
  return model ?? (vendor === null ? id : `${vendor} ${id}`);
}

/** @example functionsOf(card) // 'vfio-pci .0 .1' */
function functionsOf({ functions }: CardView): string {
  const byDriver = Map.groupBy(functions, (one) => one.driver ?? 'no driver');
  return [...byDriver]
    .map(([driver, ones]) => `${driver} ${ones.map(({ address }) => address.slice(-2)).join(' ')}`)
    .join(', ');
}

function groupOf({ iommuGroup, groupOthers }: CardView): string {
  if (iommuGroup === null) return '-';
  const others = groupOthers.map(
    (one) => ` +${one.address} ${one.kind === 'bridge' ? 'bridge' : (one.driver ?? 'no driver')}`,
  );
  return `${iommuGroup}${others.join('')}`;
}

function typeOf({ novaType, virtualFunctions }: CardView): string {
  return virtualFunctions.length > 0 ? `${novaType} ${virtualFunctions.length} VFs` : novaType;
}
