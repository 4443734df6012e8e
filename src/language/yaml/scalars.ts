/**
 * Types of plain scalars as PyYAML's safe loader gives them, i.e. YAML 1.1 (https://yaml.org/type/) without `y` and `n`;
 * dates stay text because nothing in a playbook wants a date.
 */
export type Plain = string | number | boolean | null;

/** Thrown for an integer that a number cannot hold exactly. */
export class InexactIntegerError extends Error {
  override name = 'InexactIntegerError';
}

const booleans: ReadonlyMap<string, boolean> = new Map(
  ['yes', 'true', 'on', 'no', 'false', 'off'].flatMap((word, index) => {
    const capitalised = word.charAt(0).toUpperCase() + word.slice(1);
    return [word, capitalised, word.toUpperCase()].map((form): [string, boolean] => [form, index < 3]);
  }),
);
const nulls: ReadonlySet<string> = new Set(['', '~', 'null', 'Null', 'NULL']);
const integer = /^[-+]?(?:0b[01_]+|0[0-7_]+|0x[0-9a-fA-F_]+|0|[1-9][0-9_]*(?::[0-5]?[0-9])*)$/;
const float =
  /^(?:[-+]?[0-9][0-9_]*\.[0-9_]*(?:[eE][-+][0-9]+)?|\.[0-9][0-9_]*(?:[eE][-+][0-9]+)?|[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+\.[0-9_]*)$/;
const infinity = /^[-+]?\.(?:inf|Inf|INF)$/;
const notANumber = /^\.(?:nan|NaN|NAN)$/;

/**
 * @throws {@link InexactIntegerError}
 * @example resolvePlain('0644') // 420
 * @example resolvePlain('1e3') // '1e3'
 */
export function resolvePlain(text: string): Plain {
  if (nulls.has(text)) return null;
  return booleans.get(text) ?? asNumber(text) ?? text;
}

/** For `!!bool`: undefined when the text is none of YAML 1.1's words. */
export function asBoolean(text: string): boolean | undefined {
  return booleans.get(text);
}

/** A number, or undefined when the text is not one. */
export function asNumber(text: string): number | undefined {
  if (!/^[-+.0-9]/.test(text)) return undefined;
  if (integer.test(text)) return toInteger(text);
  if (float.test(text)) return toFloat(text);
  if (infinity.test(text)) return signOf(text) * Number.POSITIVE_INFINITY;
  return notANumber.test(text) ? Number.NaN : undefined;
}

function toInteger(text: string): number | undefined {
  const digits = text.replaceAll('_', '').replace(/^[-+]/, '');
  const value = digits.includes(':') ? sexagesimal(digits) : Number(withRadix(digits));
  if (Number.isNaN(value)) return undefined;
  if (!Number.isSafeInteger(value)) throw new InexactIntegerError(`${text} is too large for an exact number`);
  // `0 *` keeps -0 out: PyYAML has only one zero.
  return value === 0 ? 0 : signOf(text) * value;
}

function withRadix(digits: string): string {
  return /^0[0-7]+$/.test(digits) ? `0o${digits.slice(1)}` : digits;
}

function toFloat(text: string): number {
  const digits = text.replaceAll('_', '').replace(/^[-+]/, '');
  return signOf(text) * (digits.includes(':') ? sexagesimal(digits) : Number(digits));
}

function sexagesimal(digits: string): number {
  return digits.split(':').reduce((total, part) => total * 60 + Number(part), 0);
}

function signOf(text: string): number {
  return text.startsWith('-') ? -1 : 1;
}
