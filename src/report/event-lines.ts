import type { Event } from '../contract/event.ts';
import { formatProblem } from '../contract/problem.ts';
import { hostCount, hostNames } from './host-names.ts';
import { EMPTY, type Line, prose, span, type Style, verbatim } from './line.ts';

/** What an event says by itself, apart from tasks' results and the recap. */
export function eventLines(
  event: Event,
  view: { readonly verbosity: number; readonly isCheck: boolean },
): readonly Line[] {
  switch (event.type) {
    case 'problem.found':
      return textLines(formatProblem(event.problem), event.problem.severity === 'error' ? 'failed' : 'unknown');
    case 'play.started':
      return [
        EMPTY,
        prose(
          0,
          span(`PLAY [${event.name}]`, 'bold'),
          span(`  ${hostCount(event.hosts.length)}`),
          ...(view.isCheck ? [span('  check mode: nothing is changed', 'dim')] : []),
        ),
      ];
    case 'batch.started':
      return [
        EMPTY,
        prose(0, span(`BATCH ${event.number} of ${event.of}`, 'bold'), span(`  ${hostNames(event.hosts, 0)}`)),
      ];
    case 'play.finished':
      return event.reason === undefined ? [] : [EMPTY, prose(0, span(`Play ended: ${event.reason}`, 'unknown'))];
    case 'stop.requested':
      return [EMPTY, prose(0, span(event.hard ? STOP_NOW : STOP_SOON, 'unknown'))];
    case 'notice':
      return textLines(
        `${event.severity === 'warning' ? 'warning: ' : ''}${event.text}`,
        event.severity === 'warning' ? 'unknown' : 'dim',
      );
    default:
      return view.verbosity > 0 ? liveLines(event) : [];
  }
}

const STOP_SOON = 'Stopping after the task each host is in. Ctrl-C again stops now.';
const STOP_NOW = 'Stopping now. What running tasks did is unknown; run again to find out.';

/** What a running task says, with -v; otherwise it stands in the sign of life. */
function liveLines(event: Event): readonly Line[] {
  switch (event.type) {
    case 'task.progress':
      return [prose(2, span(`… ${event.host}: ${event.text}`, 'dim'))];
    case 'task.retried':
      return [
        prose(
          2,
          span(`… ${event.host}: ${event.task.name}: try ${event.attempt} failed, ${event.retriesLeft} left`, 'dim'),
        ),
      ];
    case 'task.output': {
      const mark = event.stream === 'stderr' ? '!' : '|';
      return linesOf(event.text).map((line) => verbatim(2, span(`${mark} ${event.host}: `, 'dim'), span(line)));
    }
    default:
      return [];
  }
}

function textLines(text: string, style: Style): readonly Line[] {
  return text.split('\n').map((line, index) => prose(index > 0 ? 4 : 0, span(line, style)));
}

function linesOf(text: string): readonly string[] {
  return text.split(/[\r\n]+/).filter((line) => line !== '');
}
