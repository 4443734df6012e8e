import type { Event } from '../contract/event.ts';
import type { Digest } from './digest.ts';
import { EMPTY, type Line, prose, span, verbatim } from './line.ts';
import { nextStep } from './next-steps.ts';
import { recapLines } from './recap.ts';

type Finished = Extract<Event, { type: 'run.finished' }>;

/** How a run was called. */
export interface Called {
  readonly isCheck: boolean;
  readonly words: readonly string[];
  readonly columns?: number;
}

/** The end of a report: what failed, what would change, what is unknown, the recap, and what to do next. */
export function closingLines(event: Finished, called: Called, digest: Digest): readonly Line[] {
  const { recap, elapsedMs, exitCode, hint } = event;
  const { isCheck, words } = called;
  const step = nextStep({ words, exitCode, recap });
  return [
    ...digest.lines(recap, isCheck),
    EMPTY,
    prose(0, span('RECAP', 'bold'), span(`  ${duration(elapsedMs)}${isCheck ? ', nothing was changed' : ''}`)),
    ...recapLines(recap, called),
    EMPTY,
    verdict(event, isCheck),
    ...(hint === undefined ? [] : [prose(0, span(hint, 'dim'))]),
    ...(step === undefined ? [] : [verbatim(2, span(step, 'bold'))]),
  ];
}

/** One sentence that says how it went; the one line everybody reads. */
function verdict({ recap, exitCode }: Finished, isCheck: boolean): Line {
  const count = (is: (host: Finished['recap'][number]) => boolean) => recap.filter(is).length;
  const parts = [
    { count: count(({ unreachable }) => unreachable > 0), word: 'unreachable' },
    { count: count(({ failed }) => failed > 0), word: 'failed' },
    { count: count(({ unknown }) => unknown > 0), word: 'with tasks only a real run can tell' },
    { count: count(({ changed }) => changed > 0), word: isCheck ? 'would change' : 'changed' },
  ].filter((part) => part.count > 0);
  const told = parts.map((part) => `${part.count} ${part.word}`).join(', ');
  const hosts = recap.length === 1 ? '1 host' : `${recap.length} hosts`;
  const style = exitCode === 0 ? 'ok' : exitCode === 3 ? 'changed' : 'failed';
  return prose(0, span(told === '' ? `${hosts}: nothing to change` : `${hosts}: ${told}`, style));
}

/** @example duration(83_000) // '1 min 23 s' */
export function duration(ms: number): string {
  const seconds = ms / 1000;
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  const minutes = Math.floor(seconds / 60);
  const rest = Math.floor(seconds % 60);
  return minutes < 60 ? `${minutes} min ${rest} s` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
