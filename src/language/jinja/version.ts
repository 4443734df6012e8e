import { ValueFault } from './values.ts';

type Part = number | string;

/** distutils' LooseVersion: runs of digits and of letters, points dropped. */
function looseParts(text: string): readonly Part[] {
  const parts = text.match(/\d+|[a-z]+|[^a-z\d.]+/g) ?? [];
  return parts.map((part) => (/^\d/.test(part) ? Number(part) : part));
}

export function looseOrder(a: string, b: string): number {
  const [left, right] = [looseParts(a), looseParts(b)];
  for (let index = 0; index < Math.min(left.length, right.length); index++) {
    const difference = partOrder(left[index] ?? 0, right[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}

function partOrder(a: Part, b: Part): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  if (typeof a === typeof b) return a < b ? -1 : a > b ? 1 : 0;
  throw new ValueFault(`versions cannot be compared: '${a}' stands where the other has '${b}'`);
}

const STRICT = /^(\d+)\.(\d+)(?:\.(\d+))?(?:([ab])(\d+))?$/;

export function strictOrder(a: string, b: string): number {
  const [left, right] = [strictParts(a), strictParts(b)];
  return left.reduce((found, part, index) => found || part - (right[index] ?? 0), 0);
}

function strictParts(text: string): readonly number[] {
  const match = STRICT.exec(text);
  if (!match) throw new ValueFault(`'${text}' is not a strict version number such as 1.2.3`);
  const [, major, minor, patch = '0', stage, number = '0'] = match;
  return [Number(major), Number(minor), Number(patch), stage ? (stage === 'a' ? 0 : 1) : 2, Number(number)];
}

const SEMVER = /^v?(\d+)\.(\d+)\.(\d+)(?:-([\w.-]+))?(?:\+[\w.-]+)?$/;

/** semver.org, section 11. */
export function semanticOrder(a: string, b: string): number {
  const [left, right] = [semanticParts(a), semanticParts(b)];
  const core = left.core.reduce((found, part, index) => found || part - (right.core[index] ?? 0), 0);
  if (core !== 0) return core;
  if (left.pre.length === 0 || right.pre.length === 0) return right.pre.length - left.pre.length;
  return preOrder(left.pre, right.pre);
}

function semanticParts(text: string): { readonly core: readonly number[]; readonly pre: readonly string[] } {
  const match = SEMVER.exec(text);
  if (!match) throw new ValueFault(`'${text}' is not a semantic version such as 1.2.3-rc.1`);
  return { core: match.slice(1, 4).map(Number), pre: match[4]?.split('.') ?? [] };
}

function preOrder(left: readonly string[], right: readonly string[]): number {
  for (let index = 0; index < Math.min(left.length, right.length); index++) {
    const difference = identifierOrder(left[index] ?? '', right[index] ?? '');
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}

function identifierOrder(a: string, b: string): number {
  const [isNumberA, isNumberB] = [/^\d+$/.test(a), /^\d+$/.test(b)];
  if (isNumberA && isNumberB) return Number(a) - Number(b);
  if (isNumberA !== isNumberB) return isNumberA ? -1 : 1;
  return a < b ? -1 : a > b ? 1 : 0;
}
