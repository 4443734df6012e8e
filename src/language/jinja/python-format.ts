import { lookUp } from './access.ts';
import { MAX_TEXT } from './operators.ts';
import { numberText, zeroPadded } from './percent-format.ts';
import { repr, toText } from './python-repr.ts';
import { ValueFault, isFloat, isNumber, strict, typeName, type Dict } from './values.ts';

const FIELD = /\{\{|\}\}|\{([^{}:!]*)(?:!([rsa]))?(?::((?:[^{}]|\{[^{}]*\})*))?\}|[{}]/g;

/** Python's `text.format(…)`. Fields reach own members of dicts and items of lists only. */
export function formatText(text: string, args: readonly unknown[], kwargs: Dict): string {
  let automatic = 0;
  const fieldValue = (name: string): unknown => {
    const [head = '', ...rest] = name.match(/^[^.[]*|\.[^.[]+|\[[^\]]*\]/g) ?? [];
    const root = head === '' ? args[automatic++] : /^\d+$/.test(head) ? args[Number(head)] : lookUp(kwargs, head);
    return rest.reduce((object, part) => step(object, part, name), found(root, name));
  };
  return text.replace(FIELD, (all, name?: string, conversion?: string, spec = '') => {
    if (all === '{{' || all === '}}') return all.slice(1);
    if (name === undefined) throw new ValueFault(`single '${all}' in the format string`);
    const value = fieldValue(name);
    const nested = spec.replace(/\{([^{}]*)\}/g, (_: string, inner: string) => toText(fieldValue(inner)));
    return formatValue(conversion === undefined ? value : conversion === 's' ? toText(value) : repr(value), nested);
  });
}

function found(value: unknown, name: string): unknown {
  if (value === undefined) throw new ValueFault(`the format string asks for '{${name}}', which was not given`);
  return strict(value);
}

function step(object: unknown, part: string, name: string): unknown {
  const key = part.startsWith('.') ? part.slice(1) : part.slice(1, -1);
  return found(lookUp(object, /^\d+$/.test(key) && !part.startsWith('.') ? Number(key) : key), name);
}

const SPEC = /^(?:([^])?([<>=^]))?([-+ ])?(#)?(0)?(\d+)?([,_])?(?:\.(\d+))?([bcdeEfFgGnosxX%])?$/u;

/** Python's `format(value, spec)`. */
export function formatValue(value: unknown, spec: string): string {
  if (spec === '') return toText(value);
  const match = SPEC.exec(spec);
  if (!match) throw new ValueFault(`'${spec}' is not a format specification`);
  const [, fill, align, sign, alternate, zero, width = '0', group, precision, type] = match;
  if (Number(width) > MAX_TEXT) throw new ValueFault(`format width ${width} is too large`);
  const isNumeric = isNumber(value) || (typeof value === 'boolean' && type !== undefined && type !== 's');
  const body = isNumeric
    ? numberBody(value, { sign, isAlternate: alternate !== undefined, group, precision, type })
    : textBody(value, precision, type);
  if (zero !== undefined && align === undefined)
    return isNumeric ? zeroPadded(body, Number(width)) : body.padEnd(Number(width), '0');
  return aligned(body, { align: align ?? (isNumeric ? '>' : '<'), fill: fill ?? ' ', width: Number(width) });
}

function textBody(value: unknown, precision: string | undefined, type: string | undefined): string {
  if (type !== undefined && type !== 's')
    throw new ValueFault(`format code '${type}' cannot be used for ${typeName(value)}`);
  const text = toText(value);
  return precision === undefined ? text : [...text].slice(0, Number(precision)).join('');
}

interface NumberSpec {
  readonly sign: string | undefined;
  readonly isAlternate: boolean;
  readonly group: string | undefined;
  readonly precision: string | undefined;
  readonly type: string | undefined;
}

function numberBody(value: unknown, { sign, isAlternate, group, precision, type }: NumberSpec): string {
  const digits = precision === undefined ? undefined : Number(precision);
  const text = bareNumber(value, { type, digits, isAlternate });
  const grouped = group === undefined ? text : text.replace(/\d+/, (whole) => whole.replace(/\B(?=(\d{3})+$)/g, group));
  return grouped.startsWith('-') || sign === undefined || sign === '-' ? grouped : sign + grouped;
}

function bareNumber(
  value: unknown,
  spec: { readonly type: string | undefined; readonly digits: number | undefined; readonly isAlternate: boolean },
): string {
  const { type, digits, isAlternate } = spec;
  if (type === '%')
    return `${numberText('f', isNumber(value) ? Number(toText(value)) * 100 : 0, digits, isAlternate)}%`;
  if (type === 'c') return String.fromCodePoint(Number(value));
  if (type !== undefined && type !== 'n') return numberText(type, value, digits, isAlternate);
  return digits === undefined || !isFloat(value) ? toText(value) : numberText('g', value, digits, isAlternate);
}

function aligned(
  text: string,
  { align, fill, width }: { readonly align: string; readonly fill: string; readonly width: number },
): string {
  const missing = Math.max(0, width - [...text].length);
  if (align === '<') return text + fill.repeat(missing);
  if (align === '>') return fill.repeat(missing) + text;
  if (align === '=')
    return zeroPadded(text, width).replace(
      /^([+-]?)0+/,
      (zeros, lead: string) => lead + fill.repeat(zeros.length - lead.length),
    );
  const left = Math.floor(missing / 2);
  return fill.repeat(left) + text + fill.repeat(missing - left);
}
