import type { TaskLabel } from '../contract/event.ts';
import type { Result, Status } from '../contract/result.ts';
import { diffLines } from './diff.ts';
import { afterHost, hostCount, hostNames } from './host-names.ts';
import { indented, type Line, prose, span, textOf } from './line.ts';
import type { HostResult, TaskReport } from './linear.ts';
import { remembered } from './remembered.ts';
import { type ShownResult, shownResult, wordOf } from './result-lines.ts';

/** What a run's results have in common. */
export interface RunView {
  readonly isCheck: boolean;
  readonly showDiff: boolean;
  readonly verbosity: number;
  /** Hosts of the batch, in their order. */
  readonly hosts: readonly string[];
  /** Whose output was shown as it came, as {@link streamKey}s; it is not shown again. */
  readonly streamed?: ReadonlySet<string>;
}

export function streamKey(host: string, task: Pick<TaskLabel, 'id'>): string {
  return `${host}\0${task.id}`;
}

interface Shown extends HostResult {
  readonly shown: ShownResult;
}

interface Group {
  readonly members: readonly Shown[];
  /** What they say differs only in each host's own name. */
  readonly isByName: boolean;
}

/** More ways than these to say the same with another host name, and they are shown as one. */
const MOST_GROUPS = 8;

/** One task: its name, then the hosts that went the same way together, with what they have to say. */
export function taskLines({ task, results }: TaskReport, run: RunView): readonly Line[] {
  const taken = results.filter(({ result }) => !result.isCopy);
  if (taken.length === 0) return [];
  if (run.verbosity === 0 && taken.every(({ result }) => result.status === 'skipped'))
    return [skippedLine(task, taken.length)];
  const view = { ...run, module: task.module, diffLines: remembered(diffLines) };
  const shown = inOrder(taken, run.hosts).map((one) => ({
    ...one,
    shown: shownResult(withoutOwnName(one), {
      ...view,
      isStreamed: run.streamed?.has(streamKey(one.host, task)) === true,
    }),
  }));
  return [heading(task, taken, run), ...groupsOf(shown).flatMap((group) => groupLines(group, run))];
}

/** The host stands before its message, and hosts of which the same is to be said stand together. */
function withoutOwnName({ host, result }: HostResult): Result {
  const { message } = result;
  return message === undefined ? result : { ...result, message: afterHost(message, host) };
}

/** @example taskName({ role: 'gpu-host', name: 'Load vfio' }) // 'gpu-host : Load vfio' */
export function taskName({ role, name }: Pick<TaskLabel, 'role' | 'name'>): string {
  return role === undefined ? name : `${role} : ${name}`;
}

function title(task: TaskLabel, style: 'bold' | 'dim') {
  return span(`${task.isHandler ? 'HANDLER' : 'TASK'} [${taskName(task)}]`, style);
}

/** Where to look, when something went wrong or more was asked for. */
function heading(task: TaskLabel, results: readonly HostResult[], { verbosity }: RunView): Line {
  const isBad = results.some(({ result }) => result.status === 'failed' || result.status === 'unreachable');
  const place = task.position !== undefined && (isBad || verbosity > 1) ? [span(`  ${task.position}`, 'dim')] : [];
  return prose(0, title(task, 'bold'), ...place);
}

/** A task that nobody had to do is worth no more than a line. */
function skippedLine(task: TaskLabel, count: number): Line {
  return prose(0, title(task, 'dim'), span(`  skipped${count > 1 ? ` on ${hostCount(count)}` : ''}`, 'dim'));
}

function inOrder(results: readonly HostResult[], hosts: readonly string[]): readonly HostResult[] {
  const places = new Map(hosts.map((host, index) => [host, index]));
  return results.toSorted((a, b) => (places.get(a.host) ?? 0) - (places.get(b.host) ?? 0));
}

const SEVERITY: readonly Status[] = ['ok', 'skipped', 'changed', 'unknown', 'failed', 'unreachable'];

/** Good news first: what needs a person stands last, nearest to what comes next. */
function groupsOf(shown: readonly Shown[]): readonly Group[] {
  const exact = [...Map.groupBy(shown, (one) => keyOf(one, '')).values()].map((members) => ({
    members,
    isByName: false,
  }));
  const groups = exact.length <= MOST_GROUPS ? exact : byName(shown);
  return groups.toSorted((a, b) => severity(a) - severity(b));
}

function byName(shown: readonly Shown[]): readonly Group[] {
  return [...Map.groupBy(shown, (one) => keyOf(one, one.host)).values()].map((members) => ({
    members,
    isByName: new Set(members.map((one) => keyOf(one, ''))).size > 1,
  }));
}

/** Everything that is shown of a result, with the host's own name taken out. */
function keyOf({ result, shown }: Shown, ownName: string): string {
  const text = [...shown.head.map((part) => part.text), ...shown.body.map(textOf)].join('\n');
  const key = ownName.length > 1 ? text.replaceAll(ownName, '\0') : text;
  return `${result.status} ${result.isIgnored === true}\n${key}`;
}

function severity({ members }: Group): number {
  return Math.max(...members.map(({ result }) => SEVERITY.indexOf(result.status)));
}

function groupLines({ members, isByName }: Group, run: RunView): readonly Line[] {
  const [first] = members;
  if (!first) return [];
  const { result, shown } = first;
  const names = hostNames(
    members.map(({ host }) => host),
    run.hosts.length,
  );
  const note = isByName ? [span(`  (as ${first.host} says it, each with its own name)`, 'dim')] : [];
  const tail = shown.head.length > 0 ? [span(': '), ...shown.head] : [];
  return [
    prose(2, wordOf(result, run.isCheck), span(`: ${names}${retried(result)}`), ...tail, ...note),
    ...indented(shown.body, 6),
  ];
}

/** A failure says it in its message. */
function retried({ attempts = 1, status }: Result): string {
  return attempts > 1 && status !== 'failed' ? ` (${attempts} tries)` : '';
}
