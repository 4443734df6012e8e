import { TaskError } from '../../contract/task-error.ts';
import { booleanOf, lastValue, type OptionName, valuesIn } from '../../probes/nova/effective-config.ts';
import { type ConfigSet, editFile, rewrite, sourcesOf } from './config-set.ts';
import { type ItemRules, type Names, reachMulti } from './multi-values.ts';
import { addEntry } from './oslo-text.ts';

export type ScalarGoal = string | number | boolean | readonly (string | number)[] | null;

/** Texts of an option that may be repeated, such as reserved_huge_pages. */
const textRules: ItemRules<string> = {
  read: (value) => [value],
  write: ([value = '']) => value,
  isSame: (a, b) => a === b,
  isRival: () => false,
  matches: (a, b) => a === b,
  isOrdered: true,
};

/** Sets an option to a value, to several (a repeatable one), or unsets it (null). */
export function reachScalar(set: ConfigSet, names: Names, goal: ScalarGoal): ConfigSet {
  if (goal === null) return unset(set, names);
  if (Array.isArray(goal)) return reachMulti(set, names, { exactly: goal.map(String) }, textRules);
  return setScalar(set, names, String(goal), typeof goal === 'boolean');
}

function unset(set: ConfigSet, names: Names): ConfigSet {
  const found = sourcesOf(set).flatMap((source) => names.flatMap((name) => valuesIn(source, name)));
  return rewrite(
    set,
    found.map((at) => ({ at, value: null })),
  );
}

/** Edits the line that wins, wherever it stands; adds one to the task's own file when there is none. */
function setScalar(set: ConfigSet, names: Names, value: string, isBoolean: boolean): ConfigSet {
  const winner = lastValue(sourcesOf(set), names);
  if (!winner) return editFile(set, set.path, (file) => addEntry(file, names[0], value));
  const isReached = isBoolean ? booleanOf(winner.value) === booleanOf(value) : winner.value === value;
  return isReached ? set : rewrite(set, [{ at: winner, value }]);
}

/** Refuses names and values that Nova would not read as they stand. */
export function requirePlain(name: OptionName, goal: ScalarGoal): void {
  const option = `options.${name.section}.${name.key}`;
  if (name.section !== 'DEFAULT' && name.section.toUpperCase() === 'DEFAULT')
    throw new TaskError(`${option}: the section is spelt DEFAULT; [${name.section}] is another one to Nova`);
  if (!/^[\w.]+$/.test(name.key))
    throw new TaskError(`${option}: Nova's option names have only letters, digits and underscores`);
  if (!/^[\x21-\x5a\x5c\x5e-\x7e]+$/.test(name.section))
    throw new TaskError(`${option}: ${JSON.stringify(name.section)} cannot be a section name`);
  for (const one of Array.isArray(goal) ? goal : [goal]) requireOneLine(option, String(one ?? ''));
}

function requireOneLine(option: string, text: string): void {
  if (/[\r\n\0]/.test(text)) throw new TaskError(`${option}: must be one line`);
  if (/[\u2018-\u201f\u00a0\ufeff]/.test(text))
    throw new TaskError(`${option}: holds a typographic quote or an invisible blank, probably pasted`);
}
