import { isMapping } from './spot.ts';

const TEMPLATE = /\{\{|\{%|\{#/;

/** Whether a value is text that is rendered before it is used. */
export function isTemplate(value: unknown): boolean {
  return typeof value === 'string' && TEMPLATE.test(value);
}

/** Whether a value, or anything in it, is known only at run time: templates, and vault or unsafe values. */
export function isLate(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return isTemplate(value);
  if (Array.isArray(value)) return value.some(isLate);
  return isMapping(value) ? Object.values(value).some(isLate) : true;
}
