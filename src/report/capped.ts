import type { Event } from '../contract/event.ts';
import type { ItemResult, Result } from '../contract/result.ts';
import { plainJson } from './plain-json.ts';

/** Characters of one value from a host; a run over many hosts must stay a file that can be read. */
export const LARGEST_VALUE = 64 * 1024;

/** The event with each value, text and diff from a host cut to {@link LARGEST_VALUE}. */
export function capped(event: Event): Event {
  switch (event.type) {
    case 'task.output':
    case 'task.progress':
    case 'notice':
      return { ...event, text: cut(event.text) };
    case 'task.retried':
    case 'task.finished':
      return { ...event, result: cappedResult(event.result) };
    case 'item.finished':
      return { ...event, result: cappedItem(event.result) };
    default:
      return event;
  }
}

function cappedResult(result: Result): Result {
  return {
    ...result,
    message: result.message === undefined ? undefined : cut(result.message),
    diffs: result.diffs.map((diff) =>
      diff.kind === 'text'
        ? { ...diff, before: diff.before && cut(diff.before), after: diff.after && cut(diff.after) }
        : diff,
    ),
    values: Object.fromEntries(Object.entries(result.values).map(([name, value]) => [name, cappedValue(value)])),
    items: result.items?.map(cappedItem),
  };
}

function cappedItem(item: ItemResult): ItemResult {
  return { ...cappedResult(item), label: cut(item.label) };
}

/** A structure that is too large is replaced by the beginning of its JSON text: half a structure would look like a whole. */
function cappedValue(value: unknown): unknown {
  if (typeof value === 'string') return cut(value);
  if (typeof value !== 'object' || value === null) return value;
  const text = plainJson(value);
  return text.length > LARGEST_VALUE
    ? { truncated: true, characters: text.length, beginning: text.slice(0, LARGEST_VALUE) }
    : value;
}

/** Keeps both ends: what was asked stands first, what went wrong last. */
function cut(text: string): string {
  if (text.length <= LARGEST_VALUE) return text;
  const half = LARGEST_VALUE / 2;
  return `${text.slice(0, half)}\n… ${text.length - LARGEST_VALUE} characters left out …\n${text.slice(-half)}`;
}
