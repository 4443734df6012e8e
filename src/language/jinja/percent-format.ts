import { repr, toText } from './python-repr.ts';
import { Float, ValueFault, isMapping, isNumber, mappingEntries, typeName, Tuple } from './values.ts';

const DIRECTIVE = /%(?:\(([^)]*)\))?([-+ 0#]*)(\*|\d+)?(?:\.(\*|\d+))?[hlL]?([diouxXeEfFgGcrsa%])/g;
const MAX_WIDTH = 10_000;

interface Directive {
  readonly key: string | undefined;
  readonly flags: string;
  readonly width: string | undefined;
  readonly precision: string | undefined;
  readonly type: string;
}

/** Python's `text % values`. */
export function percentFormat(text: string, values: unknown): string {
  const queue = values instanceof Tuple ? [...values] : [values];
  const mapping = isMapping(values) ? new Map(mappingEntries(values)) : undefined;
  let used = 0;
  const take = (): unknown => {
    if (used >= queue.length) throw new ValueFault('not enough arguments for the format string');
    return queue[used++];
  };
  const result = text.replace(DIRECTIVE, (...match: (string | undefined)[]) => {
    const [, key, flags = '', width, precision, type = 's'] = match;
    if (type === '%') return '%';
    const star = (part: string | undefined): string | undefined => (part === '*' ? String(take()) : part);
    const directive = { key, flags, width: star(width), precision: star(precision), type };
    return convert(directive, key === undefined ? take() : keyed(mapping, key));
  });
  if (!mapping && used < queue.length) throw new ValueFault('not all arguments were used by the format string');
  return result;
}

function keyed(mapping: ReadonlyMap<unknown, unknown> | undefined, key: string): unknown {
  if (!mapping?.has(key)) throw new ValueFault(`the format string needs a dict with the key '${key}'`);
  return mapping.get(key);
}

function convert(directive: Directive, value: unknown): string {
  const text = 'srac'.includes(directive.type) ? textDirective(directive, value) : numberDirective(directive, value);
  const width = Number(directive.width ?? 0);
  if (width > MAX_WIDTH) throw new ValueFault(`format width ${width} is too large`);
  if (directive.flags.includes('-')) return text.padEnd(width);
  const isNumeric = !'srac'.includes(directive.type);
  return directive.flags.includes('0') && isNumeric ? zeroPadded(text, width) : text.padStart(width);
}

export function zeroPadded(text: string, width: number): string {
  const sign = /^[+-]/.exec(text)?.[0] ?? '';
  return sign + text.slice(sign.length).padStart(width - sign.length, '0');
}

function textDirective({ type, precision }: Directive, value: unknown): string {
  const text = type === 'r' || type === 'a' ? repr(value) : toText(value);
  return precision === undefined ? text : [...text].slice(0, Number(precision)).join('');
}

function numberDirective({ type, flags, precision }: Directive, value: unknown): string {
  const text = numberText(type, value, precision === undefined ? undefined : Number(precision), flags.includes('#'));
  const sign = flags.includes('+') ? '+' : flags.includes(' ') ? ' ' : '';
  return text.startsWith('-') ? text : sign + text;
}

function numeric(value: unknown): number | bigint {
  if (typeof value === 'boolean') return Number(value);
  if (!isNumber(value)) throw new ValueFault(`a number is required, not ${typeName(value)}`);
  return value instanceof Float ? value.value : value;
}

const RADIX: Readonly<Record<string, readonly [number, string]>> = {
  x: [16, '0x'],
  X: [16, '0X'],
  o: [8, '0o'],
  b: [2, '0b'],
};

/** One number in the notation of `d`, `x`, `e`, `f` or `g`. */
export function numberText(type: string, value: unknown, precision: number | undefined, isAlternate: boolean): string {
  const number = numeric(value);
  if ('eEfFgG'.includes(type))
    return floatNotation(type, Number(number), { digits: Math.min(precision ?? 6, 100), isAlternate });
  const whole = typeof number === 'bigint' ? number : BigInt(Math.trunc(number));
  const [radix, prefix] = RADIX[type] ?? [10, ''];
  const digits = (whole < 0n ? -whole : whole).toString(radix).padStart(precision ?? 0, '0');
  const cased = type === 'X' ? digits.toUpperCase() : digits;
  return `${whole < 0n ? '-' : ''}${isAlternate ? prefix : ''}${cased}`;
}

function floatNotation(
  type: string,
  value: number,
  { digits, isAlternate }: { readonly digits: number; readonly isAlternate: boolean },
): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'nan' : value > 0 ? 'inf' : '-inf';
  const lower = type.toLowerCase();
  const text =
    lower === 'f'
      ? value.toFixed(digits)
      : lower === 'e'
        ? exponent(value, digits)
        : general(value, digits, isAlternate);
  return type === lower ? text : text.toUpperCase();
}

function exponent(value: number, digits: number): string {
  return value.toExponential(digits).replace(/e([+-])(\d)$/, 'e$10$2');
}

function general(value: number, digits: number, isAlternate: boolean): string {
  const precision = digits === 0 ? 1 : digits;
  const power = value === 0 ? 0 : Number(value.toExponential(precision - 1).split('e')[1]);
  const isLarge = power < -4 || power >= precision;
  const text = isLarge ? exponent(value, precision - 1) : value.toFixed(Math.max(0, precision - 1 - power));
  if (isAlternate || !text.includes('.')) return text;
  return text.replace(/\.?0+(e|$)/, '$1');
}
