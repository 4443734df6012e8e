import type { Event, Reporter } from '../contract/event.ts';
import { capped } from './capped.ts';
import { plainJson } from './plain-json.ts';
import type { Sink } from './sink.ts';

/** One event a line, for machines (docs/events.md). Control characters are escaped by JSON itself. */
export function jsonLinesReporter(sink: Sink): Reporter {
  return {
    on: (event: Event) => sink.write(`${plainJson(capped(event))}\n`),
    close: () => sink.close(),
  };
}

/** The line that stands for events a reader was too slow for. */
export function jsonGap(events: number): string {
  return `${plainJson({ type: 'notice', at: 0, severity: 'warning', text: `${events} events were left out because nobody read them` })}\n`;
}
