import { complain, type LoadContext, type Surroundings } from './context.ts';
import { at, elementsOf, has, show, type Spot } from './spot.ts';
import { isTemplate } from './template-text.ts';
import type { Raw } from './types.ts';

/** `notify`: a name or a list of them; literal ones are noted, to be checked when all handlers are known. */
export function readNotify(context: LoadContext, spot: Spot): readonly Raw[] {
  return names(context, spot).map((name) => {
    if (!isTemplate(name.value)) context.notes.notified.push(name);
    return name.value;
  });
}

/** `listen`: topics, which only handlers have. */
export function readListen(context: LoadContext, task: Spot, around: Surroundings): readonly string[] {
  if (!has(task, 'listen')) return [];
  const spot = at(task, 'listen');
  if (!around.isHandler) complain(context, spot, '`listen` is for handlers only', 'did you mean `notify`?');
  return names(context, spot).map(({ value }) => String(value));
}

function names(context: LoadContext, spot: Spot): readonly Spot[] {
  if (spot.value === undefined || spot.value === null) return [];
  return (Array.isArray(spot.value) ? elementsOf(spot) : [spot]).filter((name) => {
    const isName = typeof name.value === 'string' && name.value.trim() !== '';
    if (!isName) complain(context, name, `must be the name of a handler, not ${show(name.value)}`);
    return isName;
  });
}
