import type { Result } from '../contract/result.ts';
import { type Line, prose, span, verbatim } from './line.ts';
import { streamsBlock } from './output-block.ts';
import type { ResultView } from './result-lines.ts';
import { yamlText } from './yaml-text.ts';

/** Lines of one result's values before the rest is left out. */
const MOST_LINES = 200;
/** Shown as streams, or repeating what is shown already. */
const SHOWN_ELSEWHERE: ReadonlySet<string> = new Set([
  'stdout',
  'stderr',
  'stdout_lines',
  'stderr_lines',
  'warnings',
  'msg',
]);

/** What a module says in so many words: debug's message always, others' when more is asked for. */
export function said(result: Result, view: ResultView): string {
  const { msg } = result.values;
  if (typeof msg !== 'string') return '';
  return view.module === 'debug' || view.verbosity > 0 ? msg : '';
}

/** What debug shows, what a program printed (-v), and everything a task registers (-vv). */
export function valueLines(result: Result, view: ResultView): readonly Line[] {
  if (view.module === 'debug') return debugLines(result.values);
  const isNews = view.verbosity > 0 && result.status !== 'failed' && !view.isStreamed;
  const streams = isNews ? streamsBlock(result, view.verbosity) : [];
  if (view.verbosity < 2) return streams;
  const rest = Object.entries(result.values).filter(([name]) => !SHOWN_ELSEWHERE.has(name));
  return rest.length === 0 ? streams : [...streams, ...yamlLines(Object.fromEntries(rest))];
}

function debugLines(values: Readonly<Record<string, unknown>>): readonly Line[] {
  if (values.msg !== undefined) return typeof values.msg === 'string' ? [] : yamlLines(values.msg);
  // The variable comes first; behind it may stand the loop's.
  const [shown] = Object.entries(values);
  return shown ? yamlLines(Object.fromEntries([shown])) : [];
}

function yamlLines(value: unknown): readonly Line[] {
  const lines: Line[] = [];
  for (const text of yamlText(value)) {
    if (lines.length === MOST_LINES) return [...lines, prose(0, span('… (more is in --output json)', 'dim'))];
    lines.push(verbatim(0, span(text)));
  }
  return lines;
}
