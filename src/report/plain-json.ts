/** JSON of anything an event may hold; what JSON has no words for stays recognisable. */
export function plainJson(value: unknown): string {
  // A replacer is called for every member; nearly no event needs one.
  return (isPlain(value) ? JSON.stringify(value) : JSON.stringify(value, plainValue)) ?? 'null';
}

function isPlain(value: unknown): boolean {
  switch (typeof value) {
    case 'bigint':
    case 'symbol':
    case 'function':
      return false;
    case 'object':
      return value === null || isPlainContainer(value);
    default:
      return true;
  }
}

function isPlainContainer(value: object): boolean {
  if (Array.isArray(value)) return value.every(isPlain);
  if (value instanceof Uint8Array || value instanceof Map || value instanceof Set) return false;
  for (const name in value) if (!isPlain((value as Readonly<Record<string, unknown>>)[name])) return false;
  return true;
}

function plainValue(_: string, value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString();
  if (value instanceof Uint8Array) return new TextDecoder().decode(value);
  if (value instanceof Map) return Object.fromEntries(value);
  if (value instanceof Set) return [...value];
  return typeof value === 'symbol' || typeof value === 'function' ? null : value;
}
