/** A JSON object as Nova's pci options hold it. */
export type JsonObject = Readonly<Record<string, unknown>>;

/**
 * Parses the JSON of an option value; undefined when Nova could not. oslo.config turns `$$` and `\$` into `$` first,
 * and a lone `$name` into that option's value, which only Nova knows.
 */
export function readJson(value: string): unknown {
  const text = value.replace(/\$\$|\\\$/g, '$');
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

/** One line, keys in the order given, `$` doubled for oslo.config. */
export function writeJson(value: unknown): string {
  return spaced(value).replaceAll('$', '$$$$');
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
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

/** The object without keys that were left out. */
export function defined(item: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(item).filter(([, value]) => value !== undefined));
}
