import { type AtWork, type Busy, byTask } from './at-work.ts';
import { hostCount, hostNames } from './host-names.ts';
import { type Line, type Span, prose, span } from './line.ts';
import { duration } from './closing-lines.ts';
import { taskName } from './task-lines.ts';

const SPINNER = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
/** Milliseconds between two states of the spinner. */
const SPIN_MS = 200;
/** Milliseconds after which a person wants to know how long it has been. */
const SLOW_MS = 2000;

/**
 * What stands below the scrolled lines: a line per host as long as there is room, else a line per task with its hosts, and
 * the state of the play. Only the last line moves by itself, so that a repaint is small.
 */
export function liveLines(work: AtWork, room: number, now: number): readonly Line[] {
  const { busy } = work;
  if (busy.length === 0) return [];
  const most = Math.max(0, room - 1);
  const lines = busy.length <= most ? perHost(busy, now) : perTask(work, busy, most, now);
  return [...lines, statusLine(work, busy, now)];
}

function perHost(busy: readonly Busy[], now: number): readonly Line[] {
  const width = Math.max(...busy.map(({ host }) => host.length));
  return busy
    .toSorted((a, b) => (a.host < b.host ? -1 : 1))
    .map((at) => prose(2, span(at.host.padEnd(width), 'bold'), span(`  ${taskName(at.task)}`), ...tail(at, now)));
}

function perTask(work: AtWork, busy: readonly Busy[], most: number, now: number): readonly Line[] {
  const groups = byTask(busy);
  const isCut = groups.length > most;
  // The slowest are what a person waits for.
  const shown = isCut ? groups.slice(0, Math.max(0, most - 1)) : groups;
  const lines = shown.map((group) => taskLine(group, work.counts.hosts, now));
  const rest = groups.length - shown.length;
  return isCut && most > 0 ? [...lines, prose(2, span(`… and ${rest} more tasks`, 'dim'))] : lines;
}

function taskLine([longest, ...others]: readonly [Busy, ...Busy[]], total: number, now: number): Line {
  const hosts = [longest, ...others].map(({ host }) => host);
  const note = longest.note === '' || others.length === 0 ? longest.note : `${longest.host}: ${longest.note}`;
  const names = hosts.length === total ? '' : `  ${hostNames(hosts, total)}`;
  return prose(
    2,
    span(taskName(longest.task), 'bold'),
    span(`  ${hostCount(hosts.length)}`),
    span(names, 'dim'),
    ...tail({ ...longest, note }, now),
  );
}

function tail({ since, note }: Busy, now: number): readonly Span[] {
  const seconds = now - since < SLOW_MS ? '' : `  ${Math.floor((now - since) / 1000)} s`;
  return [span(seconds, 'changed'), span(note === '' ? '' : `  ${note}`, 'dim')];
}

function statusLine(work: AtWork, busy: readonly Busy[], now: number): Line {
  const { hosts, left, failed } = work.counts;
  const spin = SPINNER[Math.floor(now / SPIN_MS) % SPINNER.length] ?? '';
  const words = [`${busy.length} at work`, `${left - failed} of ${hosts} hosts done`];
  const bad = failed > 0 ? [span(`, ${failed} failed`, 'failed')] : [];
  return prose(
    0,
    span(`${spin} ${words.join(', ')}`, 'dim'),
    ...bad,
    span(`  ${duration(now - work.startedAt)}`, 'dim'),
  );
}
