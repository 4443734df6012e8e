/** JSON of anything an event may hold; what JSON has no words for stays recognisable. */
export function plainJson(value: unknown): string {
  return JSON.stringify(value, plainValue) ?? 'null';
}

function plainValue(_: string, value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString();
  if (value instanceof Uint8Array) return new TextDecoder().decode(value);
  if (value instanceof Map) return Object.fromEntries(value);
  if (value instanceof Set) return [...value];
  return typeof value === 'symbol' || typeof value === 'function' ? null : value;
}
