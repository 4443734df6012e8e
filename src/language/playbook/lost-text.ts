import { sourceTextOf } from '../yaml/positions.ts';
import type { LoadContext } from './context.ts';
import { at, elementsOf, isMapping, keysOf, type Spot } from './spot.ts';

/**
 * Warns where a variable's text is gone for good once YAML has made a number of it: a version `6.10`, a PCI id `1e+30`,
 * a PCI address or time `10:00`. Arguments are spared this, because their modules say which of them are text.
 */
export function warnOfLostText(context: LoadContext, spot: Spot): void {
  const members = Array.isArray(spot.value) ? elementsOf(spot) : keysOf(spot).map((key) => at(spot, key));
  const keys: readonly (string | number)[] = Array.isArray(spot.value) ? [...spot.value.keys()] : keysOf(spot);
  for (const [index, member] of members.entries()) {
    if (typeof member.value === 'number') warnOfNumber(context, member, textOf(spot.value, keys[index] ?? index));
    else if (Array.isArray(member.value) || isMapping(member.value)) warnOfLostText(context, member);
  }
}

function textOf(container: unknown, key: string | number): string | undefined {
  return typeof container === 'object' && container !== null ? sourceTextOf(container, key) : undefined;
}

function warnOfNumber(context: LoadContext, { value, position, path }: Spot, text: string | undefined): void {
  const isFraction = text !== undefined && /[.eE]/.test(text) && !/^[-+]?0[xob]/.test(text);
  const isLost = text !== undefined && String(value) !== text && (isFraction || text.includes(':'));
  if (isLost)
    context.problems.warn(`YAML reads ${text} as the number ${value}`, {
      position,
      path,
      hint: `for text write "${text}"`,
    });
}
