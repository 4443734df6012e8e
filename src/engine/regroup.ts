import { formatProblem, Problems } from '../contract/problem.ts';
import type { ItemResult, Result } from '../contract/result.ts';
import type { Addition } from '../language/inventory/assemble.ts';
import type { Inventory } from '../language/inventory/types.ts';
import { Unsafe } from '../language/yaml/tags.ts';
import type { HostRun } from './host-run.ts';
import { failed } from './results.ts';

/** Takes hosts and groups that add_host and group_by made into the inventory; such a result is a change. */
export function regroup(host: HostRun, result: Result): Result {
  const items = result.items ?? [];
  const additions = [result, ...items].flatMap((one) => additionOf(host.name, one));
  const isNew = additions.some((addition) => !isKnown(addition, host.run.inventory));
  if (!isNew) return result;
  const problems = new Problems();
  host.run.extendInventory(additions, problems);
  if (problems.hasErrors) return failed(problems.list.map(formatProblem).join('; '));
  host.variables.version += 1;
  return { ...result, status: 'changed', ...(result.items ? { items: items.map(changed) } : {}) };
}

function changed(item: ItemResult): ItemResult {
  return item.status === 'ok' ? { ...item, status: 'changed' } : item;
}

function additionOf(self: string, { status, values }: Result): readonly Addition[] {
  if (status !== 'ok') return [];
  if (typeof values.add_group === 'string') {
    return [
      { host: self, groups: [values.add_group, ...words(values.parent_groups)].filter((name) => name !== 'all') },
    ];
  }
  if (typeof values.add_host !== 'object' || values.add_host === null) return [];
  const { host_name, groups, host_vars } = values.add_host as Readonly<Record<string, unknown>>;
  return [
    { host: String(host_name), groups: words(groups), vars: { vars: asData(Object(host_vars)), source: 'add_host' } },
  ];
}

/** What a task found is data: text with braces in it is no template. */
function asData(vars: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(vars).map(([name, value]) => [name, new Unsafe(value)]));
}

function words(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.map(String) : [];
}

function isKnown({ host, groups, vars }: Addition, inventory: Inventory): boolean {
  const known = inventory.hosts.get(host);
  const hasVars = vars !== undefined && Object.keys(vars.vars).length > 0;
  return known !== undefined && !hasVars && groups.every((group) => known.groups.includes(group));
}
