/**
 * Control (Cc), format (Cf: bidi, zero-width, tags), lone surrogates, private use, line and paragraph separators, and the
 * fillers that look like nothing. Tab and newline are let through.
 */
const UNPRINTABLE = /(?![\t\n])[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0]/gu;
const PRINTABLE_ASCII = /^[\x20-\x7e\t\n]*$/;

/**
 * Text from a host or a file, made safe to show: control characters become visible escapes, so that no host can move the
 * cursor, rename the window, fill the clipboard, reorder a line or forge one (CVE-2021-25743 class, Trojan Source).
 * Carriage returns before newlines are dropped.
 * @example printable('ok\u001b[2J') // 'ok\\e[2J'
 */
export function printable(text: string): string {
  if (PRINTABLE_ASCII.test(text)) return text;
  return text.replaceAll('\r\n', '\n').replace(UNPRINTABLE, (character) => escaped(character.codePointAt(0) ?? 0));
}

function escaped(code: number): string {
  if (code === 0x1b) return '\\e';
  if (code === 0x0d) return '\\r';
  if (code < 0x100) return `\\x${code.toString(16).padStart(2, '0')}`;
  return code > 0xffff ? `\\u{${code.toString(16)}}` : `\\u${code.toString(16).padStart(4, '0')}`;
}

/** The same on one line. */
export function printableLine(text: string): string {
  return printable(text).replaceAll('\n', '\\n').replaceAll('\t', '  ');
}
