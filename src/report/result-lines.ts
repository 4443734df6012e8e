import type { Diff } from '../contract/change.ts';
import type { ItemResult, Result, Status } from '../contract/result.ts';
import { indented, type Line, prose, type Span, span, type Style, verbatim } from './line.ts';
import { beforeOutput, outputBlock } from './output-block.ts';
import { said, valueLines } from './result-values.ts';

/** How results are to be shown. */
export interface ResultView {
  readonly isCheck: boolean;
  readonly showDiff: boolean;
  readonly verbosity: number;
  readonly module: string;
  /** The output was shown as it came. */
  readonly isStreamed: boolean;
  readonly diffLines: (diff: Diff) => readonly string[];
}

/** A result as people read it: what stands behind the hosts' names, and the lines below. */
export interface ShownResult {
  readonly head: readonly Span[];
  readonly body: readonly Line[];
}

/** Items of a loop shown before the rest is counted; failures are always shown. */
const MOST_ITEMS = 25;

export function shownResult(result: Result, view: ResultView): ShownResult {
  if (result.isHidden) return { head: [span('hidden by no_log', 'dim')], body: [] };
  if (result.items && result.items.length > 0) return loop(result, result.items, view);
  const message = messageOf(result, view);
  return {
    head: message.head === '' ? [] : [span(message.head)],
    body: [
      ...message.rest.map((line) => prose(0, span(line))),
      ...message.output,
      ...warnings(result),
      ...actions(result, view),
      ...diffs(result, view),
      ...valueLines(result, view),
    ],
  };
}

/** The word for how it went, e.g. `would change`. */
export function wordOf(result: Result, isCheck: boolean): Span {
  if (result.isIgnored) return span(`${result.status} (ignored)`, 'changed');
  return span(isCheck && result.status === 'changed' ? 'would change' : result.status, result.status);
}

interface Message {
  readonly head: string;
  readonly rest: readonly string[];
  readonly output: readonly Line[];
}

function messageOf(result: Result, view: ResultView): Message {
  const text = textToShow(result, view).trimEnd();
  const output = result.status === 'failed' ? outputBlock(result, view.verbosity) : [];
  const before = output.length === 0 ? undefined : beforeOutput(text, result);
  if (before !== undefined && output.length > 1) return { ...split(before), output };
  return { ...split(text), output: before === undefined ? output : [] };
}

function split(text: string): Pick<Message, 'head' | 'rest'> {
  const [head = '', ...rest] = text.split('\n');
  return { head, rest };
}

const TELLING: readonly Status[] = ['failed', 'unreachable', 'unknown'];

function textToShow(result: Result, view: ResultView): string {
  if (TELLING.includes(result.status)) return result.message ?? '';
  if (result.status === 'skipped') return view.verbosity > 0 ? reasonToSkip(result) : '';
  return said(result, view);
}

function reasonToSkip({ values, message }: Result): string {
  return values.false_condition === undefined ? (message ?? '') : `not true: ${String(values.false_condition)}`;
}

function warnings({ values }: Result): readonly Line[] {
  const texts = Array.isArray(values.warnings) ? values.warnings : [];
  return texts.map((text) => prose(0, span('warning: ', 'unknown'), span(String(text))));
}

function actions(result: Result, view: ResultView): readonly Line[] {
  const isPlanned = result.status === 'unknown' && result.message !== `would ${result.actions.join('; ')}`;
  if (result.status !== 'changed' && !isPlanned) return [];
  const isRun = view.module === 'command' || view.module === 'shell';
  // A task that runs a program says so by its name; what it would run is news only in check mode.
  if (isRun && !view.isCheck && view.verbosity === 0) return [];
  return result.actions.map((action) => prose(0, span(`- ${action}`, result.status)));
}

function diffs(result: Result, { showDiff, isCheck, diffLines }: ResultView): readonly Line[] {
  if (!showDiff && !isCheck) return [];
  return result.diffs.flatMap(diffLines).map((text) => verbatim(0, span(text, diffStyle(text))));
}

function diffStyle(text: string): Style {
  if (text.startsWith('+')) return 'added';
  if (text.startsWith('-')) return 'removed';
  return text.startsWith('@@') ? 'dim' : 'normal';
}

function loop(result: Result, items: readonly ItemResult[], view: ResultView): ShownResult {
  const worth = items.filter((item) => isWorthALine(item, view));
  const bad = worth.filter((item) => item.status === 'failed' || item.status === 'unreachable');
  const shown = worth.length <= MOST_ITEMS ? worth : [...new Set([...worth.slice(0, MOST_ITEMS), ...bad])];
  const rest = worth.length - shown.length;
  return {
    head: [span(countsOf(items, view.isCheck), 'dim')],
    body: [
      ...shown.flatMap((item) => itemLines(item, view)),
      ...(rest > 0 ? [prose(0, span(`… ${rest} more items`, 'dim'))] : []),
    ],
  };
}

/** @example '1 of 3 items failed, 1 changed' */
function countsOf(items: readonly ItemResult[], isCheck: boolean): string {
  const total = items.length === 1 ? '1 item' : `${items.length} items`;
  const told = (['failed', 'unreachable', 'unknown', 'changed'] as const)
    .map((status) => ({ status, count: items.filter((item) => item.status === status).length }))
    .filter(({ count }) => count > 0);
  if (told.length === 0) return total;
  const words = told.map(
    ({ status, count }) => `${count} ${isCheck && status === 'changed' ? 'would change' : status}`,
  );
  return `${total}, ${words.join(', ')}`;
}

function isWorthALine(item: ItemResult, view: ResultView): boolean {
  if (view.verbosity > 0) return true;
  if (item.status === 'skipped') return false;
  return item.status !== 'ok' || said(item, view) !== '' || view.module === 'debug' || warnings(item).length > 0;
}

function itemLines(item: ItemResult, view: ResultView): readonly Line[] {
  const { head, body } = shownResult({ ...item, items: undefined }, view);
  const [only] = body;
  // One action says enough on the item's own line.
  const isShort = head.length === 0 && body.length === 1 && only?.spans[0]?.text.startsWith('- ');
  const tail = isShort && only ? [span(only.spans[0]?.text.slice(2) ?? '', 'normal')] : head;
  const parts = [
    wordOf(item, view.isCheck),
    span(`: ${item.label}`),
    ...(tail.length > 0 ? [span(': '), ...tail] : []),
  ];
  return [prose(0, ...parts), ...(isShort ? [] : indented(body, 4))];
}
