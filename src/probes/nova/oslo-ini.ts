/** One assignment as oslo.config understands it; lines count from 1. */
export interface OsloEntry {
  readonly section: string;
  readonly key: string;
  /** Continuation lines are joined with `\n`; outer matching quotes of the first line are gone. */
  readonly value: string;
  readonly line: number;
  readonly lastLine: number;
}

export interface OsloHeader {
  readonly name: string;
  readonly line: number;
}

/** The one mistake at which oslo.config stops reading, and the service with it. */
export interface OsloFault {
  readonly line: number;
  readonly message: string;
  /** The key of the value that was being read, where there was one. */
  readonly after?: string;
}

export interface OsloFile {
  readonly entries: readonly OsloEntry[];
  readonly headers: readonly OsloHeader[];
  readonly fault?: OsloFault;
}

interface Open {
  readonly key: string;
  readonly line: number;
  readonly values: string[];
}

/**
 * Reads a Nova configuration file the way oslo.config's own parser does, with the line of every value.
 * It is not the INI of other tools: `:` also assigns, indentation continues a value (comments included), a blank line
 * or comment ends it, and an indented first key is an error.
 *
 * Source: oslo.config `oslo_config/iniparser.py` and `cfg.ConfigParser` (behaviour; own code).
 * @example parseOslo('[pci]\nalias = {"name":"a"}\n').entries[0]?.value // '{"name":"a"}'
 */
export function parseOslo(text: string): OsloFile {
  const reader = new Reader();
  try {
    splitLines(text).forEach((line, index) => {
      reader.line(line.replace(/[\r\n]+$/, ''), index + 1);
    });
    reader.flush();
  } catch (error) {
    if (!(error instanceof Stop)) throw error;
    return { entries: reader.entries, headers: reader.headers, fault: error.fault };
  }
  return { entries: reader.entries, headers: reader.headers };
}

/** Lines with their ends; `\r\n`, `\n` and a lone `\r` all end one, as in Python's text mode. */
export function splitLines(text: string): readonly string[] {
  return text.match(/[^\r\n]*(?:\r\n|\n|\r)|[^\r\n]+$/g) ?? [];
}

/** oslo.config folds the case of group names except `DEFAULT`: `[default]` is another group. */
export function normalSection(name: string): string {
  return name === 'DEFAULT' ? name : name.toLowerCase();
}

class Stop extends Error {
  readonly fault: OsloFault;
  constructor(fault: OsloFault) {
    super(fault.message);
    this.fault = fault;
  }
}

class Reader {
  readonly entries: OsloEntry[] = [];
  readonly headers: OsloHeader[] = [];
  #section: string | undefined;
  #open: Open | undefined;
  #lastLine = 0;
  #lastKey: string | undefined;

  line(raw: string, number: number): void {
    const line = trimEnd(raw);
    if (line === '') this.flush();
    else if (/^[ \t]/.test(line)) this.#continue(line, number);
    else this.#statement(line, number);
  }

  flush(): void {
    const open = this.#open;
    if (!open) return;
    this.#open = undefined;
    if (this.#section === undefined) throw this.#stop(open.line, 'a value stands before the first [section]');
    const value = open.values.join('\n');
    this.entries.push({ section: this.#section, key: open.key, value, line: open.line, lastLine: this.#lastLine });
  }

  #continue(line: string, number: number): void {
    if (!this.#open) throw this.#stop(number, 'an indented line continues a value, but none is open here');
    this.#open.values.push(trimStart(line));
    this.#lastLine = number;
  }

  #statement(line: string, number: number): void {
    this.flush();
    if (line.startsWith('[')) this.#header(line, number);
    else if (!/^[#;]/.test(line)) this.#assign(line, number);
  }

  #header(line: string, number: number): void {
    if (!line.endsWith(']')) throw this.#stop(number, 'a section line must end with ]');
    if (line.length <= 2) throw this.#stop(number, 'a section needs a name');
    this.#section = line.slice(1, -1);
    this.#lastKey = undefined;
    this.headers.push({ name: this.#section, line: number });
  }

  #assign(line: string, number: number): void {
    const at = line.search(/[:=]/);
    if (at < 0) throw this.#stop(number, "no ':' or '=' in the line");
    const key = trim(line.slice(0, at));
    if (key === '') throw this.#stop(number, 'a value without a key');
    this.#open = { key, line: number, values: [unquote(trim(line.slice(at + 1)))] };
    this.#lastLine = number;
    this.#lastKey = key;
  }

  #stop(line: number, message: string): Stop {
    return new Stop({ line, message, ...(this.#lastKey === undefined ? {} : { after: this.#lastKey }) });
  }
}

/** A lone quote character is stripped too: upstream compares the first character with the last. */
function unquote(value: string): string {
  return /^["']/.test(value) && value[0] === value.at(-1) ? value.slice(1, -1) : value;
}

// Python's str.isspace(), which differs from JavaScript's: U+FEFF is not in it, U+001C to U+001F and U+0085 are.
const SPACE = '[\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]+';
const LEADING = new RegExp(`^${SPACE}`);
const TRAILING = new RegExp(`${SPACE}$`);

const trimStart = (text: string): string => text.replace(LEADING, '');
const trimEnd = (text: string): string => text.replace(TRAILING, '');

/** Python's `strip()`. */
export const trim = (text: string): string => trimStart(trimEnd(text));
