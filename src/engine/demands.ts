import type { Task } from '../language/playbook/types.ts';
import { toBoolean } from './booleans.ts';
import { dependsOn } from './dependencies.ts';
import type { HostRun } from './host-run.ts';
import { toNumber } from './numbers.ts';
import type { Layer, VariableScope } from './scope.ts';
import { namesOf } from './template-names.ts';

/** What one task on one host asks of the other hosts of its batch. */
export interface Demands {
  /** One host runs it for all. */
  readonly isOnce: boolean;
  /** Its failure is everybody's, so nobody goes on before all are through. */
  readonly isFatal: boolean;
  /** It must see what the others have done so far. */
  readonly looksAtOthers: boolean;
  /** The others must see what it has done before they go on. */
  readonly isSeenByOthers: boolean;
  /** Hosts that may be in it at once; 0 is no limit of its own. */
  readonly throttle: number;
}

/** Variables whose values other hosts change by what they do. */
const SHARED = new Set(['hostvars', 'ansible_play_hosts', 'play_hosts', 'ansible_play_batch']);

/** Modules that change the inventory for everybody. */
const RUNS_ONCE = new Set(['add_host']);
const REGROUPS = new Set(['group_by']);

/** Meta actions that end or begin something for everybody, so that everybody must have come so far. */
const TURNING_POINTS = new Set<unknown>(['end_play', 'end_batch', 'clear_host_errors', 'refresh_inventory']);

function isTurningPoint({ module, args }: Task): boolean {
  return module === 'meta' && TURNING_POINTS.has(args.action);
}

/** Whether the task's words name what other hosts change, directly or through variables that do. */
export function readsOthers(host: HostRun, task: Task, scope: VariableScope): boolean {
  const names = namesOf(host, task, scope);
  if (!SHARED.isDisjointFrom(names)) return true;
  return scope.someTemplates(mentionsOthers) && dependsOn(names, (name) => SHARED.has(name), scope, host.run.compiler);
}

const mentions = new WeakMap<Layer, boolean>();

/** Whether any variable of a layer could lead to other hosts; looked for once, since few playbooks have one. */
function mentionsOthers(layer: Layer): boolean {
  const known = mentions.get(layer);
  if (known !== undefined) return known;
  const text = JSON.stringify(
    [...layer.names()].map((name) => layer.get(name)),
    (_, value) => (typeof value === 'bigint' ? null : value),
  );
  const found = /hostvars|play_hosts|play_batch/.test(text);
  mentions.set(layer, found);
  return found;
}

/** Throws what rendering a keyword throws. */
export function demandsOf(host: HostRun, task: Task, scope: VariableScope): Demands {
  const { keywords, module } = task;
  const isSet = (raw: unknown, keyword: string) => raw !== undefined && toBoolean(scope.render(raw), keyword);
  const isOnce = RUNS_ONCE.has(module) || isSet(keywords.runOnce, 'run_once');
  const isFatal = isSet(keywords.anyErrorsFatal, 'any_errors_fatal');
  return {
    isOnce,
    isFatal,
    looksAtOthers:
      isOnce || keywords.delegateTo !== undefined || isTurningPoint(task) || readsOthers(host, task, scope),
    isSeenByOthers: isFatal || REGROUPS.has(module) || keywords.delegateFacts !== undefined,
    throttle: toNumber(scope.render(keywords.throttle) ?? 0, 'throttle'),
  };
}
