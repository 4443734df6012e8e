/** What a shell, and a person, reads as it stands. */
const PLAIN = /^[\w/.:,@%+][\w/.:,@%+=-]*$/;
/** What it reads as it stands between double quotes. */
const QUOTABLE = /^[\w/.:,@%+=\- ]*$/;

/**
 * A name from a host, an API or the inventory as one word of a command that somebody will paste into a shell.
 * @example shellWord('GPU a100') // "'GPU a100'"
 */
export function shellWord(name: string): string {
  return PLAIN.test(name) ? name : singleQuoted(name);
}

/** The same for a value that people are used to see in double quotes. @example quotedWord('a100:1') // '"a100:1"' */
export function quotedWord(value: string): string {
  return QUOTABLE.test(value) ? `"${value}"` : singleQuoted(value);
}

function singleQuoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
