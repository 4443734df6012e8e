import { ValueFault, EngineObject, Float, Tuple, Undefined, isMapping, mappingEntries, strict } from './values.ts';

const MAX_DEPTH = 200;

/** Python's `str()`: what `{{ value }}` prints inside text. */
export function toText(value: unknown): string {
  if (typeof value === 'string') return value;
  return repr(value);
}

/** Python's `repr()`. */
export function repr(value: unknown, depth = 0): string {
  switch (typeof value) {
    case 'string':
      return quoted(value);
    case 'boolean':
      return value ? 'True' : 'False';
    case 'number':
      return numberText(value);
    case 'bigint':
      return value.toString();
    default:
      return value === null || value === undefined ? 'None' : objectRepr(value, depth);
  }
}

function objectRepr(value: object, depth: number): string {
  if (value instanceof Undefined) return repr(strict(value));
  if (value instanceof Float) return floatText(value.value);
  // A list that contains itself would never end.
  if (depth > MAX_DEPTH) return '...';
  if (value instanceof Tuple) return `(${items(value, depth)}${value.length === 1 ? ',' : ''})`;
  if (Array.isArray(value)) return `[${items(value, depth)}]`;
  if (isMapping(value)) return `{${pairs(value, depth)}}`;
  if (value instanceof EngineObject) return `<${value.typeName}>`;
  if (value instanceof Date) return value.toISOString();
  // A Secret would print its mask, and a configuration file full of asterisks breaks a host later.
  throw new ValueFault('an opaque value, such as a secret, cannot be part of a text; use it as a whole value');
}

function items(list: readonly unknown[], depth: number): string {
  return Array.from(list, (item) => repr(item, depth + 1)).join(', ');
}

function pairs(value: Parameters<typeof mappingEntries>[0], depth: number): string {
  return mappingEntries(value)
    .map(([key, item]) => `${repr(key, depth + 1)}: ${repr(item, depth + 1)}`)
    .join(', ');
}

function numberText(value: number): string {
  return Number.isInteger(value) ? integerText(value) : floatText(value);
}

function integerText(value: number): string {
  return Math.abs(value) < 1e21 ? String(value) : BigInt(value).toString();
}

/** Python's shortest float form: exponent below 1e-4 and from 1e16, always with a point or an exponent. */
export function floatText(value: number): string {
  if (Number.isNaN(value)) return 'nan';
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf';
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-4 || size >= 1e16)) return exponentText(value);
  const text = String(value === 0 && Object.is(value, -0) ? '-0' : value);
  if (text.includes('e')) return value.toFixed(7 + 12).replace(/0+$/, '');
  return text.includes('.') ? text : `${text}.0`;
}

function exponentText(value: number): string {
  return value.toExponential().replace(/e([+-])(\d)$/, 'e$10$2');
}

function quoted(text: string): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
  const pattern =
    quote === "'"
      ? /['\\\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]|[^\P{Zs} ]/gu
      : /[\\\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]|[^\P{Zs} ]/gu;
  return `${quote}${text.replace(pattern, escaped)}${quote}`;
}

const SHORT: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t', '\\': '\\\\', "'": "\\'" };

function escaped(character: string): string {
  const short = SHORT[character];
  if (short) return short;
  const code = character.codePointAt(0) ?? 0;
  if (code < 0x100) return `\\x${code.toString(16).padStart(2, '0')}`;
  return code < 0x10000 ? `\\u${code.toString(16).padStart(4, '0')}` : `\\U${code.toString(16).padStart(8, '0')}`;
}
