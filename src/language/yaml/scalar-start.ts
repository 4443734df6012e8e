import { SCALAR_STYLE, type ScalarEvent } from 'js-yaml';

/**
 * The offset of the first character of a scalar, its tag, anchor, quote or block sign included.
 *
 * @param cursor end of the token before it
 */
export function scalarStart(text: string, cursor: number, event: ScalarEvent): number {
  if (event.tagStart !== -1 || event.anchorStart !== -1) {
    const starts = [event.tagStart, event.anchorStart === -1 ? -1 : event.anchorStart - 1];
    return Math.min(...starts.filter((start) => start !== -1));
  }
  if (event.valueStart === -1) return cursor;
  if (event.style === SCALAR_STYLE.PLAIN) return event.valueStart;
  if (event.style === SCALAR_STYLE.SINGLE_QUOTED || event.style === SCALAR_STYLE.DOUBLE_QUOTED)
    return event.valueStart - 1;
  return blockStart(text, cursor, event.valueStart);
}

/** The `|` or `>` ends the last line before the text that has one; comments after it may not hide it. */
function blockStart(text: string, cursor: number, valueStart: number): number {
  const between = text.slice(cursor, valueStart);
  const sign = /[|>][-+0-9]*[ \t]*(?:#.*)?\r?\n/.exec(between);
  return cursor + (sign?.index ?? between.length);
}
