/** A JSON object as Nova's pci options hold it. */
export type JsonObject = Readonly<Record<string, unknown>>;

// As Python's string.Template with oslo.config's own pattern for names.
const DOLLAR = /\$(?:(\$)|([_a-z][._a-z0-9]*)|\{([_a-z][._a-z0-9]*)\})?/gi;

/** Other options a value names: oslo.config puts their values in place of `$name` and `${name}`. */
export function references(value: string): readonly string[] {
  const found = [...doubled(value).matchAll(DOLLAR)];
  return found.flatMap(([, , named, braced]) => named ?? braced ?? []);
}

/**
 * What a service gets to see of a value: `$$` and `\$` stand for `$`, and a `$` before anything but a name for itself.
 * Undefined when it names another option, whose value only Nova knows.
 *
 * Source: oslo.config `cfg.ConfigOpts._substitute`.
 */
export function literalOf(value: string): string | undefined {
  return references(value).length > 0 ? undefined : doubled(value).replace(DOLLAR, () => '$');
}

const doubled = (value: string): string => value.replaceAll('\\$', () => '$$');

/** Parses the JSON of an option value; undefined when Nova could not. */
export function readJson(value: string): unknown {
  const text = literalOf(value);
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Objects of a value that is an object or a list of objects. */
export function readObjects(value: string): readonly JsonObject[] | undefined {
  const json = readJson(value);
  const items = Array.isArray(json) ? json : [json];
  return items.every(isObject) ? items : undefined;
}

/** One line, keys in the order given, `$` doubled for oslo.config, to which a backslash before it would mean the same. */
export function writeJson(value: unknown): string {
  return spaced(value).replace(/\$/g, (_dollar, at: number, text: string) =>
    text[at - 1] === '\\' ? '\\u0024' : '$$',
  );
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Why a value is not JSON, as the end of a sentence; empty where nothing more can be said. */
export function notJson(value: string): string {
  const [name] = references(value);
  if (name !== undefined) return `: it names the option ${name} by \`$\`; for the character itself write \`$$\``;
  const pasted = pastedCharacter(value);
  return pasted ? `: it holds ${pasted}` : '';
}

/** What is wrong with a text in which only plain ASCII quotes belong; undefined when nothing is. */
export function pastedCharacter(text: string): string | undefined {
  const odd = /[^\t\n\x20-\x7e]/.exec(text)?.[0];
  if (odd === undefined) return undefined;
  const code = `U+${(odd.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`;
  return /[\u2018-\u201f]/.test(odd) ? `a typographic quote (${code}) pasted from a document` : `the character ${code}`;
}

function spaced(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(spaced).join(', ')}]`;
  if (!isObject(value)) return JSON.stringify(value);
  const pairs = Object.entries(value).filter(([, one]) => one !== undefined);
  return `{${pairs.map(([key, one]) => `${JSON.stringify(key)}: ${spaced(one)}`).join(', ')}}`;
}

/** Source: oslo.utils `strutils.bool_from_string`, with `strict`. */
export function strictBooleanOf(value: unknown): boolean | undefined {
  if (typeof value === 'boolean') return value;
  const text = String(value).trim().toLowerCase();
  if (['1', 't', 'true', 'on', 'y', 'yes'].includes(text)) return true;
  return ['0', 'f', 'false', 'off', 'n', 'no'].includes(text) ? false : undefined;
}

/** The object without keys that were left out. */
export function defined(item: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(item).filter(([, value]) => value !== undefined));
}
