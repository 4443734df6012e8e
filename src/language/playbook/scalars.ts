import { suggest } from '../suggest.ts';
import { sourceTextOf } from '../yaml/positions.ts';
import { complain, didYouMean, type LoadContext } from './context.ts';
import { bareName, type Shape } from './keyword-table.ts';
import { at, show, type Spot } from './spot.ts';
import { isTemplate } from './template-text.ts';
import type { Raw } from './types.ts';

const TRUE_WORDS = ['true', 'yes', 'on'];
const FALSE_WORDS = ['false', 'no', 'off'];
const EXPECTED: Readonly<Record<Shape, string>> = {
  boolean: 'true or false',
  text: 'text',
  number: 'a number',
};

/** A keyword's value with its type checked; templates pass, and are checked when they have a value. */
export function readScalar(context: LoadContext, parent: Spot, keyword: string, shape: Shape): Raw {
  const spot = at(parent, keyword);
  if (spot.value === undefined) return undefined;
  const value = isTemplate(spot.value) ? spot.value : convert(parent, keyword, shape);
  if (value === undefined) complain(context, spot, `must be ${EXPECTED[shape]}, not ${show(spot.value)}`);
  return value;
}

function convert(parent: Spot, keyword: string, shape: Shape): Raw {
  const { value } = at(parent, keyword);
  switch (shape) {
    case 'boolean':
      return toBoolean(value);
    case 'number':
      return toNumber(value);
    case 'text':
      return typeof value === 'number' ? typedText(parent, keyword) : nonEmpty(value);
    default:
      return shape satisfies never;
  }
}

function toBoolean(value: unknown): boolean | undefined {
  if (typeof value === 'boolean') return value;
  const word = typeof value === 'string' ? value.toLowerCase() : '';
  if (TRUE_WORDS.includes(word)) return true;
  return FALSE_WORDS.includes(word) ? false : undefined;
}

function toNumber(value: unknown): number | undefined {
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  return typeof number === 'number' && Number.isFinite(number) ? number : undefined;
}

function nonEmpty(value: unknown): unknown {
  return typeof value === 'string' && value.trim() === '' ? undefined : opaqueOrText(value);
}

/** A vault value is text too, of which only the decrypted form is known to be so. */
function opaqueOrText(value: unknown): unknown {
  const isText = typeof value === 'string' || show(value) === 'an encrypted or unsafe value';
  return isText ? value : undefined;
}

function typedText(parent: Spot, keyword: string): string {
  const { value } = parent;
  const text = typeof value === 'object' && value !== null ? sourceTextOf(value, keyword) : undefined;
  return text ?? String(at(parent, keyword).value);
}

/** A literal must be one of the choices; a template may still become one. */
export function checkChoice(context: LoadContext, spot: Spot, choices: readonly string[]): string | undefined {
  if (typeof spot.value !== 'string' || isTemplate(spot.value)) return undefined;
  const word = bareName(spot.value);
  if (choices.includes(word)) return word;
  const hint = didYouMean(suggest(word, choices)) ?? `supported: ${choices.join(', ')}`;
  complain(context, spot, `${show(spot.value)} is not supported`, hint);
  return undefined;
}
