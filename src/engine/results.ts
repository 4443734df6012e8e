import type { ItemResult, Result, Status } from '../contract/result.ts';

/** What `register` stores for one execution: Ansible's words for how it went, then the module's own values. */
export function registered(result: Result): Readonly<Record<string, unknown>> {
  const { status, message, values, attempts } = result;
  return {
    changed: status === 'changed' || values.changed === true,
    failed: status === 'failed',
    ...(status === 'skipped' ? { skipped: true } : {}),
    ...(status === 'unreachable' ? { unreachable: true } : {}),
    ...(message === undefined ? {} : { msg: message }),
    ...(attempts === undefined ? {} : { attempts }),
    ...values,
  };
}

/** What `register` stores for a loop: the items' results and their sum. */
export function registeredLoop(result: Result, variable: string): Readonly<Record<string, unknown>> {
  const items = result.items ?? [];
  return {
    results: items.map((item) => ({ ...registered(item), ansible_loop_var: variable })),
    changed: items.some((item) => item.status === 'changed' || item.values.changed === true),
    failed: result.status === 'failed',
    ...(result.status === 'skipped' ? { skipped: true } : {}),
    msg: summaryOf(result.status, items),
  };
}

/** The worst of the items; a loop in which nothing ran is skipped. */
export function sumOfItems(items: readonly ItemResult[]): Result {
  const status = worst(items.map((item) => (item.isIgnored ? 'ok' : item.status)));
  const failures = items
    .filter((item) => item.status === 'failed' && item.message)
    .map((item) => `${item.label}: ${item.message}`);
  return {
    status,
    message: failures.length > 0 ? failures.slice(0, 3).join('\n') : summaryOf(status, items),
    diffs: items.flatMap((item) => item.diffs),
    actions: items.flatMap((item) => item.actions),
    values: items.some((item) => item.values.changed === true) ? { changed: true } : {},
    items,
  };
}

/** Ansible's words for how a loop went. */
function summaryOf(status: Status, items: readonly ItemResult[]): string {
  if (items.length === 0) return 'No items in the list';
  if (status === 'failed') return 'One or more items failed';
  return status === 'skipped' ? 'All items skipped' : 'All items completed';
}

const SEVERITY: readonly Status[] = ['skipped', 'ok', 'changed', 'unknown', 'failed', 'unreachable'];

function worst(statuses: readonly Status[]): Status {
  return statuses.reduce<Status>(
    (found, status) => (SEVERITY.indexOf(status) > SEVERITY.indexOf(found) ? status : found),
    'skipped',
  );
}

export function skipped(message: string, values: Readonly<Record<string, unknown>> = {}): Result {
  return { status: 'skipped', message, diffs: [], actions: [], values };
}

export function failed(message: string, values: Readonly<Record<string, unknown>> = {}): Result {
  return { status: 'failed', message, diffs: [], actions: [], values };
}

export function unknownResult(message: string): Result {
  return { status: 'unknown', message, diffs: [], actions: [], values: {} };
}
