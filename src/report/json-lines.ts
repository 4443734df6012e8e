import type { Event, Reporter } from '../contract/event.ts';
import type { Sink } from './printable.ts';

/** One event a line, for machines. Control characters are escaped by JSON itself. */
export function jsonLinesReporter(sink: Sink): Reporter {
  return {
    on: (event: Event) => sink.write(`${JSON.stringify(event, plainValues)}\n`),
    close: () => sink.close(),
  };
}

/** Values JSON has no words for. Text that is not valid Unicode stays recognisable. */
function plainValues(_: string, value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString();
  if (value instanceof Uint8Array) return new TextDecoder().decode(value);
  if (typeof value === 'symbol') return null;
  return value;
}
