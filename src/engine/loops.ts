import { TaskError } from '../contract/task-error.ts';
import type { Loop } from '../language/playbook/types.ts';
import type { VariableScope } from './scope.ts';

/** Runs a lookup by name with rendered terms; given by the engine's lookups. */
export type RunLookup = (name: string, terms: readonly unknown[], scope: VariableScope) => readonly unknown[];

/** The items a task runs for. `loop` keeps a list as it is; the with_ forms convert as Ansible's lookups of that name do. */
export function loopItems(loop: Loop, scope: VariableScope, lookup: RunLookup): readonly unknown[] {
  const over = scope.render(loop.over);
  switch (loop.kind) {
    case 'loop':
      return list(over, 'loop');
    case 'items':
      return asList(over).flat(1);
    case 'dict':
      return pairs(over);
    case 'flattened':
      return asList(over).flat(Number.POSITIVE_INFINITY);
    case 'indexed_items':
      return asList(over)
        .flat(1)
        .map((item, index) => [index, item]);
    case 'nested':
      return product(list(over, 'with_nested').map(asList));
    case 'together':
      return zipLongest(list(over, 'with_together').map(asList));
    case 'subelements':
    case 'first_found':
    case 'sequence':
    case 'fileglob':
    case 'inventory_hostnames':
    case 'lines':
    case 'random_choice':
      return lookup(loop.kind, asList(over), scope);
    default:
      return assertNever(loop.kind);
  }
}

/** What one pass of a loop sees: its item, and of `loop_control` what was asked for. */
export function loopLocals(loop: Loop, items: readonly unknown[], index: number): Readonly<Record<string, unknown>> {
  const extended = {
    index: index + 1,
    index0: index,
    first: index === 0,
    last: index === items.length - 1,
    length: items.length,
    revindex: items.length - index,
    revindex0: items.length - index - 1,
    allitems: items,
    ...(index > 0 ? { previtem: items[index - 1] } : {}),
    ...(index < items.length - 1 ? { nextitem: items[index + 1] } : {}),
  };
  return {
    [loop.variable]: items[index],
    ansible_loop_var: loop.variable,
    ...(loop.indexVariable === undefined ? {} : { [loop.indexVariable]: index, ansible_index_var: loop.indexVariable }),
    ...(loop.isExtended ? { ansible_loop: extended } : {}),
  };
}

function list(value: unknown, keyword: string): readonly unknown[] {
  if (Array.isArray(value)) return value;
  const hint =
    typeof value === 'object' && value !== null
      ? 'use `| dict2items` for a mapping'
      : 'give a list, or a template that is one';
  throw new TaskError(`${keyword} needs a list, not ${value === null ? 'nothing' : `a ${typeof value}`}; ${hint}`);
}

function asList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [value];
}

function pairs(value: unknown): readonly unknown[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new TaskError('with_dict needs a mapping');
  return Object.entries(value).map(([key, member]) => ({ key, value: member }));
}

function product(lists: readonly (readonly unknown[])[]): readonly unknown[] {
  return lists.reduce<readonly (readonly unknown[])[]>(
    (rows, items) => rows.flatMap((row) => items.map((item) => [...row, item])),
    [[]],
  );
}

function zipLongest(lists: readonly (readonly unknown[])[]): readonly unknown[] {
  const length = Math.max(0, ...lists.map((items) => items.length));
  return Array.from({ length }, (_, index) => lists.map((items) => items[index] ?? null));
}

function assertNever(value: never): never {
  throw new Error(`unhandled case: ${String(value)}`);
}
