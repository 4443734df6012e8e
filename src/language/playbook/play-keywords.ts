import { resolve } from 'node:path';
import { checkTemplates } from './check-templates.ts';
import { complain, type LoadContext } from './context.ts';
import { complainName, isVariableName } from './keywords.ts';
import { checkChoice, readScalar } from './scalars.ts';
import { at, elementsOf, isMapping, keysOf, show, type Spot } from './spot.ts';
import { isLate, isTemplate } from './template-text.ts';
import type { Raw, VarsPrompt } from './types.ts';

/** `hosts:`, without which nobody knows where a play runs. */
export function readHosts(context: LoadContext, play: Spot): Raw {
  const spot = at(play, 'hosts');
  const patterns = Array.isArray(spot.value) ? elementsOf(spot) : [spot];
  checkTemplates(context, spot);
  if (spot.value === undefined) complain(context, play, 'a play needs `hosts`', 'write `hosts: all` or a group');
  else if (patterns.length === 0 || patterns.some(({ value }) => typeof value !== 'string' || value.trim() === '')) {
    complain(context, spot, `must be a pattern of hosts or a list of them, not ${show(spot.value)}`);
  }
  return spot.value;
}

const STRATEGIES = ['linear', 'free', 'host_pinned'];
const ORDERS = ['inventory', 'reverse_inventory', 'sorted', 'reverse_sorted', 'shuffle'];

export function readStrategy(context: LoadContext, spot: Spot): string | undefined {
  return readChoice(context, spot, STRATEGIES);
}

export function readOrder(context: LoadContext, spot: Spot): string | undefined {
  return readChoice(context, spot, ORDERS);
}

function readChoice(context: LoadContext, spot: Spot, choices: readonly string[]): string | undefined {
  if (spot.value === undefined) return undefined;
  if (typeof spot.value === 'string' && !isTemplate(spot.value)) return checkChoice(context, spot, choices);
  complain(context, spot, `must be one of ${choices.join(', ')}, not ${show(spot.value)}`);
  return undefined;
}

const BATCH = /^\d+(\.\d+)?%?$/;

/** `serial`: a number of hosts, a percentage, or a list of them. */
export function readSerial(context: LoadContext, spot: Spot): Raw {
  if (spot.value === undefined) return undefined;
  checkTemplates(context, spot);
  for (const one of Array.isArray(spot.value) ? elementsOf(spot) : [spot]) {
    const isBatch = isLate(one.value) || (Number.isInteger(one.value) && Number(one.value) >= 0);
    if (isBatch || (typeof one.value === 'string' && BATCH.test(one.value.trim()))) continue;
    complain(context, one, `must be a number of hosts or a percentage, not ${show(one.value)}`, 'write `2` or `"25%"`');
  }
  return spot.value;
}

/** `max_fail_percentage`: `30`, `"30"` or `"30%"`. */
export function readPercentage(context: LoadContext, spot: Spot): Raw {
  if (spot.value === undefined) return undefined;
  checkTemplates(context, spot);
  if (isTemplate(spot.value)) return spot.value;
  const text = String(spot.value).trim().replace(/%$/, '');
  if (/^\d+(\.\d+)?$/.test(text) && Number(text) <= 100) return Number(text);
  complain(context, spot, `must be a percentage from 0 to 100, not ${show(spot.value)}`);
  return undefined;
}

/** `vars_files:`; those with a literal name must exist. A list within the list means: the first that exists. */
export function readVarsFiles(context: LoadContext, spot: Spot): readonly Raw[] {
  if (spot.value === undefined || spot.value === null) return [];
  checkTemplates(context, spot);
  return (Array.isArray(spot.value) ? elementsOf(spot) : [spot]).flatMap((one) => {
    const choices = Array.isArray(one.value) ? elementsOf(one) : [one];
    const wrong = choices.find(({ value }) => typeof value !== 'string' || value.trim() === '');
    if (wrong) complain(context, wrong, `must be the name of a file, not ${show(wrong.value)}`);
    else checkFile(context, one, choices);
    return wrong ? [] : [one.value];
  });
}

function checkFile(context: LoadContext, spot: Spot, choices: readonly Spot[]): void {
  if (choices.some(({ value }) => isTemplate(value))) return;
  const { directory } = context.notes;
  const names = choices.map(({ value }) => String(value));
  const places = names.flatMap((name) => [resolve(directory, name), resolve(directory, 'vars', name)]);
  context.sources.vars(places, { ...spot, value: names.join(', ') }, context);
}

const PROMPT_KEYS = ['name', 'prompt', 'default', 'private', 'unsafe'];

export function readVarsPrompt(context: LoadContext, spot: Spot): readonly VarsPrompt[] {
  if (spot.value === undefined || spot.value === null) return [];
  if (!Array.isArray(spot.value)) complain(context, spot, `must be a list of prompts, not ${show(spot.value)}`);
  checkTemplates(context, spot);
  return elementsOf(spot).flatMap((one) => readPrompt(context, one) ?? []);
}

function readPrompt(context: LoadContext, spot: Spot): VarsPrompt | undefined {
  const name = at(spot, 'name');
  if (!isMapping(spot.value)) complain(context, spot, `must be a mapping with \`name\`, not ${show(spot.value)}`);
  else if (!isVariableName(name.value)) complainName(context, name, name.value);
  if (!isVariableName(name.value)) return undefined;
  for (const key of keysOf(spot)) {
    if (!PROMPT_KEYS.includes(key))
      complain(context, at(spot, key), `a prompt takes no \`${key}\``, `known: ${PROMPT_KEYS.join(', ')}`);
  }
  const fallback = at(spot, 'default').value;
  return {
    name: name.value,
    prompt: String(readScalar(context, spot, 'prompt', 'text') ?? name.value),
    ...(fallback === undefined ? {} : { default: fallback }),
    isPrivate: readScalar(context, spot, 'private', 'boolean') !== false,
  };
}
