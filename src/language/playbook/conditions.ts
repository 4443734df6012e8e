import { checkExpression } from './check-templates.ts';
import { complain, type LoadContext } from './context.ts';
import { elementsOf, show, type Spot } from './spot.ts';
import { isTemplate } from './template-text.ts';
import type { Condition } from './types.ts';

const NUMBER = /^\s*[-+]?[\d.]+\s*$/;

/** `when`, `until`, `changed_when` or `failed_when`: one condition or a list that must all hold. */
export function parseConditions(context: LoadContext, spot: Spot): readonly Condition[] {
  const spots = Array.isArray(spot.value) ? elementsOf(spot) : [spot];
  return spots.flatMap((one) => parseCondition(context, one) ?? []);
}

function parseCondition(context: LoadContext, spot: Spot): Condition | undefined {
  const { value, position } = spot;
  if (typeof value === 'boolean') return { expression: value, position };
  if (typeof value !== 'string' || value.trim() === '' || NUMBER.test(value)) {
    const hint =
      value === null || value === '' ? 'remove the key, or write `true`' : 'compare it: `x == 1`, `x | bool`';
    complain(context, spot, `a condition must be an expression that is true or false, not ${show(value)}`, hint);
    return undefined;
  }
  if (isTemplate(value)) {
    complain(context, spot, 'a condition is an expression already, without {{ }} or {% %}', wayOut(value));
    return undefined;
  }
  checkExpression(context, spot, value);
  return { expression: value, position };
}

function wayOut(value: string): string {
  const inner = /^\s*\{\{([^{}]*)\}\}\s*$/.exec(value)?.[1]?.trim();
  return inner ? `write \`${inner}\`` : 'name variables directly, and join text with `~`';
}
