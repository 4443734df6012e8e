import type { Result } from '../contract/result.ts';
import { type Line, prose, span, verbatim } from './line.ts';

/** Lines of a failed program's output: the first tell what it tried, the last what went wrong. */
const FIRST = 4;
const LAST = 16;
/** With -v. */
const MOST_LINES = 400;

/** What a failed program printed: its errors, else its output. Empty when it printed nothing. */
export function outputBlock(result: Result, verbosity: number): readonly Line[] {
  if (verbosity > 0) return streamsBlock(result, verbosity);
  const { stderr, stdout } = result.values;
  const text = [stderr, stdout].find((one): one is string => typeof one === 'string' && one.trim() !== '');
  return text === undefined ? [] : gutter(text, '|', FIRST, LAST);
}

/**
 * The part of a message before it quotes the output (its end, when it is long); undefined when it does not. The block shows
 * the same with its lines.
 */
export function beforeOutput(message: string, { values }: Result): string | undefined {
  const streams = [values.stderr, values.stdout].flatMap((one) => (typeof one === 'string' ? [one.trim()] : []));
  for (let at = message.indexOf(': '); at !== -1; at = message.indexOf(': ', at + 1)) {
    const rest = message.slice(at + 2);
    if (rest !== '' && streams.some((text) => text.endsWith(rest))) return message.slice(0, at);
  }
  return undefined;
}

/** Both streams, told apart by their marks. */
export function streamsBlock({ values }: Result, verbosity: number): readonly Line[] {
  const most = verbosity > 2 ? Number.POSITIVE_INFINITY : MOST_LINES;
  const block = (text: unknown, mark: string) =>
    typeof text === 'string' && text.trim() !== '' ? gutter(text, mark, most / 2, most / 2) : [];
  return [...block(values.stdout, '|'), ...block(values.stderr, '!')];
}

function gutter(text: string, mark: string, first: number, last: number): readonly Line[] {
  const lines = text.replace(/\s+$/, '').split(/\r?\n/);
  const show = (part: readonly string[]) => part.map((line) => verbatim(0, span(`${mark} `, 'dim'), span(line)));
  if (lines.length <= first + last) return show(lines);
  const left = lines.length - first - last;
  return [
    ...show(lines.slice(0, first)),
    prose(0, span(`${mark} … ${left} lines left out`, 'dim')),
    ...show(lines.slice(-last)),
  ];
}
