import type { Event, Reporter } from '../contract/event.ts';
import { capped, LARGEST_VALUE } from './capped.ts';
import { plainJson } from './plain-json.ts';
import type { Sink } from './sink.ts';

/** One event a line, for machines (docs/events.md). Control characters are escaped by JSON itself. */
export function jsonLinesReporter(sink: Sink): Reporter {
  return {
    on: (event: Event) => sink.write(`${inert(lineOf(event))}\n`),
    close: () => sink.close(),
  };
}

/** No value is longer than the line that holds it. */
function lineOf(event: Event): string {
  const line = plainJson(event);
  return line.length <= LARGEST_VALUE ? line : plainJson(capped(event));
}

/** JSON leaves these as they are, and a terminal that the lines end up on obeys them: DEL, C1, zero-width and bidi. */
const OBEYED = /[\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g;

export function inert(json: string): string {
  return json.replace(OBEYED, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** The line that stands for events a reader was too slow for. */
export function jsonGap(events: number): string {
  return `${plainJson({ type: 'notice', at: 0, severity: 'warning', text: `${events} events were left out because nobody read them` })}\n`;
}
