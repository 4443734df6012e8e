import { TaskError } from '../../contract/task-error.ts';
import { allValues, type Occurrence, type OptionName } from '../../probes/nova/effective-config.ts';
import { type ConfigSet, editFile, type Rewrite, requireEditable, rewrite, sourcesOf } from './config-set.ts';
import { addEntry } from './oslo-text.ts';

/** How the items of one repeatable option are read, written and compared. */
export interface ItemRules<Item> {
  /** Items of one assignment (a JSON list holds several); undefined when it cannot be read. */
  read(value: string): readonly Item[] | undefined;
  write(items: readonly Item[]): string;
  isSame(a: Item, b: Item): boolean;
  /** The other item describes the same thing (a name, a device) differently. */
  isRival(a: Item, b: Item): boolean;
  /** An item that all given keys of a pattern agree with. */
  matches(item: Item, pattern: Item): boolean;
  /** The first match wins, so that order matters. */
  readonly isOrdered: boolean;
}

export interface MultiGoal<Item> {
  readonly exactly?: readonly Item[];
  readonly contains?: readonly Item[];
  readonly absent?: readonly Item[];
}

/** First name is the one new values get; the others are its older names. */
export type Names = readonly [OptionName, ...OptionName[]];

export function reachMulti<Item>(
  set: ConfigSet,
  names: Names,
  goal: MultiGoal<Item>,
  rules: ItemRules<Item>,
): ConfigSet {
  return goal.exactly ? reachExactly(set, names, goal.exactly, rules) : reachPartly(set, names, goal, rules);
}

interface Slot<Item> {
  readonly at: Occurrence;
  readonly items: readonly Item[] | undefined;
}

function slotsOf<Item>(set: ConfigSet, names: Names, rules: ItemRules<Item>): readonly Slot<Item>[] {
  return allValues(sourcesOf(set), names).map((at) => ({ at, items: rules.read(at.value) }));
}

function reachExactly<Item>(set: ConfigSet, names: Names, wanted: readonly Item[], rules: ItemRules<Item>): ConfigSet {
  const slots = slotsOf(set, names, rules);
  for (const { at } of slots) requireEditable(set, at);
  if (isReached(slots, wanted, rules)) return set;
  const kept = keptOf(slots, wanted, rules);
  return kept
    ? keepAndAdd(set, { names, slots, wanted, kept }, rules)
    : fillSlots(set, { names, slots, wanted }, rules);
}

function isReached<Item>(slots: readonly Slot<Item>[], wanted: readonly Item[], rules: ItemRules<Item>): boolean {
  if (slots.some((slot) => slot.items === undefined)) return false;
  const found = slots.flatMap((slot) => slot.items ?? []);
  if (found.length !== wanted.length) return false;
  if (rules.isOrdered) return found.every((item, index) => isAt(wanted, index, item, rules));
  return missingFrom(found, wanted, rules).length === 0 && missingFrom(wanted, found, rules).length === 0;
}

/** Slots that already hold a wanted item and may stay; undefined when the wanted order asks for rewriting them all. */
function keptOf<Item>(
  slots: readonly Slot<Item>[],
  wanted: readonly Item[],
  rules: ItemRules<Item>,
): ReadonlyMap<Slot<Item>, Item> | undefined {
  const kept = new Map<Slot<Item>, Item>();
  for (const slot of slots) {
    const [item, ...more] = slot.items ?? [];
    if (item === undefined || more.length > 0) continue;
    const same = wanted.find((one) => rules.isSame(one, item) && ![...kept.values()].includes(one));
    if (same !== undefined) kept.set(slot, same);
  }
  const isPrefix = [...kept.values()].every((item, index) => wanted[index] === item);
  return kept.size > 0 && (isPrefix || !rules.isOrdered) ? kept : undefined;
}

interface Filling<Item> {
  readonly names: Names;
  readonly slots: readonly Slot<Item>[];
  readonly wanted: readonly Item[];
}

function keepAndAdd<Item>(
  set: ConfigSet,
  filling: Filling<Item> & { kept: ReadonlyMap<Slot<Item>, Item> },
  rules: ItemRules<Item>,
): ConfigSet {
  const { names, slots, wanted, kept } = filling;
  const stays = new Set(kept.values());
  const drops = slots.filter((slot) => !kept.has(slot)).map(({ at }): Rewrite => ({ at, value: null }));
  const last = [...kept.keys()].at(-1)?.at.path ?? set.path;
  return append(rewrite(set, drops), { names, items: wanted.filter((item) => !stays.has(item)), path: last }, rules);
}

function fillSlots<Item>(set: ConfigSet, { names, slots, wanted }: Filling<Item>, rules: ItemRules<Item>): ConfigSet {
  const rewrites = slots.flatMap(({ at, items }, index): readonly Rewrite[] => {
    const item = wanted[index];
    if (item === undefined) return [{ at, value: null }];
    return items?.length === 1 && isAt(items, 0, item, rules) ? [] : [{ at, value: rules.write([item]) }];
  });
  const path = slots.at(Math.min(slots.length, wanted.length) - 1)?.at.path ?? set.path;
  return append(rewrite(set, rewrites), { names, items: wanted.slice(slots.length), path }, rules);
}

/** Drops what is unwanted or described differently, keeps everything else, adds what is missing. */
function reachPartly<Item>(set: ConfigSet, names: Names, goal: MultiGoal<Item>, rules: ItemRules<Item>): ConfigSet {
  const asked = goal.contains ?? [];
  const wanted = asked.filter((item, index) => asked.findIndex((one) => rules.isSame(one, item)) === index);
  refuseContradiction(wanted, goal.absent ?? [], rules);
  const seen: Item[] = [];
  const stays = (item: Item): boolean => {
    if (goal.absent?.some((pattern) => rules.matches(item, pattern))) return false;
    const same = wanted.find((one) => rules.isSame(one, item));
    if (same === undefined) return !wanted.some((one) => rules.isRival(one, item));
    if (seen.includes(same)) return false;
    seen.push(same);
    return true;
  };
  const rewrites = slotsOf(set, names, rules).flatMap(({ at, items }): readonly Rewrite[] => {
    const kept = items?.filter(stays);
    if (kept === undefined || kept.length === items?.length) return [];
    return [{ at, value: kept.length === 0 ? null : rules.write(kept) }];
  });
  const missing = wanted.filter((item) => !seen.includes(item));
  return append(rewrite(set, rewrites), { names, items: missing, path: set.path }, rules);
}

function refuseContradiction<Item>(wanted: readonly Item[], unwanted: readonly Item[], rules: ItemRules<Item>): void {
  const both = wanted.find((item) => unwanted.some((pattern) => rules.matches(item, pattern)));
  if (both !== undefined)
    throw new TaskError(`${rules.write([both])} is asked for under \`contains\` and under \`absent\``);
}

interface Appending<Item> {
  readonly names: Names;
  readonly items: readonly Item[];
  readonly path: string;
}

function append<Item>(set: ConfigSet, { names, items, path }: Appending<Item>, rules: ItemRules<Item>): ConfigSet {
  return editFile(set, path, (file) =>
    items.reduce((text, item) => addEntry(text, names[0], rules.write([item])), file),
  );
}

function missingFrom<Item>(items: readonly Item[], wanted: readonly Item[], rules: ItemRules<Item>): readonly Item[] {
  return wanted.filter((one) => !items.some((item) => rules.isSame(item, one)));
}

function isAt<Item>(items: readonly Item[], index: number, item: Item, rules: ItemRules<Item>): boolean {
  const found = items[index];
  return found !== undefined && rules.isSame(found, item);
}
