/** What a host or a user wrote, for a message: one line, control characters visible, not longer than `limit`. */
export function printable(text: string | Uint8Array, limit = 300): string {
  const raw = typeof text === 'string' ? text : Buffer.from(text.subarray(0, limit * 4)).toString('utf8');
  const line = raw
    .trim()
    .replaceAll(/\s*[\r\n]+\s*/g, ' / ')
    .replaceAll(UNPRINTABLE, escape);
  return line.length > limit ? `${line.slice(0, limit)}…` : line;
}

/** C0, C1, bidirectional and zero-width characters: they can forge or hide what a terminal shows. */
// oxlint-disable-next-line no-control-regex
const UNPRINTABLE = /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;

function escape(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
